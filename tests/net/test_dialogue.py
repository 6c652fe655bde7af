"""What a conversation takes from its inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.net.dialogue import Inbox, Refused

if TYPE_CHECKING:
    from heartbeat.net.dialogue import Reading


def fed(reading: Reading, *pieces: bytes) -> bytes:
    """Give a reading these pieces and return what it took."""
    next(reading)
    for piece in pieces[:-1]:
        reading.send(piece)
    with pytest.raises(StopIteration) as end:
        reading.send(pieces[-1])
    taken: bytes = end.value.value
    return taken


def test_a_number_of_bytes() -> None:
    """Pieces are joined; what is beyond stays."""
    inbox = Inbox()

    taken = fed(inbox.exactly(3), b"a", b"bcd")

    assert (taken, bytes(inbox.data)) == (b"abc", b"d")


def test_up_to_a_mark() -> None:
    """The mark is taken along."""
    inbox = Inbox()

    taken = fed(inbox.until(b"\n", 9), b"abc", b"d\nx")

    assert (taken, bytes(inbox.data)) == (b"abcd\n", b"x")


@pytest.mark.parametrize(
    ("before", "expected"), [(b"", "EOF"), (b"a", "unexpected EOF")]
)
def test_the_end_of_the_stream(before: bytes, expected: str) -> None:
    """An end is told from an end in the middle."""
    inbox = Inbox()
    inbox.data += before
    reading = inbox.exactly(2)
    next(reading)

    with pytest.raises(Refused, match=f"^{expected}$"):
        reading.send(b"")


@pytest.mark.parametrize("piece", [b"12345678", b"1234567\n", b"123456789\n"])
def test_an_answer_without_end(piece: bytes) -> None:
    """The limit counts from the beginning and includes the mark."""
    inbox = Inbox()
    fed(inbox.exactly(1), b"0")
    reading = inbox.until(b"\n", 8)
    next(reading)

    with pytest.raises(Refused, match="longer than 8 bytes"):
        reading.send(piece)


def test_an_answer_up_to_the_limit() -> None:
    """An answer may be as long as the limit."""
    assert fed(Inbox().until(b"\n", 4), b"abc\n") == b"abc\n"
