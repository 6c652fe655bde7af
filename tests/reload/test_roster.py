"""Monitors that take each other's place while they run."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.support.plant import monitor
from tests.support.probe import running

# pyright: reportPrivateUsage=false

if TYPE_CHECKING:
    from collections.abc import Iterable

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext
    from tests.support.plant import Plant


def steps(times: Iterable[float]) -> set[float]:
    """Return the distances between runs, without the first, which is off the grid."""
    return {round(b - a, 3) for a, b in pairwise(list(times)[1:])}


def file_of(count: int, changed: int = 0) -> str:
    """Return a file of monitors, the first of them changed."""
    return "".join(
        monitor(f"m{n:04d}", ", note: new" if n < changed else "") for n in range(count)
    )


async def test_changed_monitor_keeps_state_and_phase(plant: Plant) -> None:
    """Its documents go on where its predecessor's ended."""
    plant.write("monitors.d/a.yml", monitor("web"))
    plant.start()
    async with running(plant.scheduler):
        await plant.clock.advance(25)
        plant.write("monitors.d/a.yml", monitor("web", ", note: new"))
        await plant.look()
        await plant.clock.advance(25)

    states = [document["state"] for document in plant.journal.documents]
    assert [state["checks"] for state in states] == list(range(1, len(states) + 1))
    assert len({state["id"] for state in states}) == 1
    assert steps(plant.runs()["web"]) == {10.0}


async def test_monitor_that_comes_back_keeps_its_state(plant: Plant) -> None:
    """Taken out by mistake and put back is no new monitor."""
    path = plant.write("monitors.d/a.yml", monitor("web"))
    plant.start()
    async with running(plant.scheduler):
        await plant.clock.advance(15)
        path.unlink()
        await plant.look()
        plant.write("monitors.d/a.yml", monitor("web"))
        await plant.look()
        await plant.clock.advance(15)

    assert plant.journal.documents[-1]["state"]["checks"] == len(plant.journal.records)


async def test_run_under_way_is_made_up_for(plant: Plant) -> None:
    """A run cut by the change of its monitor is run again soon, not a tick later."""
    plant.write("monitors.d/a.yml", monitor("web", ", lasts: 5s"))
    plant.start()
    async with running(plant.scheduler):
        await plant.clock.advance(1)
        plant.write("monitors.d/a.yml", monitor("web"))
        await plant.swap()
        await plant.clock.advance(0.1)

    assert len(plant.journal.records) == 1


async def test_attempts_under_way_are_made_up_for(plant: Plant) -> None:
    """A run cut between two attempts is run again soon, with ids of its own."""
    failing = ", up: false, max_attempts: 2"
    plant.write("monitors.d/a.yml", monitor("web"))
    plant.start()
    async with running(plant.scheduler):
        await plant.clock.advance(15)
        plant.write("monitors.d/a.yml", monitor("web", failing))
        await plant.swap()
        await plant.until(lambda: plant.journal.documents[-1]["summary"]["down"])
        cut = len(plant.journal.records)
        plant.write("monitors.d/a.yml", monitor("web", f"{failing}, note: new"))
        await plant.swap()
        await plant.clock.advance(3)

    ids = [record.routing.id for record in plant.journal.records]
    attempts = [d["summary"]["attempt"] for d in plant.journal.documents[cut - 1 :]]
    assert attempts == [1, 1, 2]
    assert len(ids) == len(set(ids))


async def test_counts(plant: Plant) -> None:
    """Monitors and endpoints by type, starts and stops."""
    plant.write("monitors.d/a.yml", monitor("a") + monitor("b"))
    plant.start()
    plant.write("monitors.d/a.yml", monitor("a", ", note: new"))
    await plant.look()
    roster = plant.roster

    assert roster.monitors == {"fake": 1}
    assert roster.endpoints == {"fake": 1}
    assert (roster.starts, roster.stops, roster.skipped) == (3, 2, 0)
    assert roster.monitor_starts.total() == 3
    assert [spec.id for spec, _ in roster.endpoints_by_spec] == [
        runner.id for runner in roster.runners
    ]


async def test_first_runs_of_many_are_spread(plant: Plant) -> None:
    """New monitors of one reload do not all run at once."""
    plant.start()
    async with running(plant.scheduler):
        plant.write("monitors.d/a.yml", file_of(100))
        await plant.look()
        began = plant.clock.now() / 1e9
        await plant.clock.advance(5)

    firsts = sorted(times[0] - began for times in plant.runs().values())
    assert firsts[50] > 1


@pytest.mark.slow
async def test_reload_under_load(plant: Plant) -> None:
    """Of 2,000 monitors 100 change: none of the others misses a tick or runs twice."""
    plant.write("monitors.d/a.yml", file_of(2000))
    plant.start()
    before = plant.roster.runners
    async with running(plant.scheduler):
        await plant.clock.advance(22)
        plant.write("monitors.d/a.yml", file_of(2000, changed=100))
        await plant.look()
        await plant.clock.advance(21)

    runs = plant.runs()
    end = plant.clock.now() / 1e9
    assert len(set(before) & set(plant.roster.runners)) == 1900
    assert all(end - times[-1] < 10 for times in runs.values())
    assert {step for times in runs.values() for step in steps(times)} == {10.0}


def with_processor(options: str) -> str:
    """Return an entry of a list of monitors with one processor."""
    return monitor("web", f", processors: [{{add_tags: {options}}}]")


async def test_changed_processors(plant: Plant) -> None:
    """A list of processors is followed like any option."""
    plant.write("monitors.d/a.yml", with_processor("{tags: x}"))
    plant.start()
    async with running(plant.scheduler):
        await plant.clock.advance(15)
        plant.write("monitors.d/a.yml", with_processor("{tags: z}"))
        await plant.look()
        await plant.clock.advance(15)

    tags = [document["tags"] for document in plant.journal.documents]
    assert (tags[0], tags[-1]) == (["x"], ["z"])


async def test_processors_at_fault(plant: Plant) -> None:
    """What worked goes on."""
    plant.write("monitors.d/a.yml", with_processor("{tags: x}"))
    plant.start()
    async with running(plant.scheduler):
        await plant.clock.advance(15)
        plant.write("monitors.d/a.yml", with_processor("{tag: z}"))
        await plant.look()
        await plant.clock.advance(15)

    assert plant.reloader.counters.errors == 2
    assert {tuple(document["tags"]) for document in plant.journal.documents} == {("x",)}
    assert plant.roster.filtered == 0


class Sourced:
    """A processor that needs a source."""

    def __init__(self, source: object) -> None:
        self.sources = [source]

    def __call__(self, event: Event) -> Event:
        """Leave the event alone."""
        return event


async def test_sources_run_as_long_as_they_are_needed(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are held from the first monitor that needs them to the last."""

    def build(section: Section, context: ProcessorContext) -> Processor:
        key = str(section.plain())
        return Sourced(context.sources.of(key, lambda: NamedSource(key)))

    monkeypatch.setattr("heartbeat.processors.drop_event.build", build)
    one = ", processors: [{drop_event: {a: 1}}]"
    path = plant.write("monitors.d/a.yml", monitor("a", one) + monitor("b", one))
    plant.start()
    async with running(plant.scheduler):
        (source,) = plant.sources._users
        plant.write("monitors.d/a.yml", monitor("b", one + ", note: new"))
        await plant.look()
        assert list(plant.sources._users) == [source]
        path.unlink()
        await plant.look()

    assert not plant.sources._users


class NamedSource:
    """A source that never runs here."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def run(self) -> None:
        """Do nothing."""
