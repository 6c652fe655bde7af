"""Good documents with one fault each, which a page of Kibana then loses.

They show that the tests beside would see the fault: `test_traps.py` says of which trap.
"""

from __future__ import annotations

import secrets
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.elastic.template import Fitting, template_body
from tests.support.clauses import SUMMARY, Kibana, call, term
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

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]


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


def test_mutant_without_a_summary(lab: Lab) -> None:
    """Trap 1: nobody lists it."""
    mutant = lab.mutant("no-summary", summary=None)

    assert loses(listed, lab, mutant)
    assert loses(carded, lab, mutant)


def test_mutant_that_is_not_final(lab: Lab) -> None:
    """Trap 5: Uptime lists it, Synthetics does not."""
    mutant = lab.mutant("not-final", summary__final_attempt=None)

    assert loses(carded, lab, mutant)
    assert not loses(listed, lab, mutant)


def test_mutant_with_config_id(lab: Lab) -> None:
    """Trap 6: Synthetics takes it for a monitor of its own that was deleted."""
    assert loses(carded, lab, lab.mutant("managed", config_id="x"))


def test_mutant_of_another_space(lab: Lab) -> None:
    """Trap 6: it belongs to a space that one is not in."""
    mutant = lab.mutant("elsewhere", meta={"space_id": "other"})

    assert loses(lambda app: {name.split()[0] for name in overview(app)}, lab, mutant)


def test_mutant_of_a_test_run(lab: Lab) -> None:
    """Trap 7: even false makes it a test run."""
    assert loses(listed, lab, lab.mutant("run-once", run_once=False))


def test_mutant_of_a_short_span(lab: Lab) -> None:
    """Trap 8: between two results the monitor is gone."""
    ended = {"gte": stamp(minutes=40), "lt": stamp(minutes=39)}
    mutant = lab.mutant("short", monitor__timespan=ended)

    assert loses(listed, lab, mutant)
    assert loses(carded, lab, mutant)


def test_mutant_from_the_future(lab: Lab) -> None:
    """Trap 10: what is not yet is not shown."""
    later: Fields = {"@timestamp": stamp(minutes=-30)}

    assert loses(listed, lab, lab.mutant("future", **later))


def test_mutant_with_texts_for_numbers(lab: Lab) -> None:
    """Trap 12: the index takes them, the page cannot add them up."""
    lab.put(lab.mutant("texts", summary__up="1", summary__down="0"))

    assert refined(lab.app, "good")["good"]["up"] == 1
    with pytest.raises(TypeError):
        refined(lab.app, "texts")


def test_mutant_without_a_zero(labs: Callable[[], Lab]) -> None:
    """Trap 13: one such document takes the counts of all away."""
    lab = labs()
    assert counted(lab.app) == {"total": 1, "up": 1, "down": 0}

    lab.put(lab.mutant("no-zero", summary__down=None))

    with pytest.raises(AssertionError, match="A document doesn't have a value"):
        counted(lab.app)


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


def test_mutant_without_the_older_dates(lab: Lab) -> None:
    """Trap 17: the certificate is listed, and the alert about it never comes."""
    changes = {f"tls__certificate_not_valid_{end}": None for end in ("before", "after")}
    lab.put(lab.mutant("no-dates", lab.secure, **changes))
    of_it = term("monitor.id", "no-dates")

    assert len(certificates(lab.app, of_it)) == 1
    assert certificates(lab.app, of_it, after="now+30d") == []


def test_mutant_without_a_fingerprint(lab: Lab) -> None:
    """Trap 18: the certificate is not listed."""
    lab.put(lab.mutant("no-hash", lab.secure, tls__server__hash=None))

    assert certificates(lab.app, term("monitor.id", "no-hash")) == []


def test_mutant_without_a_state(lab: Lab) -> None:
    """Trap 19: the list of errors is empty."""
    lab.put(lab.mutant("no-state", state=None))
    place = lab.front["observer"]["geo"]["name"]

    assert len(states(lab.app, "good", place)) == 1
    assert states(lab.app, "no-state", place) == []


def test_mutant_with_a_new_id_each_time(labs: Callable[[], Lab]) -> None:
    """Trap 20: each run is another monitor."""
    lab = labs()
    lab.put(*(lab.mutant(f"run-{number}") for number in range(3)))

    assert counted(lab.app)["total"] == 4


def test_mutant_with_a_long_name(lab: Lab) -> None:
    """Trap 23: it is stored, and in no list."""
    assert loses(listed, lab, lab.mutant("m" * 1025))


def test_without_a_template(bare: Lab) -> None:
    """Trap 4: lists fail, spans match nothing, and ids match by their words."""
    bare.put(bare.mutant("shop-1"), bare.mutant("shop-2"))
    asked = {"aggs": {"it": {"terms": {"field": "monitor.id"}}}, "size": 0}

    assert "Fielddata is disabled on [monitor.id]" in bare.app.refused(**asked)
    assert not bare.app.has_spans()
    assert bare.app.documents(term("monitor.id", "shop-1")) == []
    assert len(bare.app.documents({"match": {"monitor.id": "shop-1"}})) == 2


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
