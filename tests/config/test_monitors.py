"""The options every monitor has."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from heartbeat.config import (
    Confirm,
    DataStream,
    Location,
    MonitorSpec,
    Options,
    Section,
)
from heartbeat.config.monitors import (
    COMMON,
    MonitorContext,
    read_entries,
    with_unique_ids,
)
from heartbeat.config.tree import Place, node_of
from heartbeat.config.variables import Scope
from heartbeat.schedule import Cron, Every, Shifted
from tests.support.config import KINDS

CONTEXT = MonitorContext(KINDS.monitors)
MINIMAL = {"type": "icmp", "schedule": "@every 5s"}


def read(
    *monitors: Any, context: MonitorContext = CONTEXT
) -> tuple[list[MonitorSpec], list[str]]:
    """Return monitors and the faults that kept others from being made."""
    sections = [Section(monitor, path=f"m.{n}") for n, monitor in enumerate(monitors)]
    entries = read_entries(sections, context)
    specs = [entry.spec for entry in entries if entry.spec]
    return specs, [str(problem) for entry in entries for problem in entry.problems]


def only(monitor: Any, context: MonitorContext = CONTEXT) -> MonitorSpec:
    """Return the one monitor, which must be without fault."""
    (spec,), problems = read(monitor, context=context)
    assert problems == []
    return spec


def faults(monitor: Any) -> list[str]:
    """Return why a monitor cannot be made."""
    specs, problems = read(monitor)
    assert specs == []
    return problems


def test_defaults() -> None:
    """A monitor needs a type and a schedule."""
    spec = only(MINIMAL | {"id": "a"})

    assert spec == MonitorSpec(
        id="a",
        name="",
        type="icmp",
        plugin="icmp",
        schedule=Every(5_000_000_000),
        digest=spec.digest,
        options=spec.options,
    )


def test_all_options() -> None:
    """Every common option reaches the monitor."""
    spec = only(
        {
            "type": "synthetics/http",
            "id": 7,
            "name": True,
            "schedule": "@every 1m",
            "timeout": 2.5,
            "max_attempts": 3,
            "tags": "a",
            "fields": {"x": 1},
            "fields_under_root": True,
            "keep_null": True,
            "service.name": "s",
            "service_name": "older",
            "origin": "ui",
            "run_from": {"id": "l", "geo": {"name": "n"}},
            "pipeline": "p",
            "index": "i",
            "data_stream.namespace": "prod",
        }
    )

    assert spec == MonitorSpec(
        id="7",
        name="true",
        type="synthetics/http",
        plugin="http",
        schedule=Every(60_000_000_000),
        timeout=2.5,
        max_attempts=3,
        tags=("a",),
        fields={"x": 1},
        fields_under_root=True,
        keep_null=True,
        service_name="s",
        origin="ui",
        location=Location("l", {"name": "n"}),
        pipeline="p",
        index="i",
        data_stream=DataStream("synthetics", "synthetics/http", "prod"),
        digest=spec.digest,
        options=spec.options,
    )


def test_older_service_name() -> None:
    """The older spelling counts where the newer is absent."""
    assert only(MINIMAL | {"service_name": "s"}).service_name == "s"


def test_no_attempts_are_one() -> None:
    """Zero attempts behave as one."""
    assert only(MINIMAL | {"max_attempts": 0}).max_attempts == 1


def test_automatic_id() -> None:
    """A monitor without id gets the one the reference makes up."""
    monitor = {
        "type": "http",
        "schedule": "@every 5s",
        "urls": ["http://localhost:9200"],
    }

    assert only(monitor).id == "auto-http-0X5C54CC62D9EE29F2"


def test_automatic_id_without_a_variable() -> None:
    """A reference that leads nowhere is for the plug-in to say; the id stands."""
    assert only(MINIMAL | {"hosts": "${NOT_SET}"}).id.startswith("auto-icmp-0X")


def test_digest_follows_variables() -> None:
    """A variable with another value makes another monitor."""
    monitors = [
        Section(MINIMAL | {"hosts": "${H}"}, Scope(environment={"H": host}))
        for host in ("a", "a", "b")
    ]

    specs = [entry.spec for entry in read_entries(monitors, CONTEXT)]

    first, second, third = (spec.digest for spec in specs if spec)
    assert first == second
    assert first != third


def test_location_of_the_process() -> None:
    """A monitor runs where the process runs, unless it says otherwise."""
    place = node_of({"id": "here", "geo": {"name": "n"}})
    context = MonitorContext(KINDS.monitors, run_from=place)

    own = only(MINIMAL | {"run_from.id": "there"}, context)
    inherited = only(MINIMAL, context)

    assert own.location == Location("there", {})
    assert inherited.location == Location("here", {"name": "n"})
    assert inherited.id != only(MINIMAL).id


def test_cron_has_the_zone_of_the_scheduler() -> None:
    """Cron expressions are read in the configured zone."""
    context = MonitorContext(KINDS.monitors, zone=ZoneInfo("Asia/Tokyo"))

    schedule = only(MINIMAL | {"schedule": "0 9 * * *"}, context).schedule

    assert isinstance(schedule, Cron)
    assert schedule.next_after(0) == 24 * 3600 * 1_000_000_000


def test_jitter_delays_cron_by_a_share_of_its_own() -> None:
    """Each monitor has a delay that is always the same, below the jitter."""
    cron = MINIMAL | {"schedule": "0 0 * * *", "jitter": "10m"}
    first, again, other = (only(cron | {"id": name}).schedule for name in "aab")

    assert isinstance(first, Shifted)
    assert isinstance(other, Shifted)
    assert first == again
    assert first.offset_ns != other.offset_ns
    assert 0 < first.offset_ns < 600 * 10**9


def test_jitter_of_an_interval_is_doubted() -> None:
    """It would have no effect, and nobody should wonder why."""
    scope = Scope()
    section = Section(MINIMAL | {"jitter": "1m"}, scope)
    (entry,) = read_entries([section], CONTEXT)

    assert entry.spec is not None
    assert entry.spec.schedule == Every(5_000_000_000)
    assert [str(problem) for problem in scope.reported] == [
        "has no effect: @every is spread anyway accessing 'jitter'"
    ]


@pytest.mark.parametrize("option", ["id", "name"])
def test_names_too_long_for_an_index_are_doubted(option: str) -> None:
    """The documents would be there, and Kibana would not find them."""
    scope = Scope()
    fits = Section(MINIMAL | {option: "x" * 1024}, scope)
    longer = Section(MINIMAL | {option: "y" * 1025}, scope)
    read_entries([fits, longer], CONTEXT)

    (problem,) = scope.reported
    assert problem.message.startswith("is longer than 1024 characters")
    assert problem.path == option


def test_confirmation() -> None:
    """What is not written is confirmed at once."""
    written = {"down": 3, "interval": "5s"}

    assert only(MINIMAL | {"confirm": written}).confirm == Confirm(down=3, interval=5.0)
    assert only(MINIMAL | {"confirm": {}}).confirm == Confirm()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"down": 0}, "requires value >= 1"),
        ({"up": 101}, "requires value <= 100"),
        ({"failures": 3, "of": 2}, "write failures and of, with failures not above of"),
        ({"of": 2}, "write failures and of, with failures not above of"),
        (
            {"down": 2, "failures": 1, "of": 2},
            "write either down, or failures and of",
        ),
    ],
)
def test_confirmation_that_makes_no_sense(
    written: dict[str, int], message: str
) -> None:
    """Each mistake is told."""
    (problem,) = faults(MINIMAL | {"confirm": written})

    assert problem.startswith(message)


def test_disabled_monitor_may_hold_anything() -> None:
    """What is off is not looked at."""
    assert read({"enabled": False, "type": 5, "schedule": []}) == ([], [])


def test_options_know_the_common_names() -> None:
    """A plug-in hears nothing about names that every monitor has."""
    spec = only(MINIMAL | {"name": "n", "service": {"name": "x"}})

    spec.options.unpack(Options)

    assert not spec.options.scope.reported
    assert {"type", "schedule", "run_from", "streams"} <= COMMON


@pytest.mark.parametrize(
    ("monitor", "expected"),
    [
        (None, ["string value is not set accessing 'm.0.type'"]),
        ("icmp", ["required 'object', but found 'string' accessing 'm.0'"]),
        (
            {},
            [
                "string value is not set accessing 'm.0.type'",
                "missing required field accessing 'm.0.schedule'",
            ],
        ),
        (
            MINIMAL | {"type": "dns"},
            [
                (
                    "monitor type dns does not exist, valid types are [http, icmp, tcp]"
                    " accessing 'm.0.type'"
                )
            ],
        ),
        (
            MINIMAL | {"type": "browser"},
            [
                (
                    "monitor type browser does not exist, valid types are [http, icmp,"
                    " tcp]; browser journeys are not supported here"
                    " accessing 'm.0.type'"
                )
            ],
        ),
        (
            {"type": "dns", "schedule": "@every x", "timeout": "1d"},
            [
                (
                    "monitor type dns does not exist, valid types are [http, icmp, tcp]"
                    " accessing 'm.0.type'"
                ),
                "invalid duration 'x' in '@every x' accessing 'm.0.schedule'",
                "invalid duration '1d' (units: h m s ms us ns) accessing 'm.0.timeout'",
            ],
        ),
        (
            MINIMAL | {"enabled": "no"},
            [
                (
                    "can not convert 'string' into 'bool': write true or false"
                    " accessing 'm.0.enabled'"
                )
            ],
        ),
    ],
)
def test_faults(monitor: Any, expected: list[str]) -> None:
    """All that is wrong with a monitor is said at once."""
    assert faults(monitor) == expected


def test_other_monitors_are_read() -> None:
    """A monitor with a fault keeps no other from being made."""
    specs, problems = read({}, MINIMAL)

    assert (len(specs), len(problems)) == (1, 2)


def test_stream() -> None:
    """In Fleet's nesting the first stream with a type is the monitor."""
    nested = {
        "id": "outer",
        "data_stream.namespace": "prod",
        "streams": [{"x": 1}, MINIMAL | {"id": "inner", "data_stream.dataset": "d"}],
    }

    spec = only(nested)

    assert spec.id == "outer"
    assert spec.data_stream == DataStream("synthetics", "d", "prod")


