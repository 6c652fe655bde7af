"""gzip and zlib streams at a fraction of zlib's cost.

Owns the choice of the library (isal) and its levels. Must not know what is compressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from isal import igzip_lib, isal_zlib

if TYPE_CHECKING:
    from collections.abc import Callable

GZIP = 31
"""Window bits that stand for a gzip header and trailer."""

ZLIB = 15
"""Window bits that stand for a zlib header and trailer."""

MAX_LEVEL = 3

_compress = cast("Callable[[bytes, int, int], bytes]", cast("Any", isal_zlib).compress)
_decompress = cast("Callable[[bytes, int], bytes]", cast("Any", isal_zlib).decompress)
_Damage = cast("type[Exception]", cast("Any", igzip_lib).IsalError)


def compress(data: bytes, level: int = 1, *, form: int = GZIP) -> bytes:
    """Return the data as gzip, or as zlib; `level` is zlib's, 1 to 9.

    The library has fewer levels, and its best is about as good as zlib's 5: higher ones
    mean that. Releases the interpreter lock, so it may run beside the loop.
    """
    return _compress(data, min(level, MAX_LEVEL), form)


def decompress(data: bytes) -> bytes:
    """Return what was compressed; raises `ValueError` if it is damaged."""
    try:
        return _decompress(data, GZIP)
    except _Damage as error:
        raise ValueError(f"damaged gzip data: {error}") from error


def decompress_within(data: bytes, limit: int) -> bytes:
    """Return what was compressed as gzip, of which there may be so many bytes.

    Raises `ValueError` if it is damaged, incomplete or more.
    """
    stream = cast("Any", isal_zlib).decompressobj(GZIP)
    try:
        plain: bytes = stream.decompress(data, limit + 1)
    except _Damage as error:
        raise ValueError(f"damaged gzip data: {error}") from error
    if len(plain) > limit:
        raise ValueError(f"more than {limit} bytes when unpacked")
    if not stream.eof:
        raise ValueError("damaged gzip data: it ends too early")
    return plain
