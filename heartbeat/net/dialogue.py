"""Conversations with a proxy, apart from the connection they are held on.

Owns the form of such a conversation: a generator that yields bytes to be sent, or None
when it wants the next bytes of the peer (`b""` at the end of the stream), and returns
what the peer sent beyond it. Must not do I/O or know any protocol.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias

Dialogue: TypeAlias = Generator[bytes | None, bytes, bytes]
"""A conversation; raises `Refused`."""

Reading: TypeAlias = Generator[None, bytes, bytes]
"""The part of a conversation that waits for bytes; raises `Refused`."""


class Refused(Exception):  # noqa: N818 - the proxy's answer, not a fault
    """The proxy does not let us through, or does not speak its protocol."""


class Inbox:
    """What the peer has sent and nobody has taken yet."""

    __slots__ = ("_taken", "data")

    def __init__(self) -> None:
        """Begin empty."""
        self.data = bytearray()
        self._taken = 0

    def exactly(self, size: int) -> Reading:
        """Take this many bytes."""
        while len(self.data) < size:
            yield from self._more()
        return self._take(size)

    def until(self, mark: bytes, limit: int) -> Reading:
        """Take all up to and including `mark`, within the first `limit` bytes of all.

        Those taken before count too.
        """
        limit -= self._taken
        while (found := self.data.find(mark)) < 0 and len(self.data) < limit:
            yield from self._more()
        end = found + len(mark)
        if found < 0 or end > limit:
            raise Refused(f"the answer is longer than {limit + self._taken} bytes")
        return self._take(end)

    def _more(self) -> Generator[None, bytes, None]:
        received = yield None
        if not received:
            raise Refused("unexpected EOF" if self.data else "EOF")
        self.data += received

    def _take(self, size: int) -> bytes:
        taken = bytes(self.data[:size])
        del self.data[:size]
        self._taken += size
        return taken
