"""When the garbage collector looks, and at what.

Owns its rests, its thresholds and what is kept out of its sight. Must not know what is
made or why it stays.

Monitors live as long as the process, and neither they nor the trees that they are read
from hold cycles. Checks come and go, but leave none behind. So there is little for the
collector to find, and while it looks everything stands still, whichever thread it looks
in: half a second for what 20,000 monitors are made of.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

MANY_OBJECTS = 20_000
"""New objects after which the collector looks at them: some megabytes. A burst of
checks is no reason to: a thousand under way took 50 ms, every few seconds."""

YOUNG = 1
"""The oldest generation in which there is little to look at."""


@contextmanager
def at_rest() -> Generator[None]:
    """Let the collector rest while something is made that stays, and never look at it.

    It would walk a growing configuration over and over, which takes half of the time of
    a large one. Cycles that were left behind just before are collected: they would stay
    as well. May be entered in any thread and within itself.
    """
    was_enabled = gc.isenabled()
    if was_enabled:
        gc.collect(YOUNG)
    gc.disable()
    try:
        yield
    finally:
        spare()
        if was_enabled:
            gc.enable()


def spare() -> None:
    """Keep everything that is there now out of the collector's sight, for good."""
    gc.freeze()


def settle() -> None:
    """Get ready for a life of checks: collect what the start has left, spare the rest.

    To be called once; it takes a moment.
    """
    gc.collect()
    spare()
    gc.set_threshold(MANY_OBJECTS, *gc.get_threshold()[1:])
