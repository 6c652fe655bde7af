"""What the process is doing, for its log."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat import dump as subject
from heartbeat.dump import dump
from heartbeat.scheduler import Running

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Coroutine


@pytest.fixture(autouse=True)
def _level(caplog: pytest.LogCaptureFixture) -> None:
    """See the lines, which are of level info."""
    caplog.set_level(logging.INFO, "heartbeat.dump")


@asynccontextmanager
async def waiting(*work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Have tasks wait."""
    tasks = [asyncio.create_task(one) for one in work]
    await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop, not a time
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def outer() -> None:
    """Wait for another coroutine."""
    await inner()


async def inner() -> None:
    """Wait for ever."""
    await asyncio.Event().wait()


async def results() -> AsyncIterator[int]:
    """Never yield."""
    await inner()
    yield 1


async def reader() -> None:
    """Wait for results."""
    async for _ in results():
        pass


class TestTasks:
    """Where tasks wait."""

    async def test_equal_places_are_one_line(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """With a count, and all that is awaited, the innermost first."""
        async with waiting(outer(), outer(), outer()):
            dump([])
        line = next(x for x in caplog.messages if "outer" in x)
        places = [place.partition(" (")[0] for place in line.split(" < ")]

        assert places == ["3 tasks at Event.wait", "inner", "outer"]

    async def test_goes_through_asynchronous_generators(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Checks are such; without that a dump would end where they begin."""
        async with waiting(reader()):
            dump([])
        line = next(x for x in caplog.messages if "reader" in x)
        places = [place.partition(" (")[0] for place in line.split(" < ")]

        assert places == ["1 tasks at Event.wait", "inner", "results", "reader"]

    async def test_places_are_limited(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The most frequent are told, the rest counted."""
        monkeypatch.setattr(subject, "MAX_PLACES", 1)
        async with waiting(outer(), outer(), reader()):
            dump([])

        assert caplog.messages[-1] == "2 more places are left out"


class TestChecks:
    """What is under way."""

    async def test_the_oldest_come_first(
        self, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Those that hang are what one looks for."""
        monkeypatch.setattr(subject, "MAX_RUNS", 2)
        dump(
            [
                Running("a", "tcp", 0.5),
                Running("b", "http", 75.0),
                Running("c", "icmp", 2.0),
            ]
        )

        assert caplog.messages[:4] == [
            "3 checks are under way",
            "check 'b' (http) runs for 1m15s",
            "check 'c' (icmp) runs for 2s",
            "1 more checks are left out",
        ]
