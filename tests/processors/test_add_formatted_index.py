"""`add_formatted_index`."""

from __future__ import annotations

import asyncio

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import chain, event, faults


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ("plain", "plain"),
        ("uptime-%{+yyyy.MM.dd}", "uptime-2026.09.21"),
        ("%{[monitor.type]}-%{[x]:none}", "http-none"),
        ("of-%{[@metadata][_id]}", "of-id-1"),
    ],
)
def test_index(index: str, expected: str) -> None:
    """The index depends on the time and on fields."""
    one = chain({"add_formatted_index": {"index": index}})
    changed = asyncio.run(one.run(event(monitor={"type": "http"})))

    assert changed is not None
    assert expected == changed.routing.index


def test_a_missing_field() -> None:
    """An event that has no place to go is lost."""
    one = chain({"add_formatted_index": {"index": "%{[x]}"}})

    with pytest.raises(ProcessorError, match="a field is missing"):
        asyncio.run(one.run(event()))


def test_faults() -> None:
    """A format string that makes no sense is told at once."""
    assert faults(
        {"add_formatted_index": {"index": "%{x"}}, {"add_formatted_index": {}}
    ) == [
        "missing '}' in '%{x' accessing 'processors.0.add_formatted_index.index'",
        "missing index option in processors.1.add_formatted_index",
    ]
