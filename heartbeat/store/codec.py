"""Records and monitor states as the bytes that the store keeps.

A chunk is gzip over lines, two for each record: its routing as JSON, then its body. The
journal of states has the same shape: a monitor id as JSON, then its state. Compressing
is cheaper than writing the plain bytes would be, lets the same disk hold several times
the backlog, and `gunzip` still shows everything to an operator. Owns that form. Must
not know where the bytes are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from heartbeat.deflate import compress, decompress
from heartbeat.errors import StoreError
from heartbeat.event import Record, Routing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Damaged(StoreError):  # noqa: N818 - a state, not a fault of the program
    """What was read back is not what was written."""


def pack_records(records: Sequence[Record]) -> bytes:
    """Return the records as a chunk; their sequences are not part of it."""
    lines: list[bytes] = []
    for record in records:
        routing = record.routing
        header: dict[str, Any] = {"id": routing.id, "timestamp": record.timestamp}
        if routing.index is not None:
            header["index"] = routing.index
        if routing.pipeline is not None:
            header["pipeline"] = routing.pipeline
        if routing.extra:
            header["extra"] = routing.extra
        lines += (orjson.dumps(header), record.body)
    return compress(b"\n".join(lines))


def unpack_records(chunk: bytes, first: int) -> list[Record]:
    """Return the records of a chunk, numbered from `first`; raises `Damaged`."""
    lines = _lines(chunk)
    try:
        return [
            _record(orjson.loads(header), body, sequence)
            for sequence, (header, body) in enumerate(
                zip(lines[::2], lines[1::2], strict=True), first
            )
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"a chunk of events is damaged: {error}") from error


def pack_states(states: Mapping[str, bytes]) -> bytes:
    """Return the states as an entry of the journal; a state is one line of bytes."""
    lines: list[bytes] = []
    for monitor, state in states.items():
        lines += (orjson.dumps(monitor), state)
    return compress(b"\n".join(lines))


def unpack_states(entry: bytes) -> dict[str, bytes]:
    """Return the states of a journal entry; raises `Damaged`."""
    lines = _lines(entry)
    try:
        return {
            orjson.loads(monitor): state
            for monitor, state in zip(lines[::2], lines[1::2], strict=True)
        }
    except (ValueError, TypeError) as error:
        raise Damaged(f"an entry of monitor states is damaged: {error}") from error


def _record(header: dict[str, Any], body: bytes, sequence: int) -> Record:
    routing = Routing(
        header["id"], header.get("index"), header.get("pipeline"), header.get("extra")
    )
    return Record(body, routing, header["timestamp"], sequence)


def _lines(packed: bytes) -> list[bytes]:
    try:
        return decompress(packed).split(b"\n")
    except ValueError as error:
        raise Damaged(str(error)) from error
