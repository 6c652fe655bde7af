"""The event loop heartbeat runs on: uvloop where it is installed, else asyncio's own.

Owns that choice. Must not know what runs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


def factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes a new loop."""
    try:
        import uvloop  # noqa: PLC0415 - optional where it has no build
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a new loop and return its result."""
    with asyncio.Runner(loop_factory=factory()) as runner:
        return runner.run(main)
