"""Asking one name server over real sockets."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from heartbeat.net import DialFailed
from heartbeat.net.dns import AAAA, A, Answer
from heartbeat.net.nameserver import ask, receive
from tests.support.clock import settle
from tests.support.dns import name_server, record, response
from tests.support.proxies import script
from tests.support.servers import refused_port, serve

if TYPE_CHECKING:
    from heartbeat.clock import Deadline
    from tests.support.clock import FakeClock

WEB = ("web.test.", A)
FOUND = Answer(0, ("10.0.0.1",), 60)


def found(question: bytes) -> bytes:
    """Answer with one address."""
    return response(question, [record("10.0.0.1")])


@pytest.mark.parametrize("over_tcp", [False, True])
async def test_an_answer(deadline: Deadline, *, over_tcp: bool) -> None:
    """Both ways give the answer."""
    async with name_server(found) as port:
        answer = await ask(("127.0.0.1", port), WEB, deadline, over_tcp=over_tcp)

    assert answer == FOUND


async def test_the_question_is_new_each_time(deadline: Deadline) -> None:
    """Numbers of questions cannot be foretold."""
    numbers: set[bytes] = set()

    def respond(question: bytes) -> bytes:
        numbers.add(question[:2])
        return response(question)

    async with name_server(respond) as port:
        for _ in range(8):
            await ask(("127.0.0.1", port), ("web.test.", AAAA), deadline)

    assert len(numbers) > 1


async def test_a_long_answer(deadline: Deadline) -> None:
    """What is cut off over UDP comes over TCP."""
    async with name_server(
        lambda question: response(question, truncated=True), over_tcp=found
    ) as port:
        answer = await ask(("127.0.0.1", port), WEB, deadline)

    assert answer == FOUND


async def test_other_datagrams_are_passed_over(deadline: Deadline) -> None:
    """What does not belong to the question does not end the wait for its answer."""
    turns = 0

    def respond(question: bytes) -> bytes:
        nonlocal turns
        turns += 1
        return found(b"xx" + question[2:]) if turns == 1 else found(question)

    async with name_server(respond) as port:
        server = ("127.0.0.1", port)
        first = asyncio.ensure_future(ask(server, WEB, deadline))
        while not turns:
            await settle(1)
        await settle()
        is_waiting = not first.done()
        first.cancel()
        await settle()
        answer = await ask(server, WEB, deadline)

    assert (is_waiting, answer) == (True, FOUND)


async def test_a_silent_server(clock: FakeClock, deadline: Deadline) -> None:
    """The deadline ends the wait."""
    async with name_server(lambda _: None) as port:
        task = asyncio.ensure_future(ask(("127.0.0.1", port), WEB, deadline))
        deadline.start()
        await clock.advance(deadline.seconds)
        with pytest.raises(TimeoutError):
            await task


async def test_nobody_there(deadline: Deadline) -> None:
    """A port where nobody listens is told at once, either way."""
    server = ("127.0.0.1", refused_port())

    with pytest.raises(ConnectionRefusedError):
        await ask(server, WEB, deadline)
    with pytest.raises(DialFailed, match="refused"):
        await ask(server, WEB, deadline, over_tcp=True)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"", "server closed the connection"),
        (b"\0\5abc", "server closed the connection"),
        (b"\0\3abc", "server answered something else"),
    ],
)
async def test_nonsense_over_tcp(
    deadline: Deadline, said: bytes, expected: str
) -> None:
    """A stream that ends early or holds something else is an error."""
    async with serve(script(28, said, 0)) as port:
        with pytest.raises(ConnectionAbortedError, match=expected):
            await ask(("127.0.0.1", port), WEB, deadline, over_tcp=True)


async def test_what_is_no_name(deadline: Deadline) -> None:
    """A name that cannot be asked for is not asked for."""
    with pytest.raises(ValueError, match="is no name"):
        await ask(("127.0.0.1", 1), ("a..test.", A), deadline)


async def test_a_wait_that_is_over() -> None:
    """An answer that comes with the deadline is left alone."""
    answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    answered.set_result(FOUND)
    ours, theirs = socket.socketpair(type=socket.SOCK_DGRAM)
    with ours, theirs:
        theirs.send(b"x")
        receive(ours, b"", answered)

        assert ours.recv(9) == b"x"


async def test_nothing_to_receive() -> None:
    """A socket that was ready in vain is waited for again."""
    answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    ours, theirs = socket.socketpair(type=socket.SOCK_DGRAM)
    with ours, theirs:
        ours.settimeout(0)
        receive(ours, b"", answered)

    assert not answered.done()
