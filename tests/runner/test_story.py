"""What documents tell, whatever outcomes, restarts and changes come in which order."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from heartbeat.config import Confirm, Flapping
from heartbeat.event import nanoseconds
from heartbeat.schedule import Tick
from heartbeat.state import Past
from tests.support.clock import START_NS, FakeClock
from tests.support.stage import DOWN, UP, Stage

if TYPE_CHECKING:
    from heartbeat.event import Fields
    from heartbeat.runner import Runner

LETTERS = {"u": UP, "d": DOWN}
OPTIONS = st.fixed_dictionaries(
    {
        "max_attempts": st.integers(1, 3),
        "confirm": st.none() | st.builds(Confirm, down=st.integers(1, 3)),
        "flapping": st.none() | st.just(Flapping()),
    }
)
PAST = Past("default-19-2", "down", START_NS - 10**12, START_NS - 10**9, 60, 5)


class Story(RuleBasedStateMachine):
    """A monitor through its life; what holds is read off its documents alone."""

    def __init__(self) -> None:
        """Begin with a monitor without a past."""
        super().__init__()
        self.clock = FakeClock()
        self.stage = Stage(self.clock)
        self.options: dict[str, Any] = {"max_attempts": 2}
        self.runner: Runner = self.stage.runner()
        self.is_recalled = False
        self.ticks = count(1)
        self.run_now: list[Fields] = []
        self.outcomes = ""
        self.last: dict[str, Any] = {}
        self.ended: list[str] = []
        self.starts: dict[str, str] = {}
        self.attempts = 0

    @rule(outcomes=st.text("ud", min_size=3, max_size=3), late=st.floats(0, 25))
    def run(self, outcomes: str, late: float) -> None:
        """Run once, each attempt with the outcome that is its turn."""
        self.clock.jump(late)
        self.outcomes = outcomes
        self.runner = self.replaced([[LETTERS[letter]] for letter in outcomes])
        tick = Tick(START_NS + next(self.ticks) * 10**10)
        self.run_now = asyncio.run(self.stage.run(self.runner, tick))
        self.read()

    @rule()
    def restart(self) -> None:
        """End and begin again with what the store has."""
        self.runner = self.stage.runner(**self.options)
        self.run_now = []

    @rule(options=OPTIONS)
    def reload(self, options: dict[str, Any]) -> None:
        """Change the options of the monitor."""
        self.options = options
        self.runner = self.replaced([])
        self.run_now = []

    @precondition(lambda self: not self.is_recalled)
    @rule()
    def recall(self) -> None:
        """Find out about the past, sooner or later."""
        self.is_recalled = True
        self.runner.recall(PAST)
        self.starts.setdefault(PAST.id, nanoseconds(PAST.started_ns))
        self.run_now = []

    def replaced(self, attempts: list[list[Any]]) -> Runner:
        """Return a runner that takes over, as at a reload."""
        successor = self.stage.runner(*attempts, **self.options)
        successor.resume(self.runner.keep())
        return successor

    def read(self) -> None:
        """Check the documents of a run one after the other."""
        for document in self.run_now:
            state = document["state"]
            self.attempts += 1
            self.told(state)
            if ended := state["ends"]:
                self.told(ended)
                assert ended["id"] not in self.ended
                self.ended.append(ended["id"])
            assert state["id"] not in self.ended

    def told(self, state: Fields) -> None:
        """Note what is told of a state; it has one start, and counts only upwards."""
        before = self.last.get(state["id"], {"checks": 0, "up": 0, "down": 0})
        start = self.starts.setdefault(state["id"], state["started_at"])

        assert state["started_at"] == start
        assert state["checks"] == state["up"] + state["down"]
        assert state["checks"] >= before["checks"]
        assert before.get("status", state["status"]) == state["status"]
        self.last[state["id"]] = state

    @invariant()
    def no_attempt_leaks(self) -> None:
        """A run has its own attempts, from one, and ends with the last of them."""
        summaries = [document["summary"] for document in self.run_now]

        assert [one["attempt"] for one in summaries] == list(
            range(1, len(summaries) + 1)
        )
        assert [one["final_attempt"] for one in summaries[:-1]] == [False] * (
            len(summaries) - 1 if summaries else 0
        )
        assert all(one["final_attempt"] for one in summaries[-1:])
        assert len({one["retry_group"] for one in summaries}) == bool(summaries)
        assert all(
            one["status"][0] == letter
            for one, letter in zip(summaries, self.outcomes, strict=False)
        )

    @invariant()
    def every_transition_has_its_counterpart(self) -> None:
        """All states that were told of have ended, but one, and one that is owed."""
        open_ones = self.last.keys() - set(self.ended)

        assert len(open_ones) <= 1 + self.is_recalled

    @invariant()
    def counters_add_up(self) -> None:
        """Every attempt is counted in one state; those of the past come on top.

        Where the past one goes on after a short one was told, its checks are in both.
        """
        checks = sum(state["checks"] for state in self.last.values())
        extra = 60 if PAST.id in self.last else 0
        short = checks - extra - self.attempts

        assert short >= 0
        assert short == 0 or self.is_recalled


Story.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestStory = pytest.mark.slow(Story.TestCase)
