"""Thirty ways in which a document is there and Kibana does not show it, or not right.

`TRAPS` names for each the tests that keep heartbeat out of it, or why it cannot happen
here. A trap that a document can fall into is also shown by a mutant: a good document
with that one fault, which the page then loses, so that the tests would see the fault.
"""

from __future__ import annotations

import re
import secrets
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from heartbeat.elastic.plan import DEFAULT
from heartbeat.elastic.template import Fitting, mappings, template_body
from tests.support.kibana import SUMMARY, Kibana, call, term
from tests.support.pages import (
    RECENT,
    candidates,
    certificates,
    counted,
    overview,
    refined,
    states,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.elastic.kibana.conftest import Stay

    Fields = dict[str, Any]

TESTS: Final = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Trap:
    """A fault, the tests that guard against it, and else why it cannot happen."""

    fault: str
    tests: tuple[str, ...] = field(default=())
    why: str = ""


TRAPS: Final = {
    1: Trap(
        "the last document of a check has no summary",
        ("test_u3_of_older_kibana", "test_mutant_without_a_summary"),
    ),
    2: Trap("the index has a name that Uptime does not read", ("test_names_are_read",)),
    3: Trap(
        "Synthetics is expected to read heartbeat-*",
        ("test_s1_overview", "test_every_stream_has_a_template"),
    ),
    4: Trap(
        "the template is missing, or comes after the first document",
        (
            "test_before_the_first_document",
            "test_an_index_in_the_way",
            "test_without_a_template",
        ),
    ),
    5: Trap(
        "summary.final_attempt is missing, or no boolean",
        ("test_type", "test_mutant_that_is_not_final"),
    ),
    6: Trap(
        "config_id or meta.space_id make a monitor one of Kibana's own",
        (
            "test_what_is_left_to_others_is_not_written",
            "test_mutant_with_config_id",
            "test_mutant_of_another_space",
        ),
    ),
    7: Trap(
        "run_once is there, whatever its value",
        ("test_what_is_left_to_others_is_not_written", "test_mutant_of_a_test_run"),
    ),
    8: Trap(
        "monitor.timespan ends before the next result",
        (
            "test_timespan_is_no_shorter_than_the_timeout",
            "test_mutant_of_a_short_span",
        ),
    ),
    9: Trap(
        "the schedule is wider than the window that a page looks at",
        ("test_u2_who_is_not_there", "test_s1_a_chosen_time"),
    ),
    10: Trap(
        "@timestamp lies in the future, or documents come late",
        ("test_step_of_the_wall_clock_is_noted", "test_mutant_from_the_future"),
    ),
    11: Trap(
        "a check group has two summaries, or none",
        ("test_u3_of_older_kibana", "test_several_addresses"),
    ),
    12: Trap(
        "summary.up and summary.down are texts",
        ("test_every_summary_has_two_numbers", "test_mutant_with_texts_for_numbers"),
    ),
    13: Trap(
        "summary.down is left out where it is 0",
        ("test_every_summary_has_two_numbers", "test_mutant_without_a_zero"),
    ),
    14: Trap(
        "observer.geo.name is not mapped because nobody has a place",
        ("test_type", "test_without_a_mapping_for_places"),
    ),
    15: Trap(
        "observer.geo.location is no text of two numbers",
        ("test_point_of_a_place", "test_no_point", "test_u9_monitor_locations"),
    ),
    16: Trap(
        "@timestamp is not always as wide",
        ("test_every_time_is_as_wide", "test_mutant_of_another_width"),
    ),
    17: Trap(
        "the dates of certificates lack their older names",
        ("test_u15_tls_rule", "test_mutant_without_the_older_dates"),
    ),
    18: Trap(
        "a certificate has no fingerprint, or a stream no mapping to sort by",
        (
            "test_u11_what_a_row_shows",
            "test_s3_certificates",
            "test_mutant_without_a_fingerprint",
        ),
    ),
    19: Trap(
        "state is missing, or counts an up within an outage",
        ("test_s6_errors_list", "test_mutant_without_a_state"),
    ),
    20: Trap(
        "monitor.id changes from run to run",
        ("test_golden_id", "test_mutant_with_a_new_id_each_time"),
    ),
    21: Trap(
        "monitor.status is neither up nor down",
        ("test_s6_flapping", "test_every_status_is_up_or_down"),
    ),
    22: Trap(
        "text forms, or url.full.keyword, are not mapped",
        ("test_u2_search", "test_forms_of_a_field", "test_s1_what_a_card_shows"),
    ),
    23: Trap(
        "a name is longer than an index takes",
        (
            "test_names_too_long_for_an_index_are_doubted",
            "test_mutant_with_a_long_name",
        ),
    ),
    24: Trap("agent.type is not heartbeat", ("test_u16_duration_anomaly",)),
    25: Trap(
        "the status rule counts each attempt",
        ("test_u13_monitor_status_rule", "test_s6_retries"),
        "the rule's own doing: whoever repeats attempts asks for as many times more",
    ),
    26: Trap(
        "the app is hidden without documents of the last week",
        ("test_u1_index_status",),
        "a setting of Kibana, not of documents: docs/kibana.md",
    ),
    27: Trap(
        "a monitor has more than ten places",
        (),
        "the page asks for ten (100 in the overview); no document can change that",
    ),
    28: Trap(
        "fields that a template does not know are stored only, or refused",
        ("test_own_fields_are_found", "test_s5_latest_run"),
    ),
    29: Trap(
        "Fleet's package is absent, so the cluster's own template takes the stream",
        ("test_the_clusters_own_template_does_not_do", "test_a_package_is_left_alone"),
    ),
    30: Trap(
        "an import says 200 and has failed",
        (),
        "the loader of dashboards judges by `success` and `errors`, as its tests show",
    ),
}


def test_the_table_is_complete() -> None:
    """Each trap has tests that exist, or a reason."""
    existing = {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    named = {name for trap in TRAPS.values() for name in trap.tests}

    assert list(TRAPS) == list(range(1, 31))
    assert named - existing == set()
    assert all(trap.tests or trap.why for trap in TRAPS.values())


# -- documents as they are


live = (pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90))


def lively(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test that needs a real Elasticsearch."""
    for mark in live:
        test = mark(test)
    return test


def summaries(stays: tuple[Stay, Stay]) -> list[Fields]:
    """Return all documents with a summary, wherever they are."""
    return [one for stay in stays for one in stay.app.documents(SUMMARY)]


@lively
def test_every_summary_has_two_numbers(stays: tuple[Stay, Stay]) -> None:
    """Kibana adds them up as they stand in the document."""
    for one in summaries(stays):
        assert {type(one["summary"][way]) for way in ("up", "down")} == {int}


@lively
def test_every_time_is_as_wide(stays: tuple[Stay, Stay]) -> None:
    """Times are compared as texts: milliseconds and Z, always."""
    form = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

    for one in summaries(stays):
        assert form.fullmatch(one["@timestamp"])
        assert form.fullmatch(one["monitor"]["timespan"]["lt"])


@lively
def test_every_status_is_up_or_down(stays: tuple[Stay, Stay]) -> None:
    """And says the same as the summary, so that all pages agree."""
    found = {
        (
            one["monitor"]["status"],
            one["summary"]["status"],
            bool(one["summary"]["down"]),
        )
        for one in summaries(stays)
    }

    assert found == {("up", "up", False), ("down", "down", True)}


def test_names_are_read() -> None:
    """The default stream is one that Uptime reads; the name goes by compatibility."""
    assert fnmatchcase(DEFAULT, "heartbeat-*")
    assert re.fullmatch(r"heartbeat-[89]\.\d+\.\d+", DEFAULT)


def test_own_fields_are_found() -> None:
    """What the template does not know becomes a keyword or a number, not a secret."""
    found = mappings()

    assert "dynamic" not in found
    assert found["dynamic_templates"][0]["strings_as_keyword"]["mapping"] == {
        "type": "keyword",
        "ignore_above": 1024,
    }


# -- documents with a fault


@dataclass(frozen=True, slots=True)
class Lab:
    """A stream with our template and a few documents of one's own making."""

    app: Kibana
    front: Fields
    secure: Fields

    def put(self, *documents: Fields) -> None:
        """Add documents, to be found at once."""
        for one in documents:
            made = call("POST", f"{self.app.url}/_doc?refresh=true", one)
            assert made.get("result") == "created", made

    def mutant(self, name: str, base: Fields | None = None, **changes: Any) -> Fields:
        """Return a document of a monitor `name`; changes by path, None removes."""
        made = deepcopy(base or self.front)
        made["monitor"]["id"] = name
        for path, value in changes.items():
            *parents, last = path.split("__")
            place = made
            for parent in parents:
                place = place.setdefault(parent, {})
            if value is None:
                place.pop(last, None)
            else:
                place[last] = value
        return made


def stamp(**ago: float) -> str:
    """Return a moment of the past as documents have it."""
    moment = datetime.now(UTC) - timedelta(**ago)  # noqa: TID251 - the server's time
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


@pytest.fixture(scope="module")
def labs(stays: tuple[Stay, Stay]) -> Iterator[Callable[[], Lab]]:
    """Return a way to have streams with one good document, gone in the end."""
    fleet = stays[0].app
    family = f"heartbeat-test-lab-{secrets.token_hex(4)}"
    body = template_body(Fitting(f"{family}-*", 200))
    call("PUT", f"{fleet.server}/_index_template/{family}", body)
    found = [
        fleet.documents(SUMMARY, term("monitor.id", monitor), size=1)[0]
        for monitor in ("front-door", "expiring")
    ]
    numbers = count()

    def made() -> Lab:
        name = f"{family}-{next(numbers)}"
        app = Kibana(fleet.server, name, fleet.has_top_metrics, fleet.has_categories)
        one = Lab(app, *found)
        one.put(one.mutant("good"))
        return one

    yield made
    call("DELETE", f"{fleet.server}/_data_stream/{family}-*")
    call("DELETE", f"{fleet.server}/_index_template/{family}")


@pytest.fixture(scope="module")
def lab(labs: Callable[[], Lab]) -> Lab:
    """Return a stream for mutants that do not harm each other."""
    return labs()


@pytest.fixture(scope="module")
def bare(stays: tuple[Stay, Stay], lab: Lab) -> Iterator[Lab]:
    """Return an index without any template."""
    name = f"heartbeat-test-bare-{secrets.token_hex(4)}"
    app = Kibana(stays[0].app.server, name)
    yield Lab(app, lab.front, lab.secure)
    call("DELETE", f"{app.server}/{name}*")


def listed(app: Kibana) -> set[str]:
    """Return the monitors that Uptime's overview lists."""
    return set(candidates(app))


def carded(app: Kibana) -> set[str]:
    """Return the monitors that Synthetics' overview shows as not its own."""
    cards = overview(app, *RECENT)
    return {name.split()[0] for name, card in cards.items() if not card["managed"]}


def loses(shown: Callable[[Kibana], set[str]], lab: Lab, mutant: Fields) -> bool:
    """Say whether a page shows the good document, and not the mutant."""
    lab.put(mutant)
    found = shown(lab.app)
    return "good" in found and mutant["monitor"]["id"] not in found


@lively
def test_mutant_without_a_summary(lab: Lab) -> None:
    """Trap 1: nobody lists it."""
    mutant = lab.mutant("no-summary", summary=None)

    assert loses(listed, lab, mutant)
    assert loses(carded, lab, mutant)


@lively
def test_mutant_that_is_not_final(lab: Lab) -> None:
    """Trap 5: Uptime lists it, Synthetics does not."""
    mutant = lab.mutant("not-final", summary__final_attempt=None)

    assert loses(carded, lab, mutant)
    assert not loses(listed, lab, mutant)


@lively
def test_mutant_with_config_id(lab: Lab) -> None:
    """Trap 6: Synthetics takes it for a monitor of its own that was deleted."""
    assert loses(carded, lab, lab.mutant("managed", config_id="x"))


@lively
def test_mutant_of_another_space(lab: Lab) -> None:
    """Trap 6: it belongs to a space that one is not in."""
    mutant = lab.mutant("elsewhere", meta={"space_id": "other"})

    assert loses(lambda app: {name.split()[0] for name in overview(app)}, lab, mutant)


@lively
def test_mutant_of_a_test_run(lab: Lab) -> None:
    """Trap 7: even false makes it a test run."""
    assert loses(listed, lab, lab.mutant("run-once", run_once=False))


@lively
def test_mutant_of_a_short_span(lab: Lab) -> None:
    """Trap 8: between two results the monitor is gone."""
    ended = {"gte": stamp(minutes=40), "lt": stamp(minutes=39)}
    mutant = lab.mutant("short", monitor__timespan=ended)

    assert loses(listed, lab, mutant)
    assert loses(carded, lab, mutant)


@lively
def test_mutant_from_the_future(lab: Lab) -> None:
    """Trap 10: what is not yet is not shown."""
    later: Fields = {"@timestamp": stamp(minutes=-30)}

    assert loses(listed, lab, lab.mutant("future", **later))


@lively
def test_mutant_with_texts_for_numbers(lab: Lab) -> None:
    """Trap 12: the index takes them, the page cannot add them up."""
    lab.put(lab.mutant("texts", summary__up="1", summary__down="0"))

    assert refined(lab.app, "good")["good"]["up"] == 1
    with pytest.raises(TypeError):
        refined(lab.app, "texts")


@lively
def test_mutant_without_a_zero(labs: Callable[[], Lab]) -> None:
    """Trap 13: one such document takes the counts of all away."""
    lab = labs()
    assert counted(lab.app) == {"total": 1, "up": 1, "down": 0}

    lab.put(lab.mutant("no-zero", summary__down=None))

    with pytest.raises(AssertionError, match="A document doesn't have a value"):
        counted(lab.app)


@lively
def test_mutant_of_another_width(lab: Lab) -> None:
    """Trap 16: of two results of a second, one without a fraction passes for newer."""
    moment = stamp(minutes=1)[:-5]
    older: Fields = {"@timestamp": f"{moment}Z", "tags": ["wanted"]}
    newer: Fields = {"@timestamp": f"{moment}.100Z", "tags": ["other"]}
    even: Fields = {"@timestamp": f"{moment}.000Z", "tags": ["wanted"]}
    lab.put(lab.mutant("odd", **older), lab.mutant("odd", **newer))
    lab.put(lab.mutant("even", **even), lab.mutant("even", **newer))
    found = refined(lab.app, "even", "odd", matching=term("tags", "wanted"))

    assert found["even"] == {}
    assert found["odd"] != {}


@lively
def test_mutant_without_the_older_dates(lab: Lab) -> None:
    """Trap 17: the certificate is listed, and the alert about it never comes."""
    changes = {f"tls__certificate_not_valid_{end}": None for end in ("before", "after")}
    lab.put(lab.mutant("no-dates", lab.secure, **changes))
    of_it = term("monitor.id", "no-dates")

    assert len(certificates(lab.app, of_it)) == 1
    assert certificates(lab.app, of_it, after="now+30d") == []


@lively
def test_mutant_without_a_fingerprint(lab: Lab) -> None:
    """Trap 18: the certificate is not listed."""
    lab.put(lab.mutant("no-hash", lab.secure, tls__server__hash=None))

    assert certificates(lab.app, term("monitor.id", "no-hash")) == []


@lively
def test_mutant_without_a_state(lab: Lab) -> None:
    """Trap 19: the list of errors is empty."""
    lab.put(lab.mutant("no-state", state=None))
    place = lab.front["observer"]["geo"]["name"]

    assert len(states(lab.app, "good", place)) == 1
    assert states(lab.app, "no-state", place) == []


@lively
def test_mutant_with_a_new_id_each_time(labs: Callable[[], Lab]) -> None:
    """Trap 20: each run is another monitor."""
    lab = labs()
    lab.put(*(lab.mutant(f"run-{number}") for number in range(3)))

    assert counted(lab.app)["total"] == 4


@lively
def test_mutant_with_a_long_name(lab: Lab) -> None:
    """Trap 23: it is stored, and in no list."""
    assert loses(listed, lab, lab.mutant("m" * 1025))


@lively
def test_without_a_template(bare: Lab) -> None:
    """Trap 4: lists fail, spans match nothing, and ids match by their words."""
    bare.put(bare.mutant("shop-1"), bare.mutant("shop-2"))
    asked = {"aggs": {"it": {"terms": {"field": "monitor.id"}}}, "size": 0}

    assert "Fielddata is disabled on [monitor.id]" in bare.app.refused(**asked)
    assert not bare.app.has_spans()
    assert bare.app.documents(term("monitor.id", "shop-1")) == []
    assert len(bare.app.documents({"match": {"monitor.id": "shop-1"}})) == 2


@lively
def test_without_a_mapping_for_places(bare: Lab) -> None:
    """Trap 14: the counts fail as long as no document has a place."""
    fields = ("monitor.id", "summary.down", "@timestamp")
    kinds = zip(fields, ("keyword", "integer", "date"), strict=True)
    properties = {name: {"type": kind} for name, kind in kinds}
    app = Kibana(bare.app.server, f"{bare.app.indices}-placeless")
    call("PUT", app.url, {"mappings": {"properties": properties}})
    lab = Lab(app, bare.front, bare.secure)
    lab.put(lab.mutant("x", observer=None))

    with pytest.raises(AssertionError, match=r"No field found for \[observer.geo.name"):
        counted(app)
