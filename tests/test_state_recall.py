"""States that another process has documented, taken up early or late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.config import Flapping
from heartbeat.event import nanoseconds
from heartbeat.state import MonitorState, Past

if TYPE_CHECKING:
    from collections.abc import Sequence

BORN = 1_795_381_246_102_107_475
SECOND = 10**9
PAST = Past("default-19-2", "down", BORN - 3600 * SECOND, BORN - SECOND, 60, 5)
WORDS = {"u": "up", "d": "down"}


def recorded(state: MonitorState, letters: str, at: int = BORN) -> list[Any]:
    """Record final attempts a second apart; return the documents."""
    return [
        state.record(WORDS[letter], at + n * SECOND, is_final=True)
        for n, letter in enumerate(letters)
    ]


def recalled(letters: str, past: Past = PAST) -> MonitorState:
    """Return a state that has recorded something before its past was found."""
    state = MonitorState("web")
    recorded(state, letters)
    state.recall(past)
    return state


class TestBeforeTheFirstRecord:
    """The answer was in time."""

    def test_the_outage_goes_on(self) -> None:
        """As if the store had kept the state."""
        (document,) = recorded(recalled(""), "d")

        assert document == {
            "id": "default-19-2",
            "started_at": nanoseconds(BORN - 3600 * SECOND),
            "duration_ms": "3600000",
            "status": "down",
            "checks": 61,
            "up": 5,
            "down": 56,
            "flap_history": [],
            "ends": None,
        }

    def test_the_outage_ends(self) -> None:
        """The first check may already find the target up again."""
        (document,) = recorded(recalled(""), "u")

        assert (document["status"], document["checks"]) == ("up", 1)
        assert document["ends"]["id"] == "default-19-2"
        assert document["ends"]["checks"] == 60

    @pytest.mark.parametrize(
        ("past_id", "following"), [("default-19-a", "b"), ("x", "1"), ("a-b-zz", "1")]
    )
    def test_ids_are_counted_on(self, past_id: str, following: str) -> None:
        """The next id has the next number, whatever form the past one has."""
        past = Past(past_id, "down", BORN, BORN, 1, 0)
        (document,) = recorded(recalled("", past), "u")

        assert document["id"].rpartition("-")[2] == following

    def test_flapping_goes_on(self) -> None:
        """With what was seen while it lasted."""
        past = Past("default-19-2", "flap", BORN, BORN, 8, 4, "udududud")
        state = recalled("", past)
        document = state.record("up", BORN, is_final=True, flapping=Flapping(5, 50))

        assert (document["status"], document["checks"]) == ("flap", 9)
        assert document["flap_history"][-2:] == ["down", "up"]


class TestSameStatus:
    """The target was found in its past state before that was known."""

    def test_the_past_state_goes_on(self) -> None:
        """It keeps id and start, and has the checks of both."""
        (document,) = recorded(recalled("dd"), "d", BORN + 2 * SECOND)

        assert (document["id"], document["started_at"]) == (
            "default-19-2",
            nanoseconds(PAST.started_ns),
        )
        assert (document["checks"], document["up"], document["down"]) == (63, 5, 58)
        assert document["duration_ms"] == "3602000"

    def test_the_short_state_is_ended(self) -> None:
        """Once, with what documents have told of it."""
        state = MonitorState("web")
        told = recorded(state, "dd")[-1]
        state.recall(PAST)
        documents = recorded(state, "dd", BORN + 2 * SECOND)

        assert documents[0]["ends"] == {**told, "flap_history": None}
        assert documents[1]["ends"] is None


class TestOtherStatus:
    """The past state was over when this process began to look."""

    @pytest.mark.parametrize("before", ["u", "dud", "du"])
    def test_the_present_state_stays(self, before: str) -> None:
        """What documents have told of it holds."""
        state = MonitorState("web")
        told = recorded(state, before)[-1]
        state.recall(PAST)
        document = recorded(state, before[-1], BORN + 3 * SECOND)[0]

        assert (document["id"], document["started_at"], document["checks"]) == (
            told["id"],
            told["started_at"],
            told["checks"] + 1,
        )

    def test_the_past_state_is_ended(self) -> None:
        """By the next document, as it was last seen."""
        documents = recorded(recalled("u"), "uu", BORN + SECOND)

        assert documents[0]["ends"] == {
            "id": "default-19-2",
            "started_at": nanoseconds(PAST.started_ns),
            "duration_ms": "3599000",
            "status": "down",
            "checks": 60,
            "up": 5,
            "down": 55,
            "flap_history": None,
            "ends": None,
        }
        assert documents[1]["ends"] is None

    def test_an_end_of_its_own_goes_first(self) -> None:
        """A document ends one state; the past one is left to the next."""
        documents = recorded(recalled("u"), "ddd", BORN + SECOND)
        ends = [document["ends"] and document["ends"]["id"] for document in documents]

        assert ends[1:] == ["default-19-2", None]
        assert ends[0] not in {None, "default-19-2"}

    def test_what_is_left_to_tell_outlives_the_process(self) -> None:
        """It is kept with the state."""
        restored = MonitorState.decode(recalled("u").encode(), "web")

        assert recorded(restored, "u")[0]["ends"]["id"] == "default-19-2"


@given(
    st.text("ud", max_size=5),
    st.text("ud", min_size=2, max_size=8),
    st.sampled_from(["up", "down", "flap"]),
)
def test_no_document_contradicts_another(before: str, after: str, status: str) -> None:
    """Each state has one start and at most one end, and every attempt counts once."""
    past = Past("default-19-2", status, BORN - SECOND, BORN, 10, 5)
    state = MonitorState("web")
    documents = recorded(state, before)
    state.recall(past)
    documents += recorded(state, after, BORN + len(before) * SECOND)
    documents.append(state.record(WORDS[after[-1]], BORN + 99 * SECOND, is_final=True))
    ended = [d["ends"] for d in documents if d["ends"]]
    last = {d["id"]: d for d in ended} | {documents[-1]["id"]: documents[-1]}

    assert one_start_each([*documents, *ended])
    assert len({d["id"] for d in ended}) == len(ended)
    assert {d["id"] for d in [*documents, *ended]} | {past.id} == last.keys()
    assert sum(d["checks"] for d in last.values()) == 10 + len(documents) + (
        len(before) if continues(before, past) else 0
    )


def continues(before: str, past: Past) -> bool:
    """Return whether the past state goes on after others were told: rule 2."""
    return bool(before) and {WORDS[letter] for letter in before} == {past.status}


def one_start_each(states: Sequence[Any]) -> bool:
    """Return whether all that is told of a state agrees on its start."""
    starts = {(state["id"], state["started_at"]) for state in states}
    return len(starts) == len({state_id for state_id, _ in starts})