def test_stream_with_an_origin() -> None:
    """A stream that has an origin keeps its id."""
    stream = MINIMAL | {"id": "inner", "origin": "ui"}

    assert only({"id": "outer", "streams": [stream]}).id == "inner"


def test_stream_beside_a_type() -> None:
    """A section that has a type is the monitor, whatever streams stand beside it."""
    assert only(MINIMAL | {"id": "a", "streams": [MINIMAL]}).id == "a"


def test_no_stream_has_a_type() -> None:
    """Streams without a type make no monitor."""
    expected = "could not determine base stream for config: f accessing 'm.0.streams'"

    assert faults({"id": "f", "streams": [{}]}) == [expected]


def test_ids_are_unique() -> None:
    """A monitor with the id of an earlier one is at fault, and both are named."""
    taken = Place("main.yml", 3, 1)
    monitors = [MINIMAL | {"id": name} for name in "abac"]
    nodes = [node_of({**m}, Place("f.yml", n)) for n, m in enumerate(monitors)]
    entries = read_entries([Section(node) for node in nodes], CONTEXT)

    unique = with_unique_ids(entries, {"c": taken})

    assert [entry.spec and entry.spec.id for entry in unique] == ["a", "b", None, None]
    text = "is configured for multiple monitors! IDs should be unique values, but"
    assert [str(problem) for entry in unique for problem in entry.problems] == [
        f"f.yml:2: monitor ID a {text} f.yml has the same accessing 'id'",
        f"f.yml:3: monitor ID c {text} main.yml:3 has the same accessing 'id'",
    ]


def test_a_monitor_that_is_off_has_no_id() -> None:
    """An id may stand twice if only one of the two is on."""
    monitors = [{**MINIMAL, "id": "a", "enabled": on} for on in (True, False)]
    entries = read_entries([Section(monitor) for monitor in monitors], CONTEXT)

    assert with_unique_ids(entries, {}) == entries
