"""The up/down machine of a monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.state import MonitorState, state_key

if TYPE_CHECKING:
    from collections.abc import Sequence

BORN = 1_795_381_246_102_107_475
MS = 1_000_000


def record_all(state: MonitorState, steps: Sequence[tuple[str, bool]]) -> list[Any]:
    """Record (status, final) a second apart; return the documents."""
    return [
        state.record(status, BORN + n * 1000 * MS, is_final=is_final)
        for n, (status, is_final) in enumerate(steps)
    ]


def finals(text: str) -> list[tuple[str, bool]]:
    """Return final attempts from a string of u and d."""
    return [({"u": "up", "d": "down"}[letter], True) for letter in text]


def test_first_record_begins_a_state() -> None:
    """The first attempt decides, whatever it is."""
    assert MonitorState("web").record("down", BORN, is_final=False) == {
        "id": "default-1a2050fb8962bef5066-0",
        "started_at": "2026-11-22T21:00:46.102107475Z",
        "duration_ms": "0",
        "status": "down",
        "checks": 1,
        "up": 0,
        "down": 1,
        "flap_history": [],
        "ends": None,
    }


def test_same_status_counts_on() -> None:
    """A state goes on while nothing changes."""
    last = record_all(MonitorState("web"), finals("uuu"))[-1]

    assert (last["checks"], last["up"], last["down"], last["duration_ms"]) == (
        3,
        3,
        0,
        "2000",
    )


def test_transition_shows_the_state_that_ended() -> None:
    """The first document of a new state carries the old one, as it was last seen."""
    documents = record_all(MonitorState("web"), finals("uud"))
    before, after = documents[1], documents[2]

    assert after["ends"] == {**before, "flap_history": None, "ends": None}


def test_transition_starts_counting_anew() -> None:
    """A new state knows nothing of the attempts before it."""
    after = record_all(MonitorState("web"), finals("uud"))[-1]

    assert {k: v for k, v in after.items() if k not in ("id", "ends")} == {
        "started_at": "2026-11-22T21:00:48.102107475Z",
        "duration_ms": "0",
        "status": "down",
        "checks": 1,
        "up": 0,
        "down": 1,
        "flap_history": [],
    }


def test_second_record_of_a_state_shows_no_end() -> None:
    """`ends` stands on the first document of a state only."""
    assert record_all(MonitorState("web"), finals("udd"))[-1]["ends"] is None


def test_attempt_to_be_repeated_only_counts() -> None:
    """A failure that is tried again leaves the state up, but shows in its counters."""
    last = record_all(MonitorState("web"), [("up", True), ("down", False)])[-1]

    assert (last["status"], last["checks"], last["up"], last["down"]) == (
        "up",
        2,
        1,
        1,
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # The reference's own sequences, as (checks, up, down, serial).
        ("uuddduuu", [(1, 1, 0, 0), (2, 2, 0, 0), (1, 0, 1, 1), (2, 0, 2, 1)]),
        ("dddu", [(1, 0, 1, 0), (2, 0, 2, 0), (3, 0, 3, 0), (1, 1, 0, 1)]),
    ],
)
def test_recorded_sequences(steps: str, expected: list[tuple[int, ...]]) -> None:
    """Counters and serials follow the recorded documents of the original."""
    documents = record_all(MonitorState("web"), finals(steps))[: len(expected)]

    assert [
        (d["checks"], d["up"], d["down"], int(d["id"].rsplit("-", 1)[1], 16))
        for d in documents
    ] == expected


def test_ids_differ_between_monitors_born_together() -> None:
    """Two monitors of the same millisecond have different state ids."""
    ids = {MonitorState(name).record("up", BORN, is_final=True)["id"] for name in "ab"}

    assert len(ids) == 2


def test_location_is_the_prefix_of_the_id() -> None:
    """Everything but letters, digits, _ and - is replaced."""
    state = MonitorState("web", "Asia/Pacific - Japan")
    state_id = state.record("up", BORN, is_final=True)["id"]

    assert state_id.startswith("Asia_Pacific_-_Japan-1a2050fb896")


def test_clock_set_back_gives_no_negative_duration() -> None:
    """A duration is never below zero."""
    state = MonitorState("web")
    state.record("up", BORN, is_final=True)

    assert state.record("up", BORN - 5000 * MS, is_final=True)["duration_ms"] == "0"


def test_decoded_state_goes_on() -> None:
    """A restart does not show in the documents."""
    state = MonitorState("web")
    record_all(state, finals("udd"))
    state.tick_ns = 7
    restored = MonitorState.decode(state.encode(), "web")
    later = BORN + 9000 * MS

    assert restored.tick_ns == 7
    assert restored.record("up", later, is_final=True) == state.record(
        "up", later, is_final=True
    )


def test_nothing_kept_is_a_new_state() -> None:
    """A monitor without a history starts without a status."""
    assert MonitorState.decode(None, "web").status is None


WHOLE = {
    "version": 1,
    "id": "default-1-0",
    "started_ns": 1,
    "seen_ns": 1,
    "status": "up",
    "checks": 1,
    "up": 1,
    "serial": 0,
    "tick_ns": 1,
}


@pytest.mark.parametrize(
    "kept",
    [
        [],
        {},
        WHOLE | {"version": 2},
        WHOLE | {"status": "unknown"},
        WHOLE | {"status": None},
        WHOLE | {"checks": True},
        WHOLE | {"checks": "1"},
        WHOLE | {"up": 2},
        WHOLE | {"up": -1},
        WHOLE | {"started_ns": -1},
        {name: value for name, value in WHOLE.items() if name != "serial"},
    ],
)
def test_damaged_history_is_a_new_state(kept: object) -> None:
    """What cannot have been written by `encode` is not believed."""
    assert MonitorState.decode(orjson.dumps(kept), "web").status is None


def test_whole_history_is_believed() -> None:
    """The sample the damaged ones are made of is itself fine."""
    assert MonitorState.decode(orjson.dumps(WHOLE), "web").status == "up"


@given(st.binary())
def test_any_bytes_can_be_decoded(data: bytes) -> None:
    """No content of the store stops a monitor."""
    MonitorState.decode(data, "web").record("up", BORN, is_final=True)


@given(st.lists(st.tuples(st.sampled_from(["up", "down"]), st.booleans()), min_size=1))
def test_counters_always_add_up(steps: list[tuple[str, bool]]) -> None:
    """Checks are the sum of up and down, in every document."""
    documents = record_all(MonitorState("web"), steps)

    assert all(d["checks"] == d["up"] + d["down"] for d in documents)


def test_state_keys_tell_locations_apart() -> None:
    """The same monitor id at two places has two states."""
    assert [state_key("a/b", None), state_key("b", "a")] == ["default/a/b", "a/b"]
