"""Content encodings: whole, in pieces, too much, broken off and broken."""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Any, cast

import brotli
import pytest

from heartbeat.errors import CheckFailed
from heartbeat.monitors.http.body import PIECE, TRUNCATED
from heartbeat.monitors.http.encodings import INFLATERS
from tests.support.web import answer

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.visit import Visitor


def _raw(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-15)


def _br(data: bytes) -> bytes:
    return bytes(cast("Any", brotli).compress(data))


def _frames(data: bytes) -> bytes:
    return zstd.compress(data[:5]) + zstd.compress(data[5:])


PACKERS = pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("deflate", zlib.compress),
        ("deflate", _raw),
        ("br", _br),
        ("zstd", zstd.compress),
        ("zstd", _frames),
    ],
    ids=["deflate", "deflate without header", "br", "zstd", "zstd frames"],
)
TEXT = b"some body or other, some body or other"


def inflated(encoding: str, *pieces: bytes) -> bytes:
    """Return what a body that comes in these pieces decompresses to."""
    inflater = INFLATERS[encoding]()
    data = b"".join(out for piece in pieces for out in inflater.inflate(piece))
    inflater.finish()
    return data


@PACKERS
def test_whole_and_byte_by_byte(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """A body is the same however it is cut."""
    packed = pack(TEXT)

    assert inflated(encoding, packed) == TEXT
    assert inflated(encoding, *(bytes([each]) for each in packed)) == TEXT


@PACKERS
def test_much_of_little(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """However much little input makes, it comes in pieces of bounded size."""
    pieces = list(INFLATERS[encoding]().inflate(pack(bytes(3 * PIECE + 7))))

    assert sum(map(len, pieces)) == 3 * PIECE + 7
    assert max(map(len, pieces)) <= 2 * PIECE


@pytest.mark.parametrize("encoding", INFLATERS)
def test_nothing(encoding: str) -> None:
    """A response without a body has nothing to decompress."""
    assert inflated(encoding) == b""


@PACKERS
def test_early_end(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    """A body that ends in the middle is not whole."""
    packed = pack(TEXT)

    for size in (1, len(packed) - 1):
        with pytest.raises(CheckFailed, match=TRUNCATED):
            inflated(encoding, packed[:size])


@pytest.mark.parametrize(
    ("encoding", "body", "message"),
    [
        ("deflate", b"\xff\xff text", "deflate: corrupt input"),
        ("br", b"\xff\xff text", "brotli: corrupt input"),
        ("zstd", b"plain text", "zstd: corrupt input"),
    ],
)
def test_something_else(encoding: str, body: bytes, message: str) -> None:
    """A body that is not what it claims is named."""
    with pytest.raises(CheckFailed, match=f"^{message}$"):
        inflated(encoding, body)


def test_a_window_too_large() -> None:
    """A frame that wants more memory than servers may ask for is refused."""
    wide: dict[int, int] = {zstd.CompressionParameter.window_log: 27}
    packer = zstd.ZstdCompressor(options=wide)
    packed = packer.compress(bytes(1 << 20), packer.FLUSH_BLOCK)

    with pytest.raises(CheckFailed, match="zstd: corrupt input"):
        inflated("zstd", packed)


@PACKERS
@pytest.mark.parametrize("redirects", [0, 2])
async def test_a_body_is_checked_as_it_is_meant(
    visitor: Visitor, encoding: str, pack: Callable[[bytes], bytes], redirects: int
) -> None:
    """What is inside is checked and measured; the headers are as they came."""
    visit = await visitor.visit(
        answer(pack(TEXT), f"Content-Encoding: {encoding}"),
        max_redirects=redirects,
        check={"response": {"body": "^some body.*other$"}},
    )

    assert visit.error is None
    assert visit.response["body"]["bytes"] == len(TEXT)
    assert visit.response["headers"]["Content-Encoding"] == encoding


async def test_what_the_operator_asked_for(visitor: Visitor) -> None:
    """With redirects, who asks for an encoding is told what came."""
    packed = zlib.compress(TEXT)

    visit = await visitor.visit(
        answer(packed, "Content-Encoding: deflate"),
        max_redirects=2,
        check={"request": {"headers": {"Accept-Encoding": "deflate"}}},
    )

    assert visit.response["body"]["bytes"] == len(packed)


async def test_a_broken_encoding(visitor: Visitor) -> None:
    """A body that is not what it claims makes the target down."""
    visit = await visitor.visit(answer(b"\xff\xff text", "Content-Encoding: br"))

    assert visit.message == "failed reading HTTP response body: brotli: corrupt input"
