"""Servers on loopback that do what a test tells them, over TCP or TLS.

Owns listening, ephemeral ports and the end of every connection. Must not know the code
under test or any protocol.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, TypeAlias

from tests.support.clock import settle

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

Talk: TypeAlias = (
    "Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]"
)
"""One side of a conversation; the connection is closed when it returns."""


@asynccontextmanager
async def serve(
    talk: Talk, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncGenerator[int]:
    """Serve on an ephemeral port, which is yielded; abort what is left at the end."""
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            await talk(reader, writer)
        writer.close()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(run(reader, writer))
        task.add_done_callback(lambda _: writer.transport.abort())
        tasks.add(task)

    server = await asyncio.start_server(begin, host, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await settle()


@contextmanager
def serve_in_thread(tls: ssl.SSLContext) -> Generator[int]:
    """Say everything back to one TLS client, with blocking calls in a thread.

    Unlike the loop's own TLS, this sends the alert when a handshake fails.
    """

    def run() -> None:
        with contextlib.suppress(OSError):
            plain, _ = listener.accept()
            with plain, tls.wrap_socket(plain, server_side=True) as sock:
                while data := sock.recv(65_536):
                    sock.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            thread.join()


async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Say nothing until the peer has gone."""
    while await reader.read(65_536):
        pass


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say everything back, until the peer has finished."""
    while data := await reader.read(65_536):
        writer.write(data)


async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Close at once."""


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Break the connection off at once."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def say(data: bytes) -> Talk:
    """Return a talk that says one thing and waits for the peer to go."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await silence(reader, writer)

    return talk


def say_and_go(data: bytes) -> Talk:
    """Return a talk that says one thing and closes."""

    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return talk


def refused_port() -> int:
    """Return a port of 127.0.0.1 where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def full_port() -> Generator[int]:
    """Yield a port of 127.0.0.1 that leaves connects without an answer."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(2):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
