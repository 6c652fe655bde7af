"""Facts of things that come and go, by the keys that events know them by.

Owns for how long facts outlive their thing: events about it may still be on their way.
Must not know what the things are.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from heartbeat.clock import Clock
    from heartbeat.event import Fields


@dataclass(slots=True)
class _Entry:
    owner: str
    facts: Fields
    until: float = inf


class Known:
    """The facts."""

    def __init__(self, clock: Clock, keep: float) -> None:
        """Know nothing yet; facts are kept so many seconds after their thing ended."""
        self._clock = clock
        self._keep = keep
        self._entries: dict[str, _Entry] = {}
        self._keys: dict[str, set[str]] = {}

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._entries)

    def get(self, key: str) -> Fields | None:
        """Return the facts of a key."""
        entry = self._entries.get(key)
        if entry is None or self._clock.monotonic() >= entry.until:
            return None
        return entry.facts

    def put(self, owner: str, facts: Mapping[str, Fields]) -> None:
        """Have these facts of a thing, by key, and no others."""
        for key in self._keys.get(owner, set()) - facts.keys():
            self._drop(owner, key)
        self._keys[owner] = set(facts)
        for key, fields in facts.items():
            self._entries[key] = _Entry(owner, fields)
        self._purge()

    def end(self, owner: str) -> None:
        """Have a thing end: its facts go, but not yet."""
        until = self._clock.monotonic() + self._keep
        for key in self._keys.get(owner, ()):
            entry = self._entries.get(key)
            if entry is not None and entry.owner == owner:
                entry.until = min(entry.until, until)
        self._purge()

    def end_others(self, owners: Iterable[str]) -> None:
        """Have all things end but these."""
        for owner in self._keys.keys() - set(owners):
            self.end(owner)

    def _purge(self) -> None:
        now = self._clock.monotonic()
        for key, entry in list(self._entries.items()):
            if now >= entry.until:
                self._drop(entry.owner, key)
                keys = self._keys.get(entry.owner)
                if keys is not None:
                    keys.discard(key)
        for owner in [owner for owner, keys in self._keys.items() if not keys]:
            del self._keys[owner]

    def _drop(self, owner: str, key: str) -> None:
        """Forget a key, unless another thing has it by now."""
        entry = self._entries.get(key)
        if entry is not None and entry.owner == owner:
            del self._entries[key]


def labels_of(labels: object, *, dedot: bool) -> Fields:
    """Return labels as members: with `_` for dots, or nested at them.

    Of `a` and `a.b` the first is nested as `a.value`.
    """
    if not isinstance(labels, dict):
        return {}
    members = cast("Fields", labels)
    written = {str(name): str(text) for name, text in members.items()}
    if dedot:
        return {name.replace(".", "_"): text for name, text in written.items()}
    nested: Fields = {}
    inner: Fields
    for name, text in sorted(written.items()):
        inner = nested
        *outer, last = name.split(".")
        for part in outer:
            present = inner.setdefault(part, {})
            if isinstance(present, str):
                present = inner[part] = {"value": present}
            inner = present
        inner[last] = text
    return nested
