"""`output.console`: documents on standard output.

Owns writing to a descriptor that may block for as long as nobody reads, in a thread of
its own. Must not know who reads.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import select
import sys
import threading
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from heartbeat.config import Flag, Options
from heartbeat.errors import OutputClosed, OutputUnavailable, system_text
from heartbeat.outputs.base import Delivery, Finding, Limits
from heartbeat.outputs.codec import (
    CodecOptions,
    JsonCodec,
    JsonOptions,
    build_codec,
    encode_batch,
)
from heartbeat.outputs.human import HumanCodec, has_colours

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator
    from pathlib import Path

    from heartbeat.config import Section
    from heartbeat.outputs.base import Batch, OutputContext
    from heartbeat.outputs.codec import Codec

GONE = (errno.EPIPE, errno.EBADF)


class ConsoleOptions(Options):
    """`output.console`."""

    pretty: Flag = Field(
        default=False, description="Several lines an event; a codec of its own wins."
    )
    human: Flag = Field(
        default=False,
        description="One line an event for people, with colours on a terminal.",
    )
    codec: CodecOptions | None = Field(default=None, description="How lines look.")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.pretty and self.human:
            raise ValueError("cannot set both pretty and human")
        return self


def build(section: Section, context: OutputContext) -> ConsoleOutput:
    """Return the output that writes to the standard output of the process."""
    options = section.unpack(ConsoleOptions)
    descriptor = sys.stdout.fileno()
    codec = build_codec(section, context)
    if options.codec is None and options.pretty:
        codec = JsonCodec(JsonOptions(pretty=True), context)
    if options.codec is None and options.human:
        codec = HumanCodec(colours=has_colours(descriptor))
    return ConsoleOutput(codec, descriptor, context.guard)


class ConsoleOutput:
    """Writes each batch with one call."""

    name = "console"
    limits = Limits()

    def __init__(
        self, codec: Codec, descriptor: int, guard: Path | None = None
    ) -> None:
        """Write to an open descriptor, which is not closed here.

        With a `guard` other processes write to it too, each while it holds that file.
        """
        self._codec = codec
        self._descriptor = descriptor
        self._write = _write if guard is None else partial(_write_guarded, guard)
        self._thread = _Thread()

    async def publish(self, batch: Batch) -> Delivery:
        """Write all lines."""
        encoded = encode_batch(self._codec, batch)
        data = b"".join(encoded.texts)
        try:
            await self._thread.run(partial(self._write, self._descriptor, data))
        except OSError as error:
            text = f"cannot write to standard output: {system_text(error)}"
            if error.errno in GONE:
                raise OutputClosed(text) from error
            raise OutputUnavailable(text) from error
        return Delivery(len(encoded.texts), rejected=encoded.rejected)

    async def test(self) -> AsyncIterator[Finding]:
        """Look whether the descriptor is open."""
        try:
            os.fstat(self._descriptor)
        except OSError as error:
            yield Finding("standard output", "ERROR", system_text(error))
        else:
            yield Finding("standard output")

    async def close(self) -> None:
        """End the thread once it has nothing to write."""
        self._thread.stop()


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            # Somebody made the descriptor non-blocking; it is shared, so leave it so.
            select.select((), (descriptor,), ())


def _write_guarded(guard: Path, descriptor: int, data: bytes) -> None:
    """Write a batch in one piece, behind what others write."""
    with _held(guard) as is_torn:
        _write(descriptor, b"\n" + data if is_torn else data)


@contextmanager
def _held(guard: Path) -> Generator[bool]:
    """Hold the lock; gives whether its last holder was killed in the middle of a line.

    The file has a byte in it for as long as somebody writes.
    """
    file = os.open(guard, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        is_torn = os.fstat(file).st_size > 0
        os.pwrite(file, b"1", 0)
        yield is_torn
        os.ftruncate(file, 0)
    finally:
        os.close(file)


class _Thread:
    """Runs one call after the other.

    A daemon, unlike the threads of an executor: a reader that stands still must not
    keep the process from ending.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, work: Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._serve, name="console", daemon=True
            )
            self._thread.start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._calls.put(partial(_call, work, loop, done))
        await done

    def stop(self) -> None:
        self._calls.put(None)

    def _serve(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


def _call(
    work: Callable[[], None],
    loop: asyncio.AbstractEventLoop,
    done: asyncio.Future[None],
) -> None:
    try:
        work()
    except OSError as error:
        loop.call_soon_threadsafe(_settle, done, error)
    else:
        loop.call_soon_threadsafe(_settle, done, None)


def _settle(done: asyncio.Future[None], error: OSError | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
