"""What tells one monitor from another: the reference's structural hash, and a digest.

Owns both over plain data. Must not know which options a monitor has.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from heartbeat.config.tree import Plain

_OFFSET = 0xCBF29CE484222325
_PRIME = 0x100000001B3
_MASK = 0xFFFFFFFFFFFFFFFF


def automatic_id(monitor_type: str, options: Plain) -> str:
    """Return the id of a monitor that has none: it changes with every option."""
    return f"auto-{monitor_type}-0X{structural_hash(options):X}"


def digest(options: Plain) -> str:
    """Return a text that is equal for equal options and for no others."""
    data = orjson.dumps(options, option=orjson.OPT_SORT_KEYS)
    return blake2b(data, digest_size=16).hexdigest()


def structural_hash(value: Plain) -> int:
    """Return the 64-bit hash the reference computes over a configuration.

    FNV-1 over the leaves; members of mappings combined in any order, entries of lists
    in theirs. A null member counts, as the number 0 would.
    """
    match value:
        case dict():
            return _mapping_hash(value)
        case list():
            return _list_hash(value)
        case str():
            return _text_hash(value)
        case bool():
            return _fnv(bytes((value,)))
        case _:
            return _fnv(_number_bytes(value))


def _mapping_hash(members: dict[str, Plain]) -> int:
    combined = 0
    for key, value in members.items():
        pair = _eight(_text_hash(key)) + _eight(structural_hash(value))
        combined ^= _fnv(pair)
    return _fnv(_eight(combined))


def _list_hash(entries: list[Plain]) -> int:
    combined = 0
    for entry in entries:
        combined = _fnv(_eight(combined) + _eight(structural_hash(entry)))
    return combined


def _number_bytes(value: float | None) -> bytes:
    if isinstance(value, float):
        return struct.pack("<d", value)
    return _eight(value or 0)


@lru_cache(maxsize=1024)
def _text_hash(text: str) -> int:
    return _fnv(text.encode(errors="surrogatepass"))


def _eight(number: int) -> bytes:
    return (number & _MASK).to_bytes(8, "little")


def _fnv(data: bytes) -> int:
    result = _OFFSET
    for byte in data:
        result = (result * _PRIME & _MASK) ^ byte
    return result
