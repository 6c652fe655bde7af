"""The latest state of every monitor: a journal, and rows for who is seldom heard of.

Owns the tables `journal` and `states`. The states of a commit are one entry of the
journal, for a row of each would cost more than storing its event. Entries are retired
oldest first and mostly unread: whoever ran again since has a later one. What is the
last word of a monitor becomes a row of `states`, which every entry of the journal comes
after. Must not know transactions or what a state says.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat.store.codec import pack_states, unpack_states

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Mapping, Sequence

AT_LEAST = 20_000
FACTOR = 4
"""The journal keeps so many states, and so many for each monitor."""


@dataclass(slots=True, eq=False)
class Entry:
    """An entry of the journal: its key, how many states it has and had the last of."""

    key: int
    size: int
    latest: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction did to the journal, to be told once it is through."""

    added: Entry
    monitors: Collection[str]
    retired: Sequence[Entry]


class States:
    """The states in an open database; for the thread that owns it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Know nothing yet; `load` has to come first."""
        self._run = connection.execute
        self._write_rows = connection.executemany
        self._entries: deque[Entry] = deque()
        self._size = 0
        self._latest: dict[str, Entry] = {}

    def load(self) -> dict[str, bytes]:
        """Return the state of every monitor; raises `Damaged`."""
        found: dict[str, bytes] = dict(self._run("SELECT monitor, state FROM states"))
        for key, packed in self._run("SELECT entry, states FROM journal ORDER BY 1"):
            states = unpack_states(packed)
            found |= states
            self.accept(Change(_entry(key, states), states, ()))
        return found

    def write(self, states: Mapping[str, bytes]) -> Change:
        """Write states down within a transaction and retire what has become too much.

        Raises `Damaged`.
        """
        statement = "INSERT INTO journal (states) VALUES (?)"
        key = self._run(statement, (pack_states(states),)).lastrowid
        assert key is not None  # noqa: S101 - a row was inserted
        excess = self._size + len(states) - max(AT_LEAST, FACTOR * len(self._latest))
        retired: list[Entry] = []
        for entry in self._entries:
            if excess <= 0:
                break
            excess -= entry.size
            self._retire(entry, states)
            retired.append(entry)
        return Change(_entry(key, states), states, retired)

    def accept(self, change: Change) -> None:
        """Take a change for true: its transaction is through."""
        for monitor in change.monitors:
            before = self._latest.pop(monitor, None)
            if before is not None:
                before.latest -= 1
            self._latest[monitor] = change.added
        for entry in change.retired:
            self._entries.popleft()
            self._size -= entry.size
        self._entries.append(change.added)
        self._size += change.added.size

    def _retire(self, entry: Entry, later: Mapping[str, bytes]) -> None:
        """Delete an entry; what is the last word of a monitor becomes a row."""
        if entry.latest:
            where = "SELECT states FROM journal WHERE entry = ?"
            (packed,) = self._run(where, (entry.key,)).fetchone()
            rows = [
                (monitor, state)
                for monitor, state in unpack_states(packed).items()
                if self._latest.get(monitor) is entry and monitor not in later
            ]
            self._write_rows(
                "INSERT OR REPLACE INTO states VALUES (?, ?)", sorted(rows)
            )
        self._run("DELETE FROM journal WHERE entry = ?", (entry.key,))


def _entry(key: int, states: Collection[str]) -> Entry:
    return Entry(key, len(states), len(states))
