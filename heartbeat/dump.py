"""What the process is doing at this moment, for its log (SIGUSR1).

Owns how tasks are described and how much is told. Must not know what they do. Tasks
that wait at the same place are one line with a count, so ten thousand are a few lines.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import Counter
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from heartbeat.announce import span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from heartbeat.scheduler import Running

log = logging.getLogger(__name__)

MAX_RUNS = 50
MAX_PLACES = 50
MAX_DEPTH = 30

_MEMBERS: Final = {
    "coroutine": ("cr_frame", "cr_await"),
    "async_generator": ("ag_frame", "ag_await"),
    "generator": ("gi_frame", "gi_yieldfrom"),
}
"""By the name of its type, where a thing has its frame and what it waits for."""

_STEPS: Final = frozenset({"async_generator_asend", "async_generator_athrow"})


def dump(running: Sequence[Running]) -> None:
    """Log the checks under way, the oldest first, and where every task waits."""
    log.info("%d checks are under way", len(running))
    for run in sorted(running, key=lambda run: -run.seconds)[:MAX_RUNS]:
        log.info("check '%s' (%s) runs for %s", run.id, run.type, span(run.seconds))
    _tell_rest(len(running) - MAX_RUNS, "checks")
    places = Counter(_stack(task) for task in asyncio.all_tasks())
    log.info("%d tasks wait at %d places", places.total(), len(places))
    for stack, count in places.most_common(MAX_PLACES):
        log.info("%d tasks at %s", count, " < ".join(stack))
    _tell_rest(len(places) - MAX_PLACES, "places")


def _tell_rest(count: int, what: str) -> None:
    if count > 0:
        log.info("%d more %s are left out", count, what)


def _stack(task: asyncio.Task[Any]) -> tuple[str, ...]:
    """Return where a task waits, the innermost place first."""
    places = [_place(frame) for frame in _frames(task.get_coro())]
    return tuple(reversed(places)) or ("nowhere",)


def _frames(waiting: Any) -> Iterator[FrameType]:
    """Yield the frames from the outermost on, through all that is awaited.

    `Task.get_stack` knows only the outermost.
    """
    for _ in range(MAX_DEPTH):
        members = _MEMBERS.get(type(waiting).__name__)
        if members is None:
            waiting = _generator_behind(waiting)
            if waiting is None:
                return
            continue
        frame = getattr(waiting, members[0])
        if frame is not None:
            yield frame
        waiting = getattr(waiting, members[1])


def _generator_behind(step: Any) -> Any:
    """Return the asynchronous generator whose next step is awaited, if it is one."""
    if type(step).__name__ in _STEPS:
        for behind in gc.get_referents(step):
            if type(behind).__name__ == "async_generator":
                return behind
    return None


def _place(frame: FrameType) -> str:
    code = frame.f_code
    path = PurePath(code.co_filename)
    name = "/".join(path.parts[-2:])
    return f"{code.co_qualname} ({name}:{frame.f_lineno})"
