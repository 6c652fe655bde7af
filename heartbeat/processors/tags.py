"""Words that processors add to lists of an event, such as `tags` and `log.flags`.

Owns how they are added. Must not know which words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from heartbeat.conditions import MISSING
from heartbeat.errors import ProcessorError
from heartbeat.processors.access import get, put, type_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from heartbeat.event import Event

TAGS: Final = "tags"
FLAGS: Final = "log.flags"


def add_words(event: Event, path: str, words: Iterable[str]) -> None:
    """Add words to the end of a list; raises `ProcessorError` if it is none."""
    present = get(event, path)
    if present is MISSING or present is None:
        put(event, path, [*words])
    elif isinstance(present, (list, tuple)):
        put(event, path, [*cast("Iterable[Any]", present), *words])
    else:
        raise ProcessorError(f"expected string array by type is {type_name(present)}")
