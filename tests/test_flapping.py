"""The measure of flapping, and what it does to a state."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.config import Confirm, Flapping
from heartbeat.flapping import OUTCOMES, changes, is_flapping
from heartbeat.state import MonitorState

BORN = 1_790_000_000_000_000_000
RULE = Flapping()
WORDS = {"u": "up", "d": "down"}


def after(outcomes: str, **rules: Any) -> tuple[MonitorState, list[dict[str, Any]]]:
    """Return the state after some final outcomes, and the members of each document."""
    state = MonitorState("web")
    rules = {"flapping": RULE} | rules
    return state, [
        state.record(WORDS[letter], BORN + place, is_final=True, **rules)
        for place, letter in enumerate(outcomes)
    ]


class TestMeasure:
    """How much outcomes change."""

    @pytest.mark.parametrize("outcomes", ["", "u", "d", "u" * OUTCOMES])
    def test_no_change(self, outcomes: str) -> None:
        """Without a change it is 0, however little is known."""
        assert changes(outcomes) == 0

    def test_every_outcome_differs(self) -> None:
        """It is 100 at most."""
        assert changes("ud" * 10 + "u") == pytest.approx(100)

    def test_recent_changes_weigh_more(self) -> None:
        """The newest change weighs 1.2, the oldest 0.8, of 20 together."""
        assert changes("u" * 20 + "d") == pytest.approx(1.2 / 20 * 100)
        assert changes("u" + "d" * 20) == pytest.approx(0.8 / 20 * 100)

    @given(st.text("ud", max_size=OUTCOMES))
    def test_it_is_a_share(self, outcomes: str) -> None:
        """It lies between 0 and 100, and depends on changes, not on what changes."""
        mirrored = outcomes.translate(str.maketrans("ud", "du"))

        assert 0 <= changes(outcomes) == changes(mirrored) <= 100.001

    def test_two_thresholds(self) -> None:
        """In between, it is what it was."""
        outcomes = "ududud" + "u" * 4  # 5 changes: about 26 percent
        measure = changes(outcomes)

        assert RULE.low < measure < RULE.high
        assert is_flapping(outcomes, RULE, was=True)
        assert not is_flapping(outcomes, RULE, was=False)


class TestState:
    """What flapping does to a state."""

    def test_it_is_a_state_of_its_own(self) -> None:
        """It begins when there are changes enough, and ends the state before."""
        _, documents = after("ud" * 6)
        first = next(d for d in documents if d["status"] == "flap")

        assert documents.index(first) == 9
        assert (first["checks"], first["ends"]["status"]) == (1, "up")
        assert first["flap_history"] == ["up", "down"] * 5
        assert first["ends"]["flap_history"] is None

    def test_changes_do_not_end_it(self) -> None:
        """It stays one state with one id while the target goes up and down."""
        _, documents = after("ud" * 10)
        flapping = [d for d in documents if d["status"] == "flap"]

        assert len({d["id"] for d in flapping}) == 1
        assert (flapping[-1]["checks"], flapping[-1]["up"]) == (11, 5)
        assert flapping[-1]["ends"] is None

    @pytest.mark.parametrize("settled", ["u", "d"])
    def test_it_ends_when_the_target_settles(self, settled: str) -> None:
        """The state after it is that of the last outcomes."""
        state, documents = after("ud" * 6 + settled * OUTCOMES)
        endings = [d["ends"]["status"] for d in documents if d["ends"]]

        assert (state.status, endings[-1]) == (WORDS[settled], "flap")
        assert documents[-1]["flap_history"] == []

    def test_up_for_now(self) -> None:
        """While it flaps, the last outcome says whether the target is up."""
        assert [after("ud" * 6 + last)[0].is_up for last in ("", "u")] == [False, True]

    def test_nothing_changes_without_the_option(self) -> None:
        """Every change is a state of its own then."""
        state, documents = after("ud" * 10, flapping=None)

        assert {d["status"] for d in documents} == {"up", "down"}
        assert state.status == "down"

    def test_it_survives_a_restart(self) -> None:
        """History and state are read back as they were."""
        state, documents = after("ud" * 6)
        state = MonitorState.decode(state.encode(), "web")
        later = state.record("up", BORN + 12, is_final=True, flapping=RULE)

        assert (later["id"], later["checks"]) == (documents[-1]["id"], 4)

    def test_it_ends_with_the_option(self) -> None:
        """Without it the next outcome begins a state of the usual kind."""
        state, _ = after("ud" * 6)
        document = state.record("up", BORN + 12, is_final=True, confirm=Confirm(up=3))

        assert (document["status"], document["ends"]["status"]) == ("up", "flap")

    def test_changes_to_be_confirmed_count(self) -> None:
        """An outcome that is not believed is a change nevertheless."""
        state, _ = after("ud" * 6, confirm=Confirm(down=3))

        assert (state.status, state.is_in_doubt) == ("flap", False)

    def test_attempts_to_be_repeated_do_not(self) -> None:
        """Only the last attempt of a run is an outcome."""
        state, _ = after("u")
        for _ in range(20):
            state.record("down", BORN, is_final=False, flapping=RULE)
            state.record("up", BORN, is_final=True, flapping=RULE)

        assert state.status == "up"
