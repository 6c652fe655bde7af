"""A worker's way to its supervisor: what it tells, and its answers to what it is asked.

Owns the words of both, and what becomes of a worker whose supervisor has gone. Must not
know what the figures are. To the parts of a process it stands for the service manager,
to which the supervisor speaks for all workers.

Told:  {"event": "ready" | "reloading" | "reloaded" | "stopping"}
       {"event": "fault", "text": …, "is_final": …}
Asked: {"question": 7, "path": "/stats", "query": {…}}
       {"answer": 7, "content": …} or {"answer": 7, "error": …}
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from typing import TYPE_CHECKING, Any

from heartbeat.channel import Channel, packed
from heartbeat.errors import BadQuery, HeartbeatError, OutputClosed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Mapping

    from heartbeat.shown import Views

log = logging.getLogger(__name__)

PULSE = "/pulse"
"""What the supervisor asks for itself; every other path is one of the endpoint."""


class Superior:
    """The supervisor, as a worker sees it.

    `views` is what the endpoint would show, if there is to be one.
    """

    is_there = True

    def __init__(self, descriptor: int) -> None:
        """Take this process's side of the channel."""
        self.views: Views | None = None
        self._side = socket.socket(fileno=descriptor)
        self._last_words = self._side.dup()
        self._channel: Channel | None = None
        self._is_stuck: Callable[[], bool] = lambda: False
        self._status: Callable[[], Awaitable[str]] | None = None
        self._answering: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to talk; the event loop is needed from here on."""
        self._channel = await Channel.opened(self._side)

    def close(self) -> None:
        """Talk no more; a last word is still possible."""
        if self._channel is not None:
            self._channel.close()

    def leave(self) -> None:
        """Let go of the channel."""
        self._last_words.close()

    def ready(self) -> None:
        """Tell that all parts are up."""
        self._tell("ready")

    @contextlib.contextmanager
    def reloading(self) -> Generator[None]:
        """Tell that the configuration is being read again, and when that is done."""
        self._tell("reloading")
        try:
            yield
        finally:
            self._tell("reloaded")

    def stopping(self) -> None:
        """Tell that the end has begun."""
        self._tell("stopping")

    async def run(
        self, is_stuck: Callable[[], bool], status: Callable[[], Awaitable[str]]
    ) -> None:
        """Take note of how to tell whether this process is well."""
        self._is_stuck, self._status = is_stuck, status

    def fail(self, error: HeartbeatError) -> None:
        """Tell why this process cannot go on; may be called after the loop has ended.

        It is final if a worker started anew would fail for the same reason.
        """
        is_final = isinstance(error, OutputClosed)
        words = {"event": "fault", "text": str(error), "is_final": is_final}
        with contextlib.suppress(OSError):
            self._last_words.sendall(packed(words))

    async def serve(self) -> None:
        """Answer until cancelled; stop this process if the supervisor has gone."""
        assert self._channel is not None  # noqa: S101 - `open` comes first
        async for message in self._channel.messages():
            task = asyncio.create_task(self._answer(message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        log.error("the supervisor has gone: stopping as if told to")
        signal.raise_signal(signal.SIGTERM)

    def _tell(self, event: str) -> None:
        if self._channel is not None:
            self._channel.tell({"event": event})

    async def _answer(self, message: Mapping[str, Any]) -> None:
        reply: dict[str, Any] = {"answer": message["question"]}
        try:
            reply["content"] = await self._content(message["path"], message["query"])
        except BadQuery as error:
            reply["error"] = str(error)
        except Exception as error:
            log.exception("a question of the supervisor cannot be answered")
            reply["error"] = f"{type(error).__name__}: {error}"
        if self._channel is not None:
            await self._channel.send(reply)

    async def _content(self, path: str, query: Mapping[str, str]) -> Any:
        if path == PULSE:
            status = await self._status() if self._status is not None else ""
            return {"is_stuck": self._is_stuck(), "status": status}
        if self.views is None:
            raise BadQuery("http.enabled is false here")
        if path in self.views.figures:
            return self.views.figures[path]()
        if path in self.views.listings:
            return await self.views.listings[path](query)
        page = await self.views.expositions[path]()
        return {"text": page.body.decode(), "media_type": page.media_type}
