"""`add_agent_metadata`: who wrote the event.

Owns that processor. Must not know where the facts come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from heartbeat.processors.access import get, put
from heartbeat.processors.merging import merged
from heartbeat.processors.options import ProcessorOptions, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event, Fields
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(ProcessorOptions):
    """`add_agent_metadata`: writes to `agent` who wrote the event, where it lacks."""


def build(section: Section, context: ProcessorContext) -> Processor:
    """Return the processor; what the event says of the agent stays."""
    unpacked(section, Options)
    agent: Fields = dict(context.agent)

    def process(event: Event) -> Event:
        present = get(event, "agent")
        known = cast("Fields", present) if isinstance(present, dict) else {}
        put(event, "agent", merged(agent, known, overwrite=True))
        return event

    return process
