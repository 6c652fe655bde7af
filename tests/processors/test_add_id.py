"""`add_id`."""

from __future__ import annotations

import asyncio
import re

from heartbeat.processors import add_id
from heartbeat.processors.add_id import TimeBasedIds
from tests.support.clock import FakeClock
from tests.support.processors import chain, event, faults, processed

FORM = re.compile(r"[A-Za-z0-9_-]{20}")
# pyright: reportPrivateUsage=false


def test_the_id_of_the_document() -> None:
    """By default it becomes the id in the receiver."""
    changed = asyncio.run(chain({"add_id": {}}).run(event()))

    assert changed is not None
    assert FORM.fullmatch(changed.routing.id)


def test_another_field() -> None:
    """It can go anywhere else."""
    fields = processed("add_id", {"target_field": "my.id"})

    assert fields is not None
    assert FORM.fullmatch(fields["my"]["id"])


def test_unique() -> None:
    """Ids differ within a moment, also where the sequence begins anew."""
    ids = TimeBasedIds(FakeClock())
    add_id._sequence.value = 0xFF_FFFD

    made = [ids.next() for _ in range(6)]

    assert len(set(made)) == 6
    assert len({one[:8] for one in made}) == 6


def test_unknown_type() -> None:
    """There is one form of ids."""
    assert faults({"add_id": {"type": "uuid"}}) == [
        "invalid type [uuid] accessing 'processors.0.add_id.type'"
    ]
