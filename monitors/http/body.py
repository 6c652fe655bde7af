"""What is made of a body while it arrives: size, hash, sample, decompression.

Owns the limits on bodies. Must not know how bytes travel or where a body ends.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

from heartbeat.errors import CheckFailed
from heartbeat.monitors.http.response import EMPTY_SHA256, Body

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY_LIMIT = 1 << 30
"""A larger body ends the check: it would be hashed until the deadline, and again at the
next tick."""

INFLATED_LIMIT = 100 << 20
"""The same for decompressed bodies, whose bytes cost the target nothing to send."""

PIECE = 256 << 10
"""How much is decompressed in one go: some milliseconds with hashing."""

GZIP_MAGIC = b"\x1f\x8b\x08"
TRUNCATED = "connection closed unexpectedly: unexpected EOF"

_GZIP = zlib.MAX_WBITS | 16
_REASONS = {
    "incorrect header check": "gzip: invalid header",
    "incorrect data check": "gzip: invalid checksum",
    "incorrect length check": "gzip: invalid checksum",
}


class BodySink:
    """Takes a body piece by piece and keeps what is reported of it."""

    __slots__ = ("_digest", "_kept", "_limit", "_room", "_size")

    def __init__(self, keep: int, limit: int) -> None:
        """Keep the first `keep` bytes as the sample; refuse more than `limit`."""
        self._room = keep
        self._limit = limit
        self._size = 0
        self._kept: list[bytes] = []
        self._digest = hashlib.sha256()

    def add(self, data: bytes) -> None:
        """Take the next piece; raises `CheckFailed` when the body is too large."""
        self._size += len(data)
        if self._size > self._limit:
            raise CheckFailed.io(f"body is larger than {self._limit} bytes")
        self._digest.update(data)
        if self._room:
            kept = data[: self._room]
            self._kept.append(kept)
            self._room -= len(kept)

    def body(self) -> Body:
        """Return what is known of the body taken so far."""
        digest = self._digest.hexdigest() if self._size else EMPTY_SHA256
        return Body(b"".join(self._kept), self._size, digest)


class Gunzip:
    """Decompresses a gzip body, several members in a row included."""

    __slots__ = ("_inflater", "_is_begun")

    def __init__(self) -> None:
        """Expect a member, or nothing at all."""
        self._inflater = zlib.decompressobj(_GZIP)
        self._is_begun = False

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """Yield what the next bytes decompress to, in pieces of at most `PIECE`.

        Raises `CheckFailed` for bytes that are not gzip.
        """
        self._is_begun = True
        piece = b""
        while data or len(piece) == PIECE:
            if self._inflater.eof:
                self._inflater = zlib.decompressobj(_GZIP)
            try:
                piece = self._inflater.decompress(data, PIECE)
            except zlib.error as error:
                raise CheckFailed.io(_reason(error)) from error
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
            yield piece

    def finish(self) -> None:
        """Raise `CheckFailed` if the body ended in the middle."""
        if self._is_begun and not self._inflater.eof:
            raise CheckFailed.io(TRUNCATED)


def _reason(error: zlib.error) -> str:
    for words, reason in _REASONS.items():
        if words in str(error):
            return reason
    return "flate: corrupt input"
