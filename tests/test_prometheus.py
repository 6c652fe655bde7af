"""The page for Prometheus."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families

from heartbeat.delivery import Counters
from heartbeat.event import Result
from heartbeat.exposition import FAMILIES
from heartbeat.figures import Parts
from heartbeat.prometheus import Prometheus
from heartbeat.scheduler import Scheduler
from tests.support.probe import Probe, running
from tests.support.stage import DOWN, UP, Stage, Wrote, spec_of

if TYPE_CHECKING:
    import pytest

    from heartbeat.runner import Runner
    from tests.support.clock import FakeClock

CERTIFIED: dict[str, Any] = {
    "tls": {
        "certificate_not_valid_after": "2027-01-01T00:00:00.000Z",
        "rtt": {"handshake": {"us": 2_000}},
    },
    "http": {"response": {"status_code": 200}},
}
SHOP = {"id": "shop", "name": "Shop", "type": "tcp"}
PAGE = Path("docs/metrics.md")


def always(_now_ns: int) -> bool:
    """Be open."""
    return True


OPEN_WINDOW: Any = SimpleNamespace(is_open=always)


async def ran(clock: FakeClock, *steps: Any, **options: Any) -> tuple[Any, Runner]:
    """Return a monitor that made an attempt like that, none without steps."""
    stage = Stage(clock)
    options = {"id": "shop", "name": "Shop", **options}
    runner = stage.runner(list(steps), **options)
    if steps:
        await stage.run(runner)
    return spec_of(**options), runner


def parts_of(clock: FakeClock, *found: tuple[Any, Runner]) -> Parts:
    """Return the parts of a process with these monitors and one output."""
    counted = Counters(acked=9, failed=2, dropped=1, dead_letter=3, active=5)
    parts: Any = {
        "store": SimpleNamespace(is_failing=False),
        "workers": [
            SimpleNamespace(
                name="elasticsearch", is_working=False, pending=4, counters=counted
            )
        ],
        "roster": SimpleNamespace(
            endpoints_by_spec=list(found),
            runners=[runner for _, runner in found],
            monitors=Counter(runner.type for _, runner in found),
            skipped=1,
        ),
        "reloader": SimpleNamespace(
            counters=SimpleNamespace(reloads=2, errors=1, invalid=("a.yml",))
        ),
    }
    scheduler = Scheduler(clock)
    return Parts(clock=clock, began=0.0, agent={}, scheduler=scheduler, **parts)


async def samples(parts: Parts, limit: int = 10) -> dict[str, list[Any]]:
    """Return labels and value of all samples by name, as the library reads them."""
    page = await Prometheus(parts, limit).page()
    found: dict[str, list[Any]] = {}
    for family in text_string_to_metric_families(page.body.decode()):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


class TestMonitors:
    """What is told of each endpoint."""

    async def test_a_target_that_is_up(self, clock: FakeClock) -> None:
        """All that its last attempt found has a series."""
        up = Result("127.0.0.1", None, [Wrote(CERTIFIED)])
        found = await samples(parts_of(clock, await ran(clock, up)))

        assert {
            k: v for k, v in found.items() if k.startswith("heartbeat_monitor_")
        } == {
            "heartbeat_monitor_info": [({**SHOP, "url": "tcp://localhost:9200"}, 1.0)],
            "heartbeat_monitor_up": [(SHOP, 1.0)],
            "heartbeat_monitor_duration_seconds": [
                ({**SHOP, "phase": "total"}, 0.0),
                ({**SHOP, "phase": "tls"}, 0.002),
            ],
            "heartbeat_monitor_http_status_code": [(SHOP, 200.0)],
            "heartbeat_monitor_certificate_expiry_timestamp_seconds": [
                (SHOP, 1_798_761_600.0)
            ],
            "heartbeat_monitor_last_check_timestamp_seconds": [(SHOP, 1.79e9)],
            "heartbeat_monitor_state_since_timestamp_seconds": [(SHOP, 1.79e9)],
        }

    async def test_a_target_that_is_down(self, clock: FakeClock) -> None:
        """It is 0, not absent."""
        found = await samples(parts_of(clock, await ran(clock, DOWN)))

        assert found["heartbeat_monitor_up"] == [(SHOP, 0.0)]

    async def test_one_that_never_ran(self, clock: FakeClock) -> None:
        """Neither up nor down is made up for it."""
        found = await samples(parts_of(clock, await ran(clock)))

        assert "heartbeat_monitor_up" not in found
        assert found["heartbeat_endpoints"] == [({"level": "unknown"}, 1.0)]

    async def test_thresholds_and_windows(self, clock: FakeClock) -> None:
        """Only monitors that have them have the series."""
        watched = await ran(
            clock, UP, degraded={"total": 1.0}, maintenance=(OPEN_WINDOW,)
        )
        found = await samples(parts_of(clock, watched))

        assert found["heartbeat_monitor_degraded"] == [(SHOP, 0.0)]
        assert found["heartbeat_monitor_maintenance"] == [(SHOP, 1.0)]

    async def test_names_may_hold_anything(self, clock: FakeClock) -> None:
        """Quotes, backslashes, line ends and what is no Unicode."""
        odd = await ran(clock, UP, name='a "b" \\ \n \udcff')
        found = await samples(parts_of(clock, odd))

        labels, _ = found["heartbeat_monitor_up"][0]
        assert labels["name"] == 'a "b" \\ \n ?'


class TestLimit:
    """Endpoints beyond the limit."""

    async def test_they_have_no_series_but_are_counted(
        self, clock: FakeClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The first by their ids stay, so that the same ones stay; one line tells."""
        found = [await ran(clock, UP, id=name) for name in ("c", "a", "b")]
        parts = parts_of(clock, *found)
        prometheus = Prometheus(parts, 2)
        pages = [(await prometheus.page()).body.decode() for _ in range(2)]
        told = [
            sample
            for family in text_string_to_metric_families(pages[1])
            for sample in family.samples
        ]

        up = [s.labels["id"] for s in told if s.name == "heartbeat_monitor_up"]
        omitted = [s.value for s in told if s.name == "heartbeat_endpoints_omitted"]
        sums = [s.value for s in told if s.name == "heartbeat_endpoints"]
        assert (up, omitted, sums) == (["a", "b"], [1.0], [3.0])
        assert caplog.messages == [
            "/metrics leaves out 1 endpoints beyond http.metrics.max_monitors (2)"
        ]


