"""gzip that other programs understand, at any level."""

from __future__ import annotations

import gzip
import zlib

import pytest

from heartbeat.deflate import ZLIB, compress, decompress, decompress_within

TEXT = b'{"monitor":{"status":"up"}}\n' * 100
PACKED = gzip.compress(TEXT, mtime=0)


@pytest.mark.parametrize("level", range(1, 10))
def test_every_level_is_gzip(level: int) -> None:
    """Each of zlib's levels is understood and gives gzip."""
    assert gzip.decompress(compress(TEXT, level)) == TEXT


def test_zlib_is_another_form() -> None:
    """The same data in the other wrapping."""
    assert zlib.decompress(compress(TEXT, form=ZLIB)) == TEXT


def test_gzip_of_others_is_read() -> None:
    """What zlib compressed is decompressed."""
    assert decompress(gzip.compress(TEXT)) == TEXT


@pytest.mark.parametrize("data", [b"", b"plain", compress(TEXT)[:-1]])
def test_damage_is_noticed(data: bytes) -> None:
    """Anything that is not whole gzip raises."""
    with pytest.raises(ValueError, match="damaged gzip data: "):
        decompress(data)


@pytest.mark.parametrize(
    ("data", "limit", "message"),
    [
        (PACKED, len(TEXT) - 1, "more than .* bytes when unpacked"),
        (PACKED[:-1], len(TEXT), "damaged gzip data: it ends too early"),
        (b"plain", 100, "damaged gzip data: "),
    ],
)
def test_limits(data: bytes, limit: int, message: str) -> None:
    """No more is unpacked than there may be."""
    with pytest.raises(ValueError, match=message):
        decompress_within(data, limit)


def test_within_limits() -> None:
    """What there may be is unpacked."""
    assert decompress_within(gzip.compress(TEXT), len(TEXT)) == TEXT
