"""Changes of state that have to be confirmed, and the machine as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from heartbeat.config import Confirm
from heartbeat.state import MonitorState

if TYPE_CHECKING:
    from collections.abc import Callable

BORN = 1_795_381_246_102_107_475
SECOND = 10**9
WORDS = {"u": "up", "d": "down"}


def states(outcomes: str, confirm: Confirm | None) -> str:
    """Return the state after each final outcome, by first letters."""
    state = MonitorState("web")
    return "".join(
        state.record(WORDS[letter], BORN + n, is_final=True, confirm=confirm)["status"][
            0
        ]
        for n, letter in enumerate(outcomes)
    )


@pytest.mark.parametrize(
    ("confirm", "outcomes", "expected"),
    [
        (None, "udud", "udud"),
        (Confirm(), "udud", "udud"),
        (Confirm(down=3), "uddddu", "uuuddu"),
        (Confirm(down=3), "udduddd", "uuuuuud"),
        (Confirm(up=2), "uduuud", "udduud"),
        (Confirm(up=2), "duduu", "ddddu"),
        (Confirm(down=2), "ddu", "ddu"),
        (Confirm(failures=2, of=3), "ududu", "uuudu"),
        (Confirm(failures=2, of=3), "uduuduu", "uuuuuuu"),
        (Confirm(failures=2, of=3, up=2), "udduud", "uuddu" + "u"),
    ],
)
def test_states(confirm: Confirm | None, outcomes: str, expected: str) -> None:
    """A change is believed once the runs of this state show it."""
    assert states(outcomes, confirm) == expected


def test_attempts_to_be_repeated_confirm_nothing() -> None:
    """Only the last attempt of a run is an outcome."""
    state = MonitorState("web")
    confirm = Confirm(down=2)
    state.record("up", BORN, is_final=True, confirm=confirm)
    for _ in range(5):
        state.record("down", BORN, is_final=False, confirm=confirm)

    assert not state.is_in_doubt
    assert state.status == "up"


def test_doubt_survives_a_restart() -> None:
    """What was seen before counts after."""
    confirm = Confirm(down=2)
    state = MonitorState("web")
    for status in ("up", "down"):
        state.record(status, BORN, is_final=True, confirm=confirm)
    state = MonitorState.decode(state.encode(), "web")

    assert state.is_in_doubt
    assert state.record("down", BORN, is_final=True, confirm=confirm)["ends"]


def test_doubt_ends_with_the_option() -> None:
    """Outcomes of the time before do not count when the option comes back."""
    confirm = Confirm(down=2)
    state = MonitorState("web")
    for status, rule_ in (("up", confirm), ("down", confirm), ("up", None)):
        state.record(status, BORN, is_final=True, confirm=rule_)
    state.record("down", BORN, is_final=True, confirm=confirm)

    assert state.status == "up"


def naive_down(seen: str, confirm: Confirm) -> bool:
    """Return whether a state that is up ends with these outcomes."""
    if confirm.of:
        return seen[-confirm.of :].count("d") >= confirm.failures
    return len(seen) >= confirm.down and set(seen[-confirm.down :]) == {"d"}


def naive_up(seen: str, confirm: Confirm) -> bool:
    """Return whether a state that is down ends with these outcomes."""
    return len(seen) >= confirm.up and set(seen[-confirm.up :]) == {"u"}


NAIVE: dict[str, tuple[str, Callable[[str, Confirm], bool]]] = {
    "up": ("down", naive_down),
    "down": ("up", naive_up),
}


class Machine(RuleBasedStateMachine):
    """Attempts and restarts in any order, beside a model that keeps everything."""

    def __init__(self) -> None:
        """Know nothing yet."""
        super().__init__()
        self.state = MonitorState("web")
        self.confirm = Confirm()
        self.status = ""
        self.seen = ""
        self.attempts: list[str] = []
        self.ids: list[str] = []
        self.document: dict[str, Any] = {}
        self.before: dict[str, Any] = {}

    @initialize(
        down=st.integers(1, 4),
        up=st.integers(1, 3),
        failures=st.integers(1, 3),
        of=st.sampled_from([0, 0, 3, 5]),
    )
    def choose(self, down: int, up: int, failures: int, of: int) -> None:
        """Settle what has to be confirmed."""
        self.confirm = Confirm(down=down, up=up, failures=failures if of else 0, of=of)

    @rule(status=st.sampled_from(["up", "down"]), is_final=st.booleans())
    def attempt(self, status: str, *, is_final: bool) -> None:
        """Make an attempt."""
        now = BORN + (len(self.ids) + len(self.attempts)) * SECOND
        self.before = self.document
        self.document = self.state.record(
            status, now, is_final=is_final, confirm=self.confirm
        )
        if is_final:
            self.seen += status[0]
        if not self.status or (is_final and self._ends(status)):
            self.status, self.seen, self.attempts = status, "", []
            self.ids.append(self.document["id"])
        self.attempts.append(status)

    @rule()
    def restart(self) -> None:
        """Write the state and read it again."""
        if self.status:
            self.state = MonitorState.decode(self.state.encode(), "web")

    def _ends(self, status: str) -> bool:
        other, ends = NAIVE[self.status]
        return status == other and ends(self.seen, self.confirm)

    @invariant()
    def agrees(self) -> None:
        """The document says what the model knows."""
        document = self.document
        if document:
            assert document["status"] == self.status
            assert document["checks"] == len(self.attempts)
            assert document["up"] == self.attempts.count("up")
            assert document["down"] == self.attempts.count("down")
            assert document["id"] == self.ids[-1]
            assert len(set(self.ids)) == len(self.ids)

    @invariant()
    def tells_what_ended(self) -> None:
        """The first document of a state carries the last one of the state before."""
        if len(self.ids) > 1 and len(self.attempts) == 1:
            assert self.document["ends"]["id"] == self.ids[-2]
            assert self.document["ends"]["checks"] == self.before["checks"]
        elif self.document:
            assert self.document["ends"] is None


Machine.TestCase.settings = settings(max_examples=40, stateful_step_count=30)
TestMachine = pytest.mark.slow(Machine.TestCase)
