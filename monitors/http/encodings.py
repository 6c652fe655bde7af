"""Content encodings other than gzip: deflate, br and zstd.

Owns how each is taken apart piece by piece, within bounded memory. Must not know
responses. gzip, of which the reference has words of its own, is in `body`.
"""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import brotli

from heartbeat.errors import CheckFailed
from heartbeat.monitors.http.body import PIECE, TRUNCATED

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_brotli = cast("Any", brotli)  # it has no types

WINDOW_LOG: Final = 23
"""8 MiB, the largest window that RFC 9659 allows to servers."""

_CORRUPT = "{}: corrupt input"


class Inflater(Protocol):
    """Decompresses a body."""

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes decompress to, in pieces of about `PIECE`.

        Raises `CheckFailed` for bytes that are not of this encoding.
        """
        ...

    def finish(self) -> None:
        """Raise `CheckFailed` if the body ended in the middle."""
        ...


class Inflate:
    """Decompresses `deflate`, with the zlib header or, as some servers do, without."""

    __slots__ = ("_held", "_inflater")

    def __init__(self) -> None:
        """Expect either, or nothing at all."""
        self._held = b""
        self._inflater: Any = None  # zlib has no public name for its type

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes decompress to."""
        if self._inflater is None:
            data = self._held + data
            if len(data) < 2:  # noqa: PLR2004 - the size of a zlib header
                self._held = data
                return
            self._inflater = zlib.decompressobj(_window_bits(data))
        inflater, piece = self._inflater, b""
        while (data or len(piece) == PIECE) and not inflater.eof:
            try:
                piece = inflater.decompress(data, PIECE)
            except zlib.error as error:
                raise CheckFailed.io(_CORRUPT.format("deflate")) from error
            data = inflater.unconsumed_tail
            yield piece

    def finish(self) -> None:
        """Raise `CheckFailed` if the body ended in the middle."""
        if self._held if self._inflater is None else not self._inflater.eof:
            raise CheckFailed.io(TRUNCATED)


def _window_bits(data: bytes) -> int:
    """Tell by its two bytes whether there is a zlib header (RFC 1950)."""
    is_zlib = data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2]) % 31 == 0
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS


class Unbrotli:
    """Decompresses `br`."""

    __slots__ = ("_inflater", "_is_begun")

    def __init__(self) -> None:
        """Expect a stream, or nothing at all."""
        self._inflater = _brotli.Decompressor()
        self._is_begun = False

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes decompress to."""
        self._is_begun = self._is_begun or bool(data)
        inflater = self._inflater
        while not inflater.is_finished():
            try:
                piece: bytes = inflater.process(data, output_buffer_limit=PIECE)
            except _brotli.error as error:
                raise CheckFailed.io(_CORRUPT.format("brotli")) from error
            yield piece
            data = b""
            if inflater.can_accept_more_data() and len(piece) < PIECE:
                return

    def finish(self) -> None:
        """Raise `CheckFailed` if the body ended in the middle."""
        if self._is_begun and not self._inflater.is_finished():
            raise CheckFailed.io(TRUNCATED)


class Unzstd:
    """Decompresses `zstd`, several frames in a row included."""

    __slots__ = ("_inflater", "_is_begun")

    def __init__(self) -> None:
        """Expect a frame, or nothing at all."""
        self._inflater = _frame()
        self._is_begun = False

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes decompress to."""
        self._is_begun = self._is_begun or bool(data)
        piece = b""
        while data or len(piece) == PIECE:
            if self._inflater.eof:
                data = self._inflater.unused_data or data
                if not data:
                    return
                self._inflater = _frame()
            try:
                piece = self._inflater.decompress(data, PIECE)
            except zstd.ZstdError as error:
                raise CheckFailed.io(_CORRUPT.format("zstd")) from error
            yield piece
            data = self._inflater.unused_data if self._inflater.eof else b""

    def finish(self) -> None:
        """Raise `CheckFailed` if the body ended in the middle."""
        if self._is_begun and not self._inflater.eof:
            raise CheckFailed.io(TRUNCATED)


def _frame() -> zstd.ZstdDecompressor:
    limit: dict[int, int] = {zstd.DecompressionParameter.window_log_max: WINDOW_LOG}
    return zstd.ZstdDecompressor(options=limit)


INFLATERS: Final[Mapping[str, Callable[[], Inflater]]] = {
    "deflate": Inflate,
    "br": Unbrotli,
    "zstd": Unzstd,
}
