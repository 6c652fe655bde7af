"""A list of processors at work on an event.

Owns conditions around processors, the order, and what becomes of an event whose
processor failed. Must not know how a list is written.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, cast

from heartbeat.errors import ProcessorError
from heartbeat.processors.access import document
from heartbeat.processors.base import AsyncProcessor, Sourced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from heartbeat.conditions import Condition
    from heartbeat.event import Event
    from heartbeat.processors.base import AnyProcessor, Processor, Source

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class When:
    """A condition on events; `sees_all` if it asks for `@timestamp` or `@metadata`."""

    condition: Condition
    sees_all: bool = False

    def __call__(self, event: Event) -> bool:
        """Return whether the event is as wanted."""
        return self.condition(document(event) if self.sees_all else event.fields)


@dataclass(frozen=True, slots=True)
class Step:
    """One processor of a list, by the name of its action; `waits` if it may wait."""

    name: str
    processor: AnyProcessor
    when: When | None = None
    waits: bool = False

    @classmethod
    def of(cls, name: str, processor: AnyProcessor, when: When | None) -> Step:
        """Return the step; what kind of processor it is, is looked at only here."""
        return cls(name, processor, when, isinstance(processor, AsyncProcessor))

    @property
    def sources(self) -> Iterable[Source]:
        """Return what has to run for the processor."""
        found = self.processor
        return found.sources if isinstance(found, Sourced) else ()


@dataclass(frozen=True, slots=True)
class Branch:
    """An `if` with what is done then, and otherwise."""

    when: When
    then: Chain
    otherwise: Chain
    name: str = "if"

    @property
    def sources(self) -> Iterable[Source]:
        """Return what has to run for either side."""
        return (*self.then.sources, *self.otherwise.sources)


class Chain:
    """Processors in their order."""

    __slots__ = ("_steps", "sources")

    def __init__(self, steps: Iterable[Step | Branch] = ()) -> None:
        """Keep the steps; `sources` are what has to run for them."""
        self._steps = tuple(steps)
        found = chain.from_iterable(step.sources for step in self._steps)
        self.sources: Sequence[Source] = tuple(dict.fromkeys(found))

    def __len__(self) -> int:
        """Return how many steps there are."""
        return len(self._steps)

    def __iter__(self) -> Iterator[Step | Branch]:
        """Yield the steps."""
        return iter(self._steps)

    async def run(self, event: Event) -> Event | None:
        """Return the event as it is after all steps, None if one dropped it.

        A step that fails is passed over; raises its `ProcessorError` only if that is
        fatal. Waits only for processors that are asynchronous.
        """
        for step in self._steps:
            try:
                changed = await _taken(step, event)
            except ProcessorError as error:
                if error.is_fatal:
                    raise
                log.debug("Fail to apply processor %s: %s", step.name, error)
                continue
            if changed is None:
                return None
            event = changed
        return event

    async def run_strictly(self, event: Event) -> Event | None:
        """Do the same, but end with the first step that fails, raising its error."""
        for step in self._steps:
            changed = await _taken(step, event)
            if changed is None:
                return None
            event = changed
        return event


async def _taken(step: Step | Branch, event: Event) -> Event | None:
    """Return the event after a step; raises `ProcessorError`."""
    when = step.when
    if isinstance(step, Branch):
        side = step.then if step.when(event) else step.otherwise
        return await side.run_strictly(event)
    if when is not None and not when(event):
        return event
    try:
        if step.waits:
            return await _waited(cast("AsyncProcessor", step.processor), event)
        return cast("Processor", step.processor)(event)
    except ProcessorError:
        raise
    except Exception as error:
        log.debug("the processor %s raised", step.name, exc_info=True)
        raise ProcessorError(f"{type(error).__name__}: {error}") from error


async def _waited(processor: AsyncProcessor, event: Event) -> Event | None:
    """Return the event after a processor that waits.

    Being cancelled meanwhile fails the processor, not the document: its state has
    changed already, and both are to be kept together. Whoever keeps them looks for the
    cancellation afterwards (`heartbeat.runner`).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise ProcessorError("there is no time to wait any more")
    try:
        return await processor.process(event)
    except asyncio.CancelledError:
        if task is None or not task.cancelling():
            raise
        raise ProcessorError("interrupted") from None
