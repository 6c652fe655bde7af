"""One worker as the supervisor sees it: a process that is kept running.

Owns starting it, starting it again when it ends, and talking to it. Must not know what
it does, nor the other workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import signal
import socket
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from heartbeat.announce import span
from heartbeat.assignment import VARIABLE, Assignment
from heartbeat.channel import Channel
from heartbeat.errors import BadQuery, HeartbeatError, system_text
from heartbeat.notify import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from heartbeat.clock import Clock
    from heartbeat.partition import Share

log = logging.getLogger(__name__)

PATIENCE: Final = 5.0
"""Seconds that an answer may take before a worker counts as silent."""

STEADY: Final = 10.0
"""Seconds; who ends sooner than that has to wait longer each time."""

PAUSES: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before a worker is started again that has ended early that many times."""


class Silent(HeartbeatError):  # noqa: N818 - a state, not a fault of who asks
    """A worker gives no answer; says which and why."""


@dataclass(frozen=True, slots=True)
class Office:
    """What all workers are started with.

    `command` and `environment` are those of this process; `agent_id` and the lock of
    the data directory are handed on; `failed` hears of a fault that ends everything.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    agent_id: str
    lock: int
    failed: Callable[[str], None]
    is_once: bool = False


class Child:
    """A worker: its present process, and the ones before."""

    def __init__(self, name: str, share: Share, office: Office, clock: Clock) -> None:
        """Start nothing yet."""
        self.assignment = Assignment(name, share, office.agent_id, -1)
        self.title = self.assignment.title
        self.settled = asyncio.Event()
        self.is_ready = False
        self.is_stopping = False
        self.restarts = 0
        self.process_id = 0
        self._office = office
        self._clock = clock
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel | None = None
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._reloaded = asyncio.Event()
        self._woken = asyncio.Event()
        self._was_ready = False
        self._is_outdated = False
        self._early = 0

    async def run(self) -> int:
        """Keep it running until it has to end; return its last exit code.

        `settled` is set once it is ready, or will never be.
        """
        try:
            while True:
                began = self._clock.monotonic()
                code = await self._live()
                if self._is_over(code):
                    return code
                await self._rest(self._pause(began), code)
                if self.is_stopping:
                    return 0
                self.restarts += 1
        finally:
            self.settled.set()

    @property
    def is_running(self) -> bool:
        """Return whether there is a process now."""
        return self._process is not None

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Let it end, and not be started again; a second time hurries it."""
        self.is_stopping = True
        self._woken.set()
        self._send(number)

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal, unless it is not ready: that would end it."""
        if self.is_ready:
            self._send(number)

    async def reload(self) -> None:
        """Have it read its configuration; return when it has, or is gone."""
        if not self.is_ready:
            self._is_outdated = True  # it may have read what has changed since
            return
        self._reloaded.clear()
        self._send(signal.SIGHUP)
        await self._reloaded.wait()

    async def ask(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Return its answer; raises `Silent` and `BadQuery`."""
        if self._channel is None or not self.is_ready:
            raise Silent(f"{self.title} is not running")
        number = next(self._numbers)
        answer = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        question = {"question": number, "path": path, "query": dict(query or {})}
        self._channel.tell(question)
        try:
            async with asyncio.timeout(PATIENCE):
                return await answer
        except TimeoutError:
            raise Silent(f"{self.title} does not answer") from None
        finally:
            self._asked.pop(number, None)

    # -- one life

    async def _live(self) -> int:
        """Start a process and return its exit code when it has ended."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await self._started(theirs.fileno())
        except OSError as error:
            ours.close()
            log.error("%s cannot be started: %s", self.title, system_text(error))  # noqa: TRY400 - for the operator
            return 1
        self._process, self.process_id = process, process.pid
        if self.is_stopping:
            self._send(signal.SIGTERM)
        self._channel = channel = await Channel.opened(ours)
        try:
            async for message in channel.messages():
                self._hear(message)
            return await process.wait()
        finally:
            self._forget(channel)

    async def _started(self, descriptor: int) -> asyncio.subprocess.Process:
        told = Assignment(
            self.assignment.name,
            self.assignment.share,
            self.assignment.agent_id,
            descriptor,
        )
        kept = {k: v for k, v in self._office.environment.items() if k not in VARIABLES}
        return await asyncio.create_subprocess_exec(
            *self._office.command,
            env={**kept, VARIABLE: told.encoded()},
            pass_fds=(descriptor, self._office.lock),
            stdin=subprocess.DEVNULL,
            # A terminal sends its signals to a whole group; we pass them on ourselves.
            start_new_session=True,
        )

    def _forget(self, channel: Channel) -> None:
        channel.close()
        self._process = self._channel = None
        self.is_ready = False
        self._reloaded.set()
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(Silent(f"{self.title} has ended"))

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _hear(self, message: Mapping[str, Any]) -> None:
        if "answer" in message:
            self._take(message)
            return
        match message["event"]:
            case "ready":
                self._begin()
            case "reloaded":
                self._reloaded.set()
            case "fault":
                self._take_fault(message["text"], is_final=message["is_final"])
            case _:
                pass

    def _begin(self) -> None:
        self.is_ready = self._was_ready = True
        self.settled.set()
        if self._is_outdated:
            self._is_outdated = False
            self._send(signal.SIGHUP)

    def _take(self, message: Mapping[str, Any]) -> None:
        answer = self._asked.pop(message["answer"], None)
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(BadQuery(message["error"]))
        else:
            answer.set_result(message["content"])

    def _take_fault(self, text: str, *, is_final: bool) -> None:
        """End everything if no worker can begin or go on, else say what is wrong."""
        if is_final or not self._was_ready:
            self._office.failed(text)
        else:
            log.error("%s: %s", self.title, text)

    # -- from one life to the next

    def _is_over(self, code: int) -> bool:
        """Return whether it is not to be started again."""
        if self.is_stopping:
            return True
        if self._office.is_once:
            if code < 0:
                log.error("%s ended %s", self.title, _words(code))
            return True
        if self.assignment.drains and code == 0:
            log.info("%s: all that waited in its store is delivered", self.title)
            return True
        if not self._was_ready and code > 0:
            text = f"{self.title} ended with exit code {code} before it was ready"
            self._office.failed(text)
            return True
        return False

    def _pause(self, began: float) -> float:
        lasted = self._clock.monotonic() - began
        self._early = self._early + 1 if lasted < STEADY else 0
        return PAUSES[min(max(self._early - 1, 0), len(PAUSES) - 1)]

    async def _rest(self, seconds: float, code: int) -> None:
        when = f"in {span(seconds)}" if seconds else "at once"
        log.error(
            "%s (process %d) ended %s; it is started again %s",
            self.title,
            self.process_id,
            _words(code),
            when,
        )
        timer = self._clock.call_at(self._clock.monotonic() + seconds, self._woken.set)
        await self._woken.wait()
        timer.cancel()
        self._woken.clear()


def _words(code: int) -> str:
    """Return how a process ended, in words."""
    if code >= 0:
        return f"with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"by {signal.Signals(-code).name}"
    return f"by signal {-code}"
