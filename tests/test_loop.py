"""The loop that everything runs on."""

from __future__ import annotations

import asyncio
import inspect
import sys

import pytest

from heartbeat import loop


async def answer() -> int:
    """Return something after a turn of the loop."""
    running = asyncio.get_running_loop()
    there: asyncio.Future[int] = running.create_future()
    running.call_soon(there.set_result, 42)
    return await there


def test_the_result_comes_back() -> None:
    """What the coroutine returns is what `run` returns."""
    assert loop.run(answer()) == 42


@pytest.mark.filterwarnings("error")
def test_an_interrupt_before_the_start_is_only_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ctrl-C while the loop is being made leaves no word about a coroutine."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "factory", interrupted)
    main = answer()
    with pytest.raises(KeyboardInterrupt):
        loop.run(main)

    assert inspect.getcoroutinestate(main) == inspect.CORO_CLOSED


def test_threads_give_way_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that computes holds the loop up for less than a millisecond at a time."""
    set_to: list[float] = []
    monkeypatch.setattr(sys, "setswitchinterval", set_to.append)
    loop.run(answer())

    assert set_to == [loop.TURN_SECONDS]
    assert loop.TURN_SECONDS < 0.001
