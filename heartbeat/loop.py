"""The event loop heartbeat runs on: uvloop where it is installed, else asyncio's own.

Owns that choice and how threads share the interpreter with it. Must not know what runs.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

TURN_SECONDS = 0.0005
"""After this a thread that computes lets the loop go on. The loop lets go at each of
ten system calls a check, and with Python's 5 ms a thread that reads a configuration of
20,000 monitors again made checks two seconds late."""


def factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes a new loop."""
    try:
        import uvloop  # noqa: PLC0415 - optional where it has no build
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a new loop and return its result."""
    sys.setswitchinterval(TURN_SECONDS)
    try:
        with asyncio.Runner(loop_factory=factory()) as runner:
            return runner.run(main)
    finally:
        # Interrupted before it began, it would complain that nobody waited for it.
        main.close()