class TestProcess:
    """What is told of the process as a whole."""

    async def test_outputs(self, clock: FakeClock) -> None:
        """Every figure by the name of the output."""
        found = await samples(parts_of(clock))
        told = {
            name.removeprefix("heartbeat_output_"): value
            for name, ((labels, value), *_) in found.items()
            if labels == {"output": "elasticsearch"}
        }

        assert told == {
            "acked_total": 9.0,
            "failed_total": 2.0,
            "dropped_total": 1.0,
            "dead_letter_total": 3.0,
            "duplicates_total": 0.0,
            "batches_total": 0.0,
            "retry_total": 0.0,
            "active": 5.0,
            "pending": 4.0,
            "available": 0.0,
        }

    async def test_schedule(self, clock: FakeClock) -> None:
        """How well it is kept, by type."""
        parts = parts_of(clock)
        parts.scheduler.add(Probe(clock, lasts=5.0).job())
        async with running(parts.scheduler):
            await clock.advance(11)
            found = await samples(parts)

        http = {"type": "http"}
        assert found["heartbeat_scheduler_running"] == [(http, 1.0)]
        assert found["heartbeat_scheduler_due_total"] == [(http, 1.0)]
        assert found["heartbeat_scheduler_missed_total"] == [(http, 0.0)]
        assert found["heartbeat_scheduler_lateness_seconds"] == [
            ({**http, "quantile": quantile}, 0.0) for quantile in ("0.5", "0.99", "1")
        ]
        assert len(found["heartbeat_scheduler_loop_lag_seconds"]) == 3

    async def test_the_rest(self, clock: FakeClock) -> None:
        """Store, configuration, and the process as the library knows it."""
        found = await samples(parts_of(clock))

        assert found["heartbeat_store_failing"] == [({}, 0.0)]
        assert found["heartbeat_config_invalid_files"] == [({}, 1.0)]
        assert found["heartbeat_config_reloads_total"] == [({}, 2.0)]
        assert found["process_resident_memory_bytes"][0][1] > 1e6
        assert found["heartbeat_build_info"][0][1] == 1.0


class TestDocumentation:
    """docs/metrics.md."""

    async def test_names_every_family(self, clock: FakeClock) -> None:
        """A series that nobody can look up is of no use."""
        parts = parts_of(clock, await ran(clock, UP))
        named = await samples(parts)
        text = PAGE.read_text(encoding="utf-8")  # noqa: ASYNC240 - of a test
        every = {*named, *FAMILIES}

        assert sorted(name for name in every if f"`{name}`" not in text) == []
