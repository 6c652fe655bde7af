"""Frames of the Lumberjack protocol."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from heartbeat.outputs.logstash.lumberjack import AckReader, ProtocolError, window
from tests.support.lumberjack import ack


def test_a_plain_window() -> None:
    """Each payload is numbered and has its length in front."""
    expected = (
        b"2W\x00\x00\x00\x02"
        b"2J\x00\x00\x00\x01\x00\x00\x00\x01a"
        b"2J\x00\x00\x00\x02\x00\x00\x00\x02bc"
    )

    assert window([b"a", b"bc"], 0) == expected


@pytest.mark.parametrize("level", [1, 3, 9])
def test_a_compressed_window(level: int) -> None:
    """The data frames of a window are one zlib stream, its announcement is not."""
    packed = window([b"a" * 100], level)

    assert packed[:8] == b"2W\x00\x00\x00\x012C"
    assert int.from_bytes(packed[8:12]) == len(packed) - 12
    assert zlib.decompress(packed[12:]) == window([b"a" * 100], 0)[6:]


@given(some.lists(some.integers(0, 2**32 - 1)), some.integers(1, 20))
def test_acknowledgements_in_pieces(sequences: list[int], size: int) -> None:
    """However the bytes are cut, every number is found, in order."""
    data = b"".join(map(ack, sequences))
    reader = AckReader()

    pieces = [data[at : at + size] for at in range(0, len(data), size)]

    assert [one for piece in pieces for one in reader.feed(piece)] == sequences


@pytest.mark.parametrize(
    "data",
    [b"1A\0\0\0\1", b"2W\0\0\0\1", b"HTTP/1.1 400 Bad Request", b"3", b"2J"],
)
def test_anything_else_is_an_error(data: bytes) -> None:
    """Nothing but acknowledgements of this version may come."""
    with pytest.raises(ProtocolError, match="not an acknowledgement"):
        AckReader().feed(data)
