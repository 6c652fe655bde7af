"""What a processor is, to the core and to whoever writes a new one.

A processor is a module with a frozen model `Options` and one function, `build`, that
turns a section into a callable. Owns that contract: what a processor gets, what it may
do and how it says that it could not. Must not know any particular processor.

Values in an event are never changed in place, because events share them: read with
`heartbeat.processors.access.get`, write with `put` and `delete`, and put a new list or
mapping instead of writing into one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from heartbeat.event import Event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.clock import Clock
    from heartbeat.config import Section
    from heartbeat.net import Network
    from heartbeat.processors.sources import Sources

Processor: TypeAlias = Callable[[Event], Event | None]
"""Changes an event and returns it, or None to drop it.

Raises `ProcessorError` if it could not do its work. Runs on the event loop for every
document: it must not block.
"""


@runtime_checkable
class AsyncProcessor(Protocol):
    """A processor that has to wait for something now and then.

    The event's document waits with it, so it must have a deadline of its own. Events
    whose list of processors has none of these are never held up.
    """

    async def process(self, event: Event, /) -> Event | None:
        """Do what a `Processor` does."""
        ...


AnyProcessor: TypeAlias = "Processor | AsyncProcessor"


class Source(Protocol):
    """Facts that a background task keeps fresh for processors."""

    async def run(self) -> None:
        """Gather the facts and keep them fresh, until cancelled.

        May return when there is nothing more to learn. Must not raise for what is
        wrong outside: say it in the log once, and try again later.
        """


@runtime_checkable
class Sourced(Protocol):
    """A processor that needs sources to run while it is in use."""

    @property
    def sources(self) -> Sequence[Source]:
        """Return them, as `Sources.of` gave them out."""
        ...


@dataclass(frozen=True, slots=True)
class ProcessorContext:
    """What processors are built with, beside their own section.

    `hostname` is the name of the machine, `agent` the members of `agent` in documents,
    `config` the directory that relative file names start from. `environment` holds the
    variables of the process.
    """

    network: Network
    sources: Sources
    hostname: str = ""
    agent: Mapping[str, str] = field(default_factory=dict[str, str])
    config: Path = Path()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def clock(self) -> Clock:
        """Return the clock of the process."""
        return self.network.clock


class Build(Protocol):
    """The `build` function of a processor's module."""

    def __call__(self, section: Section, context: ProcessorContext, /) -> AnyProcessor:
        """Return the processor; does no I/O beyond reading files named in options.

        May be called in any thread, also just to find faults. Raises `ConfigError` for
        options that cannot work.
        """
        ...


Value: TypeAlias = Any
"""What an event may hold: text, numbers, booleans, None, lists and mappings of these.

Times are text: `2026-11-22T21:00:26.183Z`."""
