"""Runners whose past may still be found, while they already run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.runner import Site
from heartbeat.runner import runners as made
from heartbeat.schedule import Tick
from heartbeat.state import MonitorState, Past
from tests.support.clock import START_NS
from tests.support.stage import DOWN, UP, spec_of

if TYPE_CHECKING:
    from heartbeat.runner import Runner
    from tests.support.stage import Stage

HOUR = 3600 * 10**9
PAST = Past("default-19-2", "down", START_NS - 3 * HOUR, START_NS - HOUR, 60, 5)


def awaiting(stage: Stage, *attempts: list[object], patience: float = 2.0) -> Runner:
    """Return a runner while past states are asked for."""
    site = Site.of(stage.clock, stage.journal, stage.identity)
    site.patience.until = stage.clock.monotonic() + patience
    (runner,) = made(spec_of(), [stage.check(*attempts)], site, {})
    return runner


async def test_first_outcome_is_judged_when_the_past_is_known(stage: Stage) -> None:
    """The check runs at once, and its document has the time of that."""
    runner = awaiting(stage, [DOWN])

    async def pause(seconds: float) -> None:
        await stage.pause(seconds)
        if len(stage.pauses) == 3:
            runner.recall(PAST)

    await runner.run(Tick(START_NS), pause)
    (document,) = stage.journal.documents

    assert (document["state"]["id"], document["state"]["checks"]) == (PAST.id, 61)
    assert document["@timestamp"] == "2026-09-21T14:13:20.000Z"
    assert len(stage.pauses) == 3


async def test_patience_has_an_end(stage: Stage) -> None:
    """A state begins anew if there is no answer in time."""
    (document,) = await stage.run(awaiting(stage, [UP]))

    assert document["state"]["checks"] == 1
    assert sum(stage.pauses) == pytest.approx(2.0)


async def test_later_runs_do_not_wait(stage: Stage) -> None:
    """What has a state is judged at once."""
    runner = awaiting(stage, [UP], [UP], patience=0.01)
    await stage.run(runner)
    stage.pauses.clear()
    runner.recall(PAST)
    await stage.run(runner)

    assert stage.pauses == []


async def test_nobody_waits_where_nothing_is_asked(stage: Stage) -> None:
    """As with a store that knows the states."""
    await stage.run(stage.runner([UP]))

    assert stage.pauses == []


async def test_gap_since_the_past_was_documented(stage: Stage) -> None:
    """How long nobody looked is told, as after any restart."""
    runner = stage.runner([DOWN])
    runner.recall(PAST)
    (document,) = await stage.run(runner)

    assert document["heartbeat"]["gap"] == {"us": 3600 * 10**6}


async def test_what_was_recalled_is_kept_at_once(stage: Stage) -> None:
    """A crash before the next check does not lose it again."""
    runner = stage.runner([UP])
    runner.recall(PAST)
    (kept,) = stage.journal.states.values()
    state = MonitorState.decode(kept, "my-monitor")

    assert (state.status, state.seen_ns) == ("down", PAST.seen_ns)
    assert stage.journal.records == []
