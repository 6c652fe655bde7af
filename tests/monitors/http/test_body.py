"""Bodies: size, hash, sample, and decompression within limits."""

from __future__ import annotations

import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.errors import CheckFailed
from heartbeat.monitors.http.body import PIECE, BodySink, Gunzip


def inflated(*pieces: bytes) -> bytes:
    """Return what a body that comes in these pieces decompresses to."""
    gunzip = Gunzip()
    data = b"".join(out for piece in pieces for out in gunzip.inflate(piece))
    gunzip.finish()
    return data


@given(st.lists(st.binary(max_size=20), max_size=8), st.integers(0, 60))
def test_sink(pieces: list[bytes], keep: int) -> None:
    """Size and hash are those of the whole body, the sample its beginning."""
    whole = b"".join(pieces)
    sink = BodySink(keep, 1000)
    for piece in pieces:
        sink.add(piece)
    body = sink.body()

    assert (body.size, body.sample) == (len(whole), whole[:keep])
    assert body.digest == hashlib.sha256(whole).hexdigest()


def test_sink_has_a_limit() -> None:
    """A body beyond the limit is refused, one that just fits is not."""
    sink = BodySink(10, 6)
    sink.add(b"123456")

    with pytest.raises(CheckFailed, match="body is larger than 6 bytes"):
        sink.add(b"7")


@given(st.binary(max_size=200), st.data())
def test_gunzip(body: bytes, data: st.DataObject) -> None:
    """A body is the same however it is cut into pieces."""
    packed = gzip.compress(body)
    at = data.draw(st.integers(0, len(packed)))

    assert body == inflated(packed[:at], packed[at:])


def test_gunzip_members() -> None:
    """Members in a row are one body."""
    packed = gzip.compress(b"one ") + gzip.compress(b"two")

    assert inflated(packed) == b"one two"


def test_gunzip_in_pieces() -> None:
    """However much little input makes, it comes in pieces of bounded size."""
    packed = gzip.compress(bytes(3 * PIECE + 7))

    assert [len(out) for out in Gunzip().inflate(packed)] == [PIECE] * 3 + [7]


def test_gunzip_nothing() -> None:
    """An empty body needs no gzip around it."""
    assert inflated() == b""


PACKED = gzip.compress(b"some body or other", mtime=0)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"not gzip at all", "gzip: invalid header"),
        (PACKED + b"garbage behind", "gzip: invalid header"),
        (PACKED[:-8] + b"\x00\x00\x00\x00" + PACKED[-4:], "gzip: invalid checksum"),
        (PACKED[:-4] + b"\x00\x00\x00\x00", "gzip: invalid checksum"),
        (PACKED[:10] + b"\xff" * 20, "flate: corrupt input"),
        (PACKED[:-1], "connection closed unexpectedly: unexpected EOF"),
        (PACKED[:5], "connection closed unexpectedly: unexpected EOF"),
    ],
)
def test_gunzip_refuses(body: bytes, message: str) -> None:
    """Broken or incomplete compression is named in the reference's words."""
    with pytest.raises(CheckFailed) as caught:
        inflated(body)

    assert message == str(caught.value)
