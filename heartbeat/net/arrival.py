"""When the kernel saw what a socket hands out.

Owns how the kernel is asked for that and how it answers. Must not know what is read.

A busy loop takes an answer later than it came. The kernel stamps what comes in, once
anybody has asked it to: a socket that is never used keeps it at that, for to begin and
end with it again and again would cost far more than the stamps.
"""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from functools import cache
from struct import Struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SO_TIMESTAMPNS: Final = 35
"""Of Linux, asm-generic/socket.h; the socket module has no name for it."""

_STAMP: Final = Struct("@ll")
ROOM: Final = socket.CMSG_SPACE(_STAMP.size)
"""What a stamp takes beside the data that are read."""


def tell_arrivals(sock: socket.SocketType) -> None:
    """Have a socket tell when what is read of it came, if the system can."""
    if sys.platform == "linux":
        _keep_stamping()
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)


def arrival(ancillary: Iterable[tuple[int, int, bytes]]) -> int:
    """Return when the last of the data came, in nanoseconds since the epoch, or 0."""
    for level, kind, data in ancillary:
        if kind == SO_TIMESTAMPNS and level == socket.SOL_SOCKET:
            return moment(data)
    return 0


def moment(stamp: bytes) -> int:
    """Return what a stamp of the kernel says, in nanoseconds since the epoch."""
    seconds, rest = _STAMP.unpack(stamp)
    return int(seconds * 1_000_000_000 + rest)


@cache
def _keep_stamping() -> int:
    """Return the descriptor of the socket that keeps the kernel stamping, -1 for none.

    It is open for as long as the process lives.
    """
    with suppress(OSError):
        kept = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        kept.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        return kept.detach()
    return -1
