"""What a store takes over from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.handover import leftovers, newer_states, stores
from heartbeat.partition import WHOLE, Share
from heartbeat.state import MonitorState, state_key
from heartbeat.store import backlog
from heartbeat.store import states as keeping
from heartbeat.store.database import Database, Group
from tests.support.records import numbered

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from heartbeat.event import Record


def state(seen_ns: int) -> bytes:
    """Return the state of a target that was last seen then."""
    made = MonitorState("web")
    made.record("up", seen_ns, is_final=True)
    return made.encode()


def filled(
    path: Path,
    states: Mapping[str, bytes] | None = None,
    records: list[Record] | None = None,
) -> Path:
    """Make a store with these states and events."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = Database(path)
    database.load(("out",))
    database.commit(Group(records or [], states or {}))
    database.close()
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return where a process alone has its store."""
    return tmp_path / "heartbeat.db"


def worker(place: Path, index: int) -> Path:
    """Return where a worker has its store."""
    return place.parent / f"worker-{index}" / place.name


class TestStores:
    """Which stores there are."""

    def test_by_number(self, place: Path) -> None:
        """That of a process alone first, then those of workers in their order."""
        for index in (10, 2):
            filled(worker(place, index))
        filled(place)

        assert list(stores(place)) == ["", "worker-2", "worker-10"]

    def test_none(self, place: Path) -> None:
        """Before the first start there is nothing."""
        assert stores(place) == {}


class TestLeftovers:
    """Stores with events that nobody would deliver."""

    def test_only_where_events_wait(self, place: Path) -> None:
        """Those of the workers are theirs, an empty one needs nobody."""
        filled(place, records=numbered(1, 3))
        filled(worker(place, 0), records=numbered(1, 3))
        filled(worker(place, 1))
        filled(worker(place, 2), records=numbered(1, 1))

        assert leftovers(place, {"worker-0"}) == ["", "worker-2"]

    def test_damaged(self, place: Path) -> None:
        """Whoever opens it to write knows what to do."""
        filled(worker(place, 1))
        worker(place, 1).write_bytes(b"no database" * 1000)

        assert leftovers(place, {""}) == ["worker-1"]


class TestStates:
    """States that other stores know."""

    KEY = state_key("web", None)

    def test_unknown_ones(self, place: Path) -> None:
        """A monitor that was another worker's goes on where it was."""
        filled(worker(place, 1), {self.KEY: state(5)})

        assert newer_states(place, "", {}, WHOLE) == {self.KEY: state(5)}

    def test_newest_counts(self, place: Path) -> None:
        """Wherever it lies; an older one does not."""
        for index, seen in ((1, 5), (2, 9), (3, 7)):
            filled(worker(place, index), {self.KEY: state(seen)})
        own = {self.KEY: state(8)}

        assert newer_states(place, "", own, WHOLE) == {self.KEY: state(9)}
        assert newer_states(place, "", {self.KEY: state(10)}, WHOLE) == {}

    def test_own_store_is_not_read(self, place: Path) -> None:
        """What a worker knows already is no news; it finds the others beside it."""
        filled(worker(place, 1), {self.KEY: state(9)})
        filled(place, {self.KEY: state(7)})

        assert newer_states(worker(place, 1), "worker-1", {}, WHOLE) == {
            self.KEY: state(7)
        }

    def test_share(self, place: Path) -> None:
        """Each state goes to the one who owns the monitor, with all endpoints."""
        names = [f"m{number}" for number in range(20)]
        keys = [state_key(name, "berlin") for name in names]
        keys += [f"{key}-cbf29ce484222325#2" for key in keys]
        filled(place, dict.fromkeys(keys, state(5)))
        parts = [
            newer_states(worker(place, n), f"worker-{n}", {}, Share(n, 2))
            for n in range(2)
        ]

        plain = [{key for key in part if "#" not in key} for part in parts]

        assert parts[0].keys() | parts[1].keys() == {*keys}
        assert not plain[0] & plain[1]
        for own, part in zip(plain, parts, strict=True):
            assert {f"{key}-cbf29ce484222325#2" for key in own} <= part.keys()

    def test_unreadable(self, place: Path, caplog: pytest.LogCaptureFixture) -> None:
        """It costs the states in that store, and a line in the log."""
        filled(worker(place, 1), {self.KEY: state(5)})
        filled(worker(place, 2))
        worker(place, 2).write_bytes(b"no database" * 1000)

        assert newer_states(place, "", {}, WHOLE) == {self.KEY: state(5)}
        assert "worker-2/heartbeat.db: file is not a database; its states" in (
            caplog.text
        )

    def test_journal_comes_after_the_table(
        self, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The newest of what one store has written, a row by now or not."""
        monkeypatch.setattr(keeping, "AT_LEAST", 1)
        monkeypatch.setattr(keeping, "FACTOR", 0)
        filled(place, {"default/0": b"old", "default/1": b"old"})
        filled(place, {"default/0": b"new"})
        found = backlog.states_in(place)

        assert (found["default/0"], found["default/1"]) == (b"new", b"old")
