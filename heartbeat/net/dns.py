"""Questions to name servers and their answers, as bytes (RFC 1035, RFC 3596).

Owns the codec for the kinds of questions asked here. Must not do I/O or know which
server is asked.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

A, PTR, TXT, AAAA = 1, 12, 16, 28
"""Kinds of questions: for IPv4 addresses, names, texts and IPv6 addresses."""

HEADER = struct.Struct("!6H")
RECORD = struct.Struct("!HHIH")
INTERNET = 1
IS_ANSWER, IS_TRUNCATED, WANTS_RECURSION = 0x8000, 0x0200, 0x0100
CODE = 0x000F
POINTER = 0xC0
LONGEST_LABEL = 63
MAX_LABELS = 128
"""Labels and pointers of a name: more than can be, so that pointers in a circle end."""
MAX_TTL = 0x7FFF_FFFF
"""Above this a time to live counts as none (RFC 2181, 8)."""

DONE, NO_SUCH_NAME = 0, 3
"""Codes of answers that are to be believed; all others are faults of the server."""

FAMILIES = {A: (socket.AF_INET, 4), AAAA: (socket.AF_INET6, 16)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: `code` is its verdict, `ttl` is in seconds.

    `addresses` are names or texts if that was the question. `is_truncated` means that
    there is more to be had over TCP.
    """

    code: int
    addresses: tuple[str, ...] = ()
    ttl: int = 0
    is_truncated: bool = False


def encode_question(number: int, name: str, kind: int) -> bytes:
    """Return a question for an absolute name; raises `ValueError` if it is not one."""
    labels = [label.encode("ascii") for label in name.removesuffix(".").split(".")]
    if not all(0 < len(label) <= LONGEST_LABEL for label in labels):
        raise ValueError(f"{name} is no name")
    header = HEADER.pack(number, WANTS_RECURSION, 1, 0, 0, 0)
    encoded = b"".join(bytes((len(label),)) + label for label in labels)
    return b"".join((header, encoded, b"\0", struct.pack("!HH", kind, INTERNET)))


def decode_answer(message: bytes, question: bytes) -> Answer | None:
    """Return what a message says to a question, None if it does not belong to it."""
    try:
        return _decoded(message, question)
    except (struct.error, IndexError):
        return None


def _decoded(message: bytes, question: bytes) -> Answer | None:
    number, flags, _, count, _, _ = HEADER.unpack_from(message)
    asked = question[HEADER.size :].lower()
    start = HEADER.size + len(asked)
    if (
        number != int.from_bytes(question[:2])
        or not flags & IS_ANSWER
        or message[HEADER.size : start].lower() != asked
    ):
        return None
    kind = int.from_bytes(question[-4:-2])
    if flags & IS_TRUNCATED:
        return Answer(flags & CODE, is_truncated=True)
    addresses, ttl = _records(message, start, count, kind)
    return Answer(flags & CODE, addresses, ttl)


def _records(
    message: bytes, place: int, count: int, wanted: int
) -> tuple[tuple[str, ...], int]:
    """Return the data of one kind, and for how long all on the way to it hold.

    The records on the way (CNAME) belong to the answer, whatever names they are for:
    the server followed them.
    """
    found: list[str] = []
    ttls: list[int] = []
    for _ in range(count):
        place = _after_name(message, place)
        kind, network, ttl, length = RECORD.unpack_from(message, place)
        place += RECORD.size
        if network == INTERNET:
            ttls.append(ttl if ttl <= MAX_TTL else 0)
            data = _data(message, place, length, kind) if kind == wanted else None
            if data is not None:
                found.append(data)
        place += length
    return tuple(dict.fromkeys(found)), min(ttls, default=0)


def _data(message: bytes, place: int, length: int, kind: int) -> str | None:
    """Return what a record holds, None if it is not as its kind has it."""
    data = message[place : place + length]
    if kind == PTR:
        return _name(message, place)
    if kind == TXT:
        return _text(data)
    family, size = FAMILIES[kind]
    return socket.inet_ntop(family, data) if len(data) == size else None


def _name(message: bytes, place: int) -> str | None:
    """Return a name without its last dot; None if it is longer than names can be."""
    labels: list[str] = []
    for _ in range(MAX_LABELS):
        length = message[place]
        if length >= POINTER:
            place = int.from_bytes(message[place : place + 2]) & ~(POINTER << 8)
        elif length:
            labels.append(message[place + 1 : place + 1 + length].decode("latin-1"))
            place += length + 1
        else:
            return ".".join(labels)
    return None


def _text(data: bytes) -> str:
    """Return the parts of a text as one."""
    parts: list[bytes] = []
    while data:
        parts.append(data[1 : 1 + data[0]])
        data = data[1 + data[0] :]
    return b"".join(parts).decode("utf-8", "replace")


def _after_name(message: bytes, place: int) -> int:
    """Return where a name ends; what it points to is of no interest."""
    while length := message[place]:
        if length >= POINTER:
            return place + 2
        place += length + 1
    return place + 1
