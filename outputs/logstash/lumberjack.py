"""The Lumberjack protocol, version 2: bytes of windows and of their acknowledgements.

Owns the frames. Does no I/O and must not know events, connections or retries.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from heartbeat.deflate import ZLIB, compress

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = b"2"
ACK = VERSION + b"A"
ACK_SIZE = 6

_window = struct.Struct(">2sI").pack
_data = struct.Struct(">2sII").pack


class ProtocolError(Exception):
    """The peer sent something that the protocol does not have."""


def window(payloads: Sequence[bytes], level: int) -> bytes:
    """Return the frames that carry the payloads, numbered from 1.

    `level` is zlib's; 0 sends them as they are.
    """
    announced = _window(VERSION + b"W", len(payloads))
    frames: list[bytes] = []
    for sequence, payload in enumerate(payloads, 1):
        frames.append(_data(VERSION + b"J", sequence, len(payload)))
        frames.append(payload)
    if level == 0:
        return b"".join((announced, *frames))
    stream = compress(b"".join(frames), level, form=ZLIB)
    return b"".join((announced, _window(VERSION + b"C", len(stream)), stream))


class AckReader:
    """Finds acknowledgements in what the peer sends, however it is cut."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        """Begin with nothing."""
        self._rest = b""

    def feed(self, data: bytes) -> list[int]:
        """Return the sequence numbers that are complete now, 0 for a sign of life.

        Raises `ProtocolError`.
        """
        data = self._rest + data
        whole = len(data) // ACK_SIZE * ACK_SIZE
        self._rest = data[whole:]
        frames = [data[at : at + ACK_SIZE] for at in range(0, whole, ACK_SIZE)]
        for frame in (*frames, self._rest):
            if not ACK.startswith(frame[:2]):
                raise ProtocolError(f"not an acknowledgement: {frame!r}")
        return [int.from_bytes(frame[2:]) for frame in frames]
