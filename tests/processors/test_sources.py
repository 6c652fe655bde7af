"""Background work for processors."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from heartbeat.processors.sources import Sources

# pyright: reportPrivateUsage=false

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Source:
    """A source that tells whether it runs."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.ended = asyncio.Event()
        self.fault: Exception | None = None

    async def run(self) -> None:
        """Run until cancelled."""
        self.began.set()
        if self.fault is not None:
            raise self.fault
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.ended.set()


@asynccontextmanager
async def running(sources: Sources) -> AsyncGenerator[None]:
    """Run sources for a while."""
    task = asyncio.create_task(sources.run())
    await asyncio.sleep(0)  # noqa: TID251 - a turn of the loop
    yield
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_equal_keys_share() -> None:
    """Who wants the same gets the same."""
    sources = Sources()
    one = sources.of(("a", 1), Source)

    assert one is sources.of(("a", 1), Source)
    assert one is not sources.of(("a", 2), Source)


def test_what_nobody_has_is_forgotten() -> None:
    """A configuration that was only looked at leaves nothing behind."""
    sources = Sources()
    number = id(sources.of("a", Source))
    gc.collect()

    assert not sources._known, number


async def test_held_before_and_after_the_start() -> None:
    """Sources run when they are held, whenever that begins."""
    sources = Sources()
    early, late = Source(), Source()
    sources.hold([early])
    async with running(sources):
        sources.hold([late])
        await early.began.wait()
        await late.began.wait()

    assert early.ended.is_set()
    assert late.ended.is_set()


async def test_released() -> None:
    """A source ends when the last holder lets go."""
    sources, one = Sources(), Source()
    async with running(sources):
        sources.hold([one])
        sources.hold([one])
        await one.began.wait()
        sources.release([one])
        assert not one.ended.is_set()
        sources.release([one])
        await one.ended.wait()


async def test_released_before_the_start() -> None:
    """What nobody holds any more never runs."""
    sources, one = Sources(), Source()
    sources.hold([one])
    sources.release([one])
    async with running(sources):
        assert not one.began.is_set()


async def test_a_fault_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """A source that raises is told about; the others go on."""
    sources, bad, good = Sources(), Source(), Source()
    bad.fault = RuntimeError("oops")
    sources.hold([bad, good])
    async with running(sources):
        await good.began.wait()
        await bad.began.wait()
        assert not good.ended.is_set()
        sources.release([bad])

    assert "a source of processors failed" in caplog.text
