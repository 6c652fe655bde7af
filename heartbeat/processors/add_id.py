"""`add_id`: a unique id for every event.

Owns that processor and the form of its ids, which is Elasticsearch's own. Must not know
any other.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from threading import Lock
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from heartbeat.config import Text, Words
from heartbeat.processors.access import put
from heartbeat.processors.options import ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.clock import Clock
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

TARGET = "@metadata._id"
TYPES = ("elasticsearch",)
_NODE = secrets.token_bytes(6)
_24_BITS = 0xFF_FFFF


def _type(text: str) -> str:
    if text not in TYPES:
        raise ValueError(f"invalid type [{text}]")
    return text


class Options(ProcessorOptions):
    """`add_id`: puts a unique, time-based id of 20 characters into the event."""

    target_field: Text = Field(default=TARGET, description="Where it goes.")
    type: Annotated[Text, AfterValidator(_type), Words(TYPES)] = Field(
        default="elasticsearch", description="The form of the id."
    )


def build(section: Section, context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    target = options.target_field or TARGET
    ids = TimeBasedIds(context.clock)

    def process(event: Event) -> Event:
        put(event, target, ids.next())
        return event

    return process


class TimeBasedIds:
    """Makes ids as Elasticsearch does: bytes that change slowly come first.

    That order keeps its index of ids small.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0
        self._lock = Lock()

    def next(self) -> str:
        """Return an id no other call has returned."""
        with self._lock:
            _sequence.value = (_sequence.value + 1) & _24_BITS
            number = _sequence.value
            at = max(self._clock.now() // 1_000_000, self._last)
            # A sequence that begins anew within a millisecond must not repeat an id.
            self._last = at = at + 1 if number == 0 else at
        packed = bytes((number & 0xFF, number >> 16, *_bytes(at, 16, 24, 32, 40)))
        rest = bytes((*_bytes(at, 8), number >> 8 & 0xFF, *_bytes(at, 0)))
        return urlsafe_b64encode(packed + _NODE + rest).decode()


class _Sequence:
    """The number that tells ids of one millisecond apart, for the whole process."""

    def __init__(self) -> None:
        self.value = secrets.randbits(24)


_sequence = _Sequence()


def _bytes(number: int, *shifts: int) -> list[int]:
    return [number >> shift & 0xFF for shift in shifts]
