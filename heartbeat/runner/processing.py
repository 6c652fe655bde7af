"""What happens to documents between their making and their bytes.

Owns the order in which the processors of a monitor and those of the process see a
document, and what becomes of one they drop or lose. Must not know any processor.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from heartbeat.errors import ProcessorError
from heartbeat.event import encode
from heartbeat.runner.document import overlay

if TYPE_CHECKING:
    from collections.abc import Iterable

    from heartbeat.announce import Kinds
    from heartbeat.event import Event, Fields, Record
    from heartbeat.processors.chain import Chain
    from heartbeat.runner.site import Counts

log = logging.getLogger(__name__)

LOST: Final = "Failed to publish event: %s"

_OF_THE_PROCESS: Final = ("agent", "ecs")
"""What the processors of a monitor do not see, as in the reference."""


@dataclass(frozen=True, slots=True)
class Processing:
    """The processors that the documents of a monitor go through: its own, then all's.

    `losses` announces events that are lost, `counts` has those that are dropped.
    """

    own: Chain
    common: Chain
    counts: Counts
    losses: Kinds

    async def records(self, events: Iterable[Event]) -> list[Record]:
        """Return what is left of the events, encoded.

        Waits only for processors that wait.
        """
        records: list[Record] = []
        for event in events:
            try:
                kept = await self._processed(event)
            except ProcessorError as error:
                self.losses.add(LOST, str(error), str(error), 1)
                kept = None
            if kept is None or not kept.fields:
                self.counts.filtered += 1
            else:
                records.append(encode(kept))
        return records

    async def _processed(self, event: Event) -> Event | None:
        if not self.own:
            return await self.common.run(event)
        fields = event.fields
        hidden: Fields = {
            name: fields.pop(name) for name in _OF_THE_PROCESS if name in fields
        }
        changed = await self.own.run(event)
        if changed is None:
            return None
        changed.fields = _completed(changed.fields, hidden)
        return await self.common.run(changed)


def _completed(fields: Fields, hidden: Fields) -> Fields:
    """Return the fields with what was hidden, less what the processors set instead."""
    whole: dict[str, Any] = {**fields}
    for name, members in hidden.items():
        present: Any = fields.get(name, {})
        if isinstance(present, dict):
            present = overlay(members, cast("Fields", present))
        whole[name] = present
    return whole


def interrupted() -> bool:
    """Return whether the task that runs was cancelled while it waited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
