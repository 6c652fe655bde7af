"""Processors as a list in a file has them, and events for them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartbeat.config import Section
from heartbeat.errors import ConfigError
from heartbeat.event import Event, Routing
from heartbeat.net import Network
from heartbeat.processors.base import ProcessorContext
from heartbeat.processors.build import build_chain
from heartbeat.processors.sources import Sources
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.clock import Clock
    from heartbeat.processors.base import AnyProcessor
    from heartbeat.processors.chain import Chain

AT = 1_790_000_000_123_456_789
"""2026-09-21T14:13:20.123456789Z, the time of events here."""


def event(fields: Mapping[str, Any] | None = None, **more: Any) -> Event:
    """Return an event with these fields and the id `id-1`."""
    return Event(AT, Routing("id-1"), {**(fields or {}), **more})


def context(clock: Clock | None = None, **more: Any) -> ProcessorContext:
    """Return what processors are built with; nothing is connected."""
    given: dict[str, Any] = {"hostname": "probe-1", "config": Path(), **more}
    return ProcessorContext(Network(clock or FakeClock()), Sources(), **given)


def chain(*written: Any, within: ProcessorContext | None = None) -> Chain:
    """Return the processors of a list."""
    section = Section({"processors": list(written)}).get("processors")
    return build_chain(section, within or context())


def processor(
    name: str, options: Any = None, within: ProcessorContext | None = None
) -> AnyProcessor:
    """Return one processor as its options describe it."""
    (step,) = chain({name: options}, within=within)
    found: Any = step
    return found.processor  # type: ignore[no-any-return]


def processed(
    name: str,
    options: Any,
    fields: Mapping[str, Any] | None = None,
    within: ProcessorContext | None = None,
) -> dict[str, Any] | None:
    """Return what becomes of the fields in one processor, None if it drops them.

    Raises its `ProcessorError`.
    """
    one = chain({name: options}, within=within)
    changed = asyncio.run(one.run_strictly(event(fields)))
    return None if changed is None else changed.fields


def faults(*written: Any, within: ProcessorContext | None = None) -> list[str]:
    """Return what is wrong with a list of processors."""
    try:
        chain(*written, within=within)
    except ConfigError as error:
        return [str(problem) for problem in error.problems]
    return []
