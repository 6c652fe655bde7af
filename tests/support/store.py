"""Stores for tests.

Owns opening, closing and breaking them. Must not know what is tested.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from heartbeat.errors import StoreError
from heartbeat.store import Store, StoreLimits
from heartbeat.store.database import Database
from tests.support.records import ids

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    import pytest

    from tests.support.clock import FakeClock


@asynccontextmanager
async def opened(
    path: Path | None, clock: FakeClock, *outputs: str, **limits: Any
) -> AsyncGenerator[Store]:
    """Open a store for the outputs, `out` unless named, and close it at the end."""
    store = Store.open(
        path, outputs=outputs or ("out",), clock=clock, limits=StoreLimits(**limits)
    )
    try:
        yield store
    finally:
        await store.close()


async def taken(store: Store, output: str = "out", limit: int = 100) -> list[str]:
    """Take records and return their ids."""
    return ids(await store.take(output, limit))


class FullDisk:
    """Makes every commit fail until told otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Fill the disk."""
        self.is_full = True
        commit = Database.commit

        def failing(database: Database, group: Any) -> Any:
            if self.is_full:
                raise StoreError("database or disk is full")
            return commit(database, group)

        monkeypatch.setattr(Database, "commit", failing)
