"""What a bulk answer says about each record.

Owns which status of an item means what, and the tally of a batch that took several
requests. Must not know how requests are made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import orjson

from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.base import Delivery, Rejection
from heartbeat.outputs.elasticsearch.server import as_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.event import Record
    from heartbeat.outputs.base import Batch
    from heartbeat.outputs.elasticsearch.server import Answer

REDIRECTS, CONFLICT, SERVER_ERRORS = 300, 409, 500
NOT_PERMITTED = (401, 403)
PASSING = (*NOT_PERMITTED, 429)
"""Statuses that someone can put right, or that go by, without the event changing."""

OVERLOAD = "es_rejected_execution_exception"
MAX_CAUSES = 5


class Meaning(Enum):
    """What becomes of a record because of its item."""

    TAKEN = auto()
    DUPLICATE = auto()
    LATER = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True)
class Item:
    """The part of an answer about one record."""

    status: int
    error: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def meaning(self) -> Meaning:
        """Return what is to become of the record."""
        if self.status < REDIRECTS:
            return Meaning.TAKEN
        if self.status == CONFLICT:
            return Meaning.DUPLICATE
        if self.status in PASSING or self.status >= SERVER_ERRORS:
            return Meaning.LATER
        return Meaning.NEVER

    @property
    def kind(self) -> str:
        """Return what such items have in common."""
        return f"{self.status} {self.error.get('type', '')}".rstrip()

    @property
    def words(self) -> str:
        """Return the server's words, with those of the cause."""
        parts = [self.kind]
        error = self.error
        while error and len(parts) <= MAX_CAUSES:
            parts.append(str(error.get("reason", "")))
            error = as_object(error.get("caused_by"))
        return ": ".join(filter(None, dict.fromkeys(parts)))

    @property
    def cause(self) -> str:
        """Return why to try later, the same for all that have the same cause."""
        reason = str(self.error.get("reason", ""))
        if self.status in NOT_PERMITTED:
            return f"not permitted ({self.status}), check the privileges: {reason}"
        if self.error.get("type") == OVERLOAD:
            reason = reason.partition("[")[0].rstrip()  # its figures always differ
        return f"{self.kind}: {reason}" if reason else self.kind


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that Elasticsearch will never take as it is."""

    record: Record
    item: Item

    def rejection(self, more: str = "") -> Rejection:
        """Return it as the worker wants it."""
        return Rejection(self.record, f"{self.item.words}{more}", self.item.kind)


@dataclass(slots=True)
class Tally:
    """What became of the records of a batch so far."""

    accepted: int = 0
    duplicates: int = 0
    retry: list[Record] = field(default_factory=list["Record"])
    rejected: list[Rejection] = field(default_factory=list[Rejection])
    refused: list[Refusal] = field(default_factory=list[Refusal])
    cause: str = ""
    retry_after: float = 0.0

    @property
    def is_empty(self) -> bool:
        """Say whether nothing is decided about any record."""
        return not (self.accepted or self.retry or self.rejected or self.refused)

    def add(self, records: Batch, answer: Answer) -> None:
        """Count the answer to a request for the records.

        Raises `OutputUnavailable` if it cannot be read. Records it says nothing about
        are to be sent again: they may have been taken, but twice does no harm.
        """
        items = read_items(answer, len(records))
        if items is None:
            self.accepted += len(records)
            return
        for record, item in zip(records, items, strict=False):
            self._add(record, item)
        if len(items) < len(records):
            self.postpone(records[len(items) :], "the answer names only some events")

    def postpone(
        self, records: Sequence[Record], cause: str, after: float = 0.0
    ) -> None:
        """Have the records sent again, not before `after` seconds."""
        self.retry += records
        self.cause = self.cause or cause
        self.retry_after = max(self.retry_after, after)

    def settle_refused(self, letters: Tally) -> None:
        """Take over what became of the dead letters of all that was refused."""
        refused = {refusal.record.sequence: refusal for refusal in self.refused}
        self.refused = []
        self.accepted += letters.accepted
        self.duplicates += letters.duplicates
        again = [refused[letter.sequence].record for letter in letters.retry]
        if again:
            self.postpone(again, letters.cause, letters.retry_after)
        for one in letters.delivery().rejected:
            more = f"; and the dead-letter index: {one.reason}"
            self.rejected.append(refused[one.record.sequence].rejection(more))

    def delivery(self) -> Delivery:
        """Return the verdict for the worker."""
        return Delivery(
            self.accepted,
            self.retry,
            [*self.rejected, *(refusal.rejection() for refusal in self.refused)],
            self.duplicates,
            cause=self.cause,
            retry_after=self.retry_after,
        )

    def _add(self, record: Record, item: Item) -> None:
        match item.meaning:
            case Meaning.TAKEN:
                self.accepted += 1
            case Meaning.DUPLICATE:
                self.accepted += 1
                self.duplicates += 1
            case Meaning.LATER:
                self.postpone([record], item.cause)
            case _:
                self.refused.append(Refusal(record, item))


def read_items(answer: Answer, expected: int) -> list[Item] | None:
    """Return the items of an answer, None if all `expected` events were taken.

    Raises `OutputUnavailable` for anything but a bulk answer.
    """
    try:
        content: Any = orjson.loads(answer.body)
        items: list[Any] = content["items"]
        if content["errors"] is False and len(items) == expected:
            return None
        return [_item(item) for item in items[:expected]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        shown = answer.body[:100].decode("utf-8", "replace")
        text = f"{answer.url}: the answer to a bulk request cannot be read: {shown!r}"
        raise OutputUnavailable(text) from error


def _item(item: dict[str, dict[str, Any]]) -> Item:
    """Return what stands behind the action, whatever that is called."""
    (verdict,) = item.values()
    error = verdict.get("error")
    if error is not None and not isinstance(error, dict):
        error = {"reason": str(error)}
    return Item(int(verdict["status"]), as_object(error))
