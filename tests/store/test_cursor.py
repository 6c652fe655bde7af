"""The place of an output: nothing lost, nothing doubled, whatever the order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from heartbeat.store.cursor import Cursor
from tests.support.records import numbered

if TYPE_CHECKING:
    from heartbeat.event import Record


def sequences(taken: list[Record]) -> list[int]:
    """Return the sequences of records."""
    return [one.sequence for one in taken]


def flying(first: int, last: int) -> Cursor:
    """Return a cursor with the records `first` to `last` in flight."""
    cursor = Cursor(first - 1)
    for one in numbered(first, last):
        cursor.hand_out(one)
    return cursor


def test_settling_in_order_moves_the_watermark() -> None:
    """What is settled from the front is behind the watermark."""
    cursor = flying(1, 3)
    cursor.settle([1, 2])

    assert cursor.encoded() == (2, "[]")


def test_settling_out_of_order_is_remembered() -> None:
    """What is settled beyond a gap is kept until the gap closes."""
    cursor = flying(1, 4)
    cursor.settle([4, 2])
    before = cursor.encoded()
    cursor.settle([1])

    assert (before, cursor.encoded()) == ((0, "[2,4]"), (2, "[4]"))


def test_only_records_in_flight_are_settled() -> None:
    """A sequence that was not handed out, or was settled before, changes nothing."""
    cursor = flying(1, 2)
    cursor.settle([1, 1, 9])

    assert cursor.encoded() == (1, "[]")


def test_returned_records_come_first_and_in_order() -> None:
    """What was given back is handed out again, oldest first."""
    cursor = flying(1, 4)
    cursor.give_back([3, 1, 9])
    taken = [sequences(cursor.take_returned(1)), sequences(cursor.take_returned(5))]

    assert taken == [[1], [3]]


def test_what_was_settled_before_is_not_handed_out() -> None:
    """Records beyond the watermark that are settled are passed over."""
    cursor = Cursor(0, [2])
    chosen = [one.sequence for one in numbered(1, 3) if cursor.hand_out(one)]

    assert (chosen, cursor.position) == ([1, 3], 4)


def test_losing_spares_what_is_in_memory() -> None:
    """Records in flight or returned are not lost with their chunk."""
    cursor = flying(1, 4)
    cursor.settle([2])
    cursor.give_back([3])

    lost = cursor.lose_through(10)

    assert (lost, cursor.unsettled(10)) == (6, 3)


def test_what_was_spared_is_settled_later() -> None:
    """A record that outlived its chunk still counts down when it is delivered."""
    cursor = flying(1, 2)
    cursor.lose_through(5)
    cursor.settle([1, 2])

    assert (cursor.unsettled(5), cursor.encoded()) == (0, (5, "[]"))


def test_losing_what_is_settled_counts_nothing() -> None:
    """A chunk that the output has passed can go unnoticed."""
    cursor = flying(1, 3)
    cursor.settle([1, 2, 3])

    assert cursor.lose_through(3) == 0


def test_losing_joins_what_is_settled_behind_it() -> None:
    """The watermark moves on over settled records that follow the loss."""
    cursor = flying(1, 6)
    cursor.settle([5])
    cursor.lose_through(4)

    assert cursor.encoded() == (5, "[]")


steps = st.lists(
    st.tuples(st.sampled_from(["take", "settle", "return", "lose"]), st.integers(1, 9))
)


@given(steps)
def test_every_record_is_settled_or_lost_once(plan: list[tuple[str, int]]) -> None:
    """However the steps are mixed, the count of open records is right."""
    end, cursor = 40, Cursor(0)
    held: list[Record] = []
    done = lost = 0
    for step, count in plan:
        if step == "take":
            fresh = numbered(cursor.position, min(cursor.position + count - 1, end))
            held += cursor.take_returned(count)
            held += [one for one in fresh if cursor.hand_out(one)]
        elif step == "lose":
            lost += cursor.lose_through(min(cursor.watermark + count, end))
        else:
            part, held = held[:count], held[count:]
            chosen = sequences(part)
            if step == "settle":
                cursor.settle(chosen)
                done += len(part)
            else:
                cursor.give_back(chosen)

    assert end - done - lost == cursor.unsettled(end)
