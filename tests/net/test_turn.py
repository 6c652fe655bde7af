"""Turn: what is done together at the end of a turn of the loop."""

from __future__ import annotations

import asyncio

from heartbeat.net.turn import Turn
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
