"""Turn: what is done together at the end of a turn of the loop."""

from __future__ import annotations

import asyncio
from functools import partial

from heartbeat.net.turn import MOST, Turn
from tests.support.clock import settle


async def test_calls_come_together_behind_the_present_turn() -> None:
    """What is ready already comes first, whoever asked for a call before it."""
    turn = Turn()
    made: list[str] = []
    loop = asyncio.get_running_loop()
    loop.call_soon(turn.at_end, lambda: made.append("first call"))
    loop.call_soon(made.append, "step")
    loop.call_soon(turn.at_end, lambda: made.append("second call"))
    await settle()

    assert made == ["step", "first call", "second call"]


async def test_a_call_may_ask_for_another() -> None:
    """It is made at the end of the turn after."""
    turn = Turn()
    made: list[str] = []

    def call() -> None:
        made.append("call")
        turn.at_end(lambda: made.append("its own"))

    turn.at_end(call)
    await settle(1)
    before = list(made)
    await settle(1)

    assert (before, made) == (["call"], ["call", "its own"])


async def test_very_many_calls_take_several_turns() -> None:
    """Whatever else is due comes in between; none is lost and their order stays."""
    turn = Turn()
    made: list[int] = []
    for number in range(2 * MOST + 1):
        turn.at_end(partial(made.append, number))
    counts: list[int] = []
    for _ in range(4):
        await settle(1)
        counts.append(len(made))

    assert counts == [MOST, 2 * MOST, 2 * MOST + 1, 2 * MOST + 1]
    assert made == list(range(2 * MOST + 1))
