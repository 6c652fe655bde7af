"""One question to one name server, over UDP, or over TCP where the answer is long.

Owns the sockets for it. Must not know which server to ask or what becomes of answers.

Every question has a socket of its own, so that its port, which an impostor would have
to guess, is a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from typing import TYPE_CHECKING

from heartbeat.net.connection import connect
from heartbeat.net.dns import Answer, decode_answer, encode_question

if TYPE_CHECKING:
    import ssl

    from heartbeat.clock import Deadline

DATAGRAM = 65_535
"""The most bytes of a message."""


async def ask(
    server: tuple[str, int],
    question: tuple[str, int],
    deadline: Deadline,
    *,
    over_tcp: bool = False,
) -> Answer:
    """Return what a server, an address and port, says to a question, a name and kind.

    Raises `OSError`, a `TimeoutError` at the deadline, or `DialFailed` where TCP does
    not come about; `ValueError` for what is no name.
    """
    message = encode_question(secrets.randbelow(0x10000), *question)
    if not over_tcp:
        answer = await _ask_by_datagram(server, message, deadline)
        if not answer.is_truncated:
            return answer
    return await _ask_by_stream(server, message, deadline)


async def _ask_by_datagram(
    server: tuple[str, int], message: bytes, deadline: Deadline
) -> Answer:
    loop = asyncio.get_running_loop()
    family, kind, _, _, target = socket.getaddrinfo(
        *server, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
    )[0]
    answered: asyncio.Future[Answer] = loop.create_future()
    with socket.socket(family, kind) as sock:
        sock.settimeout(0)
        sock.connect(target)
        sock.send(message)
        loop.add_reader(sock, receive, sock, message, answered)
        try:
            return await deadline.wait(answered)
        finally:
            loop.remove_reader(sock)
            del answered


def receive(
    sock: socket.socket, message: bytes, answered: asyncio.Future[Answer]
) -> None:
    """Take one datagram; what does not belong to the question is passed over."""
    if answered.done():
        return
    try:
        answer = decode_answer(sock.recv(DATAGRAM), message)
    except BlockingIOError:
        return
    except OSError as error:
        answered.set_exception(OSError(*error.args))
        return
    if answer is not None:
        answered.set_result(answer)


async def _ask_by_stream(
    server: tuple[str, int], message: bytes, deadline: Deadline
) -> Answer:
    connection = await connect(*server, deadline)
    try:
        connection.write(len(message).to_bytes(2) + message)
        received = b""
        while len(received) < 2 + int.from_bytes(received[:2]):
            data = await connection.read(deadline)
            if not data:
                raise ConnectionAbortedError("server closed the connection")
            received += data
    finally:
        connection.close()
    answer = decode_answer(received[2:], message)
    if answer is None:
        raise ConnectionAbortedError("server answered something else")
    return answer


async def ask_encrypted(
    server: tuple[str, int], question: tuple[str, int], tls: ssl.SSLContext
) -> Answer:
    """Do the same over TLS (RFC 7858); to be bounded in time by whoever asks."""
    message = encode_question(secrets.randbelow(0x10000), *question)
    reader, writer = await asyncio.open_connection(*server, ssl=tls)
    try:
        writer.write(len(message).to_bytes(2) + message)
        size = int.from_bytes(await reader.readexactly(2))
        answer = decode_answer(await reader.readexactly(size), message)
    except EOFError:
        raise ConnectionAbortedError("server closed the connection") from None
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    if answer is None:
        raise ConnectionAbortedError("server answered something else")
    return answer
