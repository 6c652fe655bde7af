"""Processors that do the same to each of several fields.

Owns the options such processors share and what they mean: a pair of names, what is
missing, what fails. Must not know what is done to a field.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import Field

from heartbeat.conditions import MISSING
from heartbeat.config import Flag, Options
from heartbeat.errors import ProcessorError
from heartbeat.processors.access import (
    Snapshot,
    all_or_nothing,
    get,
    has,
    type_name,
)
from heartbeat.processors.options import Path, ProcessorOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from heartbeat.event import Event
    from heartbeat.processors.base import Processor

T = TypeVar("T")

log = logging.getLogger(__name__)


class FromTo(Options):
    """A field and what becomes of it."""

    source: Path = Field(alias="from", description="The field.")
    to: Path = Field(description="The field it becomes.")


class MissingOptions(ProcessorOptions):
    """What all processors of fields ask."""

    ignore_missing: Flag = Field(
        default=False, description="A missing field is no failure."
    )


class FailingOptions(MissingOptions):
    """What processors ask that can be undone."""

    fail_on_error: Flag = Field(
        default=True,
        description="Undo everything if a part fails, and tell error.message.",
    )


def for_each(
    items: Iterable[T],
    change: Callable[[Event, T], object],
    title: str,
    *,
    fail_on_error: bool,
) -> Processor:
    """Return the processor that makes a change for each item.

    The first failure undoes all with `fail_on_error`; without, it undoes only its own
    change. `title` begins the error text.
    """
    wanted = tuple(items)

    def strictly(event: Event) -> None:
        for item in wanted:
            try:
                change(event, item)
            except ProcessorError as error:
                raise ProcessorError(f"{title}: {error}") from error

    def process(event: Event) -> Event:
        if fail_on_error:
            all_or_nothing(event, strictly)
            return event
        for item in wanted:
            before = Snapshot.of(event)
            try:
                change(event, item)
            except ProcessorError as error:
                before.restore(event)
                log.debug("%s: %s", title, error)
        return event

    return process


def fetch(event: Event, path: str, *, ignore_missing: bool = False) -> Any:
    """Return the value at a path; `MISSING`, or an error, if there is none."""
    value = get(event, path)
    if value is MISSING and not ignore_missing:
        raise ProcessorError(
            f"could not fetch value for key: {path}, Error: key not found"
        )
    return value


def fetch_text(event: Event, path: str, *, ignore_missing: bool = False) -> str | None:
    """Return the text at a path; None, or an error, if there is none."""
    value = fetch(event, path, ignore_missing=ignore_missing)
    if value is MISSING:
        return None
    if not isinstance(value, str):
        raise ProcessorError(
            f"invalid type for `{path}`, expecting a string received {type_name(value)}"
        )
    return value


def must_be_free(event: Event, path: str) -> None:
    """Raise `ProcessorError` if there is a value at the path."""
    if has(event, path):
        raise ProcessorError(
            f"target field {path} already exists, drop or rename this field first"
        )
