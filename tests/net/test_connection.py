"""The TCP layer: connecting, reading, writing, closing and what goes wrong."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import socket
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import pytest

from heartbeat.clock import Deadline, SystemClock
from heartbeat.errors import CheckFailed, ErrorCode
from heartbeat.net.connection import (
    PIECE,
    TcpConnection,
    connect,
)
from heartbeat.net.wording import DialFailed, endpoint, read_text
from tests.support.clock import FakeClock, settle
from tests.support.servers import (
    echo,
    full_port,
    hang_up,
    refused_port,
    reset,
    say,
    say_and_go,
    serve,
    silence,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable


async def ended(
    waiting: Awaitable[object], clock: FakeClock, deadline: Deadline
) -> BaseException | None:
    """Let the deadline expire and return what a wait under way ended with."""
    task = asyncio.ensure_future(waiting)
    await settle()
    deadline.start()
    await clock.advance(deadline.seconds)
    with suppress(BaseException):
        await task
    return task.exception()


async def test_reads_what_was_written(deadline: Deadline) -> None:
    """Bytes written come back from a server that says everything back."""
    async with serve(echo) as port:
        connection = await connect("127.0.0.1", port, deadline)
        connection.write(b"ping")
        await connection.drain(deadline)
        answer = await connection.read(deadline)
        connection.close()

    assert answer == b"ping"


async def test_works_over_ipv6(deadline: Deadline) -> None:
    """An IPv6 address is connected to and shown in brackets."""
    async with serve(say(b"six"), host="::1") as port:
        connection = await connect("::1", port, deadline)
        answer = await connection.read(deadline)
        connection.close()

    assert (answer, connection.peer) == (b"six", f"[::1]:{port}")


async def test_joins_what_came_before_it_was_read(deadline: Deadline) -> None:
    """Bytes that came in several pieces are returned together."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"one ")
        await writer.drain()
        writer.write(b"two")
        await writer.drain()

    async with serve(talk) as port:
        connection = await connect("127.0.0.1", port, deadline)
        await settle()
        answer = await connection.read(deadline)
        connection.close()

    assert answer == b"one two"


async def test_reads_nothing_at_the_end(deadline: Deadline) -> None:
    """After everything was read and the peer has finished, reads return nothing."""
    async with serve(say_and_go(b"bye")) as port:
        connection = await connect("127.0.0.1", port, deadline)
        answers = [await connection.read(deadline) for _ in range(3)]
        connection.close()

    assert answers == [b"bye", b"", b""]


async def test_writes_after_the_peer_has_finished(deadline: Deadline) -> None:
    """A peer that sends no more can still be written to."""
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write_eof()
        heard.append(await reader.read(100))

    async with serve(talk) as port:
        connection = await connect("127.0.0.1", port, deadline)
        await connection.read(deadline)
        connection.write(b"still here")
        await connection.drain(deadline)
        await settle()
        connection.close()

    assert heard == [b"still here"]


async def test_names_both_ends(deadline: Deadline) -> None:
    """Both ends are known by address and port."""
    peers: list[str] = []

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(endpoint(*writer.get_extra_info("peername")))
        writer.write(b"x")

    async with serve(talk) as port:
        connection = await connect("127.0.0.1", port, deadline)
        await connection.read(deadline)
        local = connection.local
        connection.close()

    assert ([local], f"127.0.0.1:{port}") == (peers, connection.peer)


async def test_a_closed_connection_reads_and_writes_nothing(
    deadline: Deadline,
) -> None:
    """Closing twice, reading, writing and draining after it do no harm."""
    async with serve(echo) as port:
        connection = await connect("127.0.0.1", port, deadline)
        connection.close()
        connection.close()
        connection.write(b"late")
        await connection.drain(deadline)
        answer = await connection.read(deadline)

    assert (answer, connection.local) == (b"", "")


async def test_closing_ends_a_read(deadline: Deadline) -> None:
    """Whoever waits for bytes hears that there will be none."""
    async with serve(silence) as port:
        connection = await connect("127.0.0.1", port, deadline)
        reading = asyncio.ensure_future(connection.read(deadline))
        await settle()
        connection.close()
        answer = await reading

    assert answer == b""


async def test_reads_while_much_is_still_to_be_sent(deadline: Deadline) -> None:
    """A peer that answers before it has read all is heard, and gets the rest."""
    size = 8_000_000

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"early")
        await writer.drain()
        await reader.readexactly(size)
        writer.write(b"all")

    async with serve(talk) as port:
        connection = await connect("127.0.0.1", port, deadline)
        connection.write(bytes(size))
        answers = [await connection.read(deadline) for _ in range(2)]
        connection.close()

    assert answers == [b"early", b"all"]


async def test_writing_while_a_read_waits_disturbs_nothing(deadline: Deadline) -> None:
    """What is written in the meantime goes out, and the answer to it comes in."""
    size = 8_000_000

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(size)
        writer.write(b"all")

    async with serve(talk) as port:
        connection = await connect("127.0.0.1", port, deadline)
        reading = asyncio.ensure_future(connection.read(deadline))
        await settle()
        connection.write(bytes(size))
        answer = await reading
        connection.close()

    assert answer == b"all"


class Busy(FakeClock):
    """A clock of today that goes on by a second whenever somebody looks at it."""

    def __init__(self) -> None:
        """Begin two seconds from now: what comes meanwhile came some time ago."""
        super().__init__(SystemClock().now() + 2_000_000_000)

    def monotonic(self) -> float:
        """Return a moment a second after the last one."""
        self.jump(1.0)
        return super().monotonic()


async def test_the_kernel_knows_how_long_connecting_took() -> None:
    """A connect that we noticed late took no longer than the kernel says."""
    late = Deadline(Busy(), 10.0)
    async with serve(silence) as port:
        connection = await connect("127.0.0.1", port, late)
        connection.close()

    assert 0.0 < connection.took < 0.5
    assert late.lost == pytest.approx(1.0 - connection.took)


async def test_what_is_noticed_at_once_took_what_we_measured(
    deadline: Deadline,
) -> None:
    """Nothing is lost where the loop was there in time."""
    async with serve(silence) as port:
        connection = await connect("127.0.0.1", port, deadline)
        connection.close()

    assert connection.took == 0.0
    assert deadline.lost == 0.0


async def test_an_answer_that_waited_for_us_is_no_slower() -> None:
    """The time between its arrival and our noticing it is lost."""
    async with serve(say(b"there")) as port:
        connection = await connect("127.0.0.1", port, Deadline(FakeClock(), 10.0))
        late = Deadline(Busy(), 10.0)
        answer = await connection.read(late)
        connection.close()

    assert answer == b"there"
    assert late.lost >= 1.0


async def test_an_answer_that_is_taken_at_once_loses_nothing(
    deadline: Deadline,
) -> None:
    """As when the kernel's clock is another than ours, years ago."""
    async with serve(say(b"there")) as port:
        connection = await connect("127.0.0.1", port, deadline)
        answer = await connection.read(deadline)
        connection.close()

    assert answer == b"there"
    assert deadline.lost == 0.0


async def test_refused(deadline: Deadline) -> None:
    """A port where nobody listens is told as the reference tells it."""
    port = refused_port()

    with pytest.raises(CheckFailed) as caught:
        await connect("127.0.0.1", port, deadline)

    assert caught.value.error.message == (
        f"Could not connect to '127.0.0.1:{port}' with error: "
        f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    )
    assert caught.value.error.code is ErrorCode.NET_COULD_NOT_CONNECT


async def test_refused_over_ipv6(deadline: Deadline) -> None:
    """Only the second mention of an IPv6 address has brackets."""
    port = refused_port()

    with pytest.raises(CheckFailed) as caught:
        await connect("::1", port, deadline)

    assert str(caught.value) == (
        f"Could not connect to '::1:{port}' with error: "
        f"dial tcp [::1]:{port}: connect: connection refused"
    )


async def test_no_answer_to_a_connect(clock: FakeClock, deadline: Deadline) -> None:
    """A connect that is not answered ends at the deadline, coded."""
    with full_port() as port:
        error = await ended(connect("127.0.0.1", port, deadline), clock, deadline)

    assert str(error) == (
        f"Could not connect to '127.0.0.1:{port}' with error: "
        f"dial tcp 127.0.0.1:{port}: i/o timeout"
    )


async def test_cancelling_a_connect(deadline: Deadline) -> None:
    """A cancelled connect ends as cancelled and leaves nothing behind."""
    with full_port() as port:
        task = asyncio.ensure_future(connect("127.0.0.1", port, deadline))
        await settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await settle()

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_no_answer_to_a_read(clock: FakeClock, deadline: Deadline) -> None:
    """A read ends at the deadline; its text names both ends, even after closing."""
    async with serve(silence) as port:
        connection = await connect("127.0.0.1", port, deadline)
        local = connection.local
        error = await ended(connection.read(deadline), clock, deadline)
        connection.close()

    assert isinstance(error, TimeoutError)
    assert read_text(error, connection) == (
        f"read tcp {local}->127.0.0.1:{port}: i/o timeout"
    )


async def test_reset_while_reading(deadline: Deadline) -> None:
    """A connection broken off by the peer is told with both ends."""
    async with serve(reset) as port:
        connection = await connect("127.0.0.1", port, deadline)
        with pytest.raises(ConnectionResetError) as caught:
            await connection.read(deadline)
        connection.close()

    assert read_text(caught.value, connection) == (
        f"read tcp {connection.local}->127.0.0.1:{port}: read: connection reset by peer"
    )
    assert connection.local.startswith("127.0.0.1:")


async def test_reset_while_writing(deadline: Deadline) -> None:
    """Writing never raises; draining tells that the connection was broken off."""
    async with serve(reset) as port:
        connection = await connect("127.0.0.1", port, deadline)
        with suppress(ConnectionResetError):
            await connection.read(deadline)
        connection.write(b"x")
        with pytest.raises(ConnectionResetError):
            await connection.drain(deadline)
        connection.close()


async def test_a_peer_that_sends_much_is_read_in_pieces(deadline: Deadline) -> None:
    """However much there is, a read returns no more than a piece of it."""
    sent = PIECE * 40
    async with serve(say(bytes(sent))) as port:
        connection = await connect("127.0.0.1", port, deadline)
        received = 0
        largest = 0
        while received < sent:
            await settle()
            data = await connection.read(deadline)
            received += len(data)
            largest = max(largest, len(data))
        connection.close()

    assert received == sent
    assert largest == PIECE


async def test_a_peer_that_does_not_read_stops_the_writer(
    clock: FakeClock, deadline: Deadline
) -> None:
    """Draining waits for a peer that does not keep up, until the deadline."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.get_running_loop().create_future()

    async with serve(talk) as port:
        connection = await connect("127.0.0.1", port, deadline)
        await settle()
        connection.write(bytes(20_000_000))
        error = await ended(connection.drain(deadline), clock, deadline)
        connection.close()

    assert isinstance(error, TimeoutError)


async def test_draining_ends_when_the_peer_has_read(deadline: Deadline) -> None:
    """Draining returns when a slow peer has taken what was written."""
    size = 8_000_000

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(size)
        writer.write(b"all")

    async with serve(talk) as port:
        connection = await connect("127.0.0.1", port, deadline)
        connection.write(bytes(size))
        await connection.drain(deadline)
        answer = await connection.read(deadline)
        connection.close()

    assert answer == b"all"


@pytest.mark.parametrize("talk", [silence, hang_up, reset])
async def test_nothing_is_left_after_a_read_has_failed(talk: object) -> None:
    """A connection whose read failed is freed without the garbage collector."""
    clock = FakeClock()
    deadline = Deadline(clock, 10.0)
    async with serve(talk) as port:  # type: ignore[arg-type]
        gc.collect()
        gc.disable()
        try:
            connection = await connect("127.0.0.1", port, deadline)
            deadline.start()
            await clock.advance(10.0)
            with suppress(OSError):
                await connection.read(deadline)
            connection.close()
            freed = weakref.ref(connection)
            del connection
            await settle()
            alive = freed()
        finally:
            gc.enable()

    assert alive is None


async def test_nothing_is_left_after_a_wait_has_timed_out(
    clock: FakeClock, deadline: Deadline
) -> None:
    """A read ended by its deadline leaves no cycle of references."""
    freed: list[weakref.ref[TcpConnection]] = []

    async def check(port: int) -> str:
        connection = await connect("127.0.0.1", port, deadline)
        freed.append(weakref.ref(connection))
        try:
            await connection.read(deadline)
        except TimeoutError as error:
            return read_text(error, connection)
        finally:
            connection.close()
        return ""

    async with serve(silence) as port:
        deadline.start()
        gc.collect()
        gc.disable()
        try:
            task = asyncio.ensure_future(check(port))
            await settle()
            await clock.advance(10.0)
            await task
            await settle()
            alive = freed[0]()
        finally:
            gc.enable()

    assert alive is None


async def test_nothing_is_left_after_a_refused_connect(deadline: Deadline) -> None:
    """A failed connect leaves no cycle of references."""
    port = refused_port()

    async def check() -> str:
        try:
            await connect("127.0.0.1", port, deadline)
        except CheckFailed as failed:
            return failed.error.message
        return ""

    await check()
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            await check()
        await settle()
        left = gc.collect()
    finally:
        gc.enable()

    assert left == 0


class TestSource:
    """Connecting from a chosen address."""

    async def test_the_peer_sees_it(self, deadline: Deadline) -> None:
        """The connection comes from there, on any port."""
        async with serve(say(b"x")) as port:
            connection = await connect("127.0.0.1", port, deadline, source="127.0.0.77")
            answer = await connection.read(deadline)
            local = connection.local
            connection.close()

        assert answer == b"x"
        assert local.startswith("127.0.0.77:")

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("192.0.2.7", "bind 192.0.2.7: cannot assign requested address"),
            ("::1", "source address ::1 is of another family"),
        ],
    )
    async def test_what_cannot_be_used(
        self, deadline: Deadline, source: str, expected: str
    ) -> None:
        """An address that is not ours, or cannot reach the target, is named."""
        with pytest.raises(DialFailed) as caught:
            await connect("127.0.0.1", 9, deadline, source=source)

        assert caught.value.plain == f"dial tcp 127.0.0.1:9: {expected}"
        assert caught.value.error.code is ErrorCode.NET_COULD_NOT_CONNECT

    async def test_a_refusal(self, deadline: Deadline) -> None:
        """A connect that is refused leaves no socket open."""
        with pytest.raises(DialFailed, match="connection refused"):
            await connect("127.0.0.1", refused_port(), deadline, source="127.0.0.1")

    async def test_no_answer(self, clock: FakeClock, deadline: Deadline) -> None:
        """A connect that is given up leaves no socket open."""
        with full_port() as port:
            waiting = connect("127.0.0.1", port, deadline, source="127.0.0.1")
            error = await ended(waiting, clock, deadline)
            await settle()

        assert str(error).endswith(": i/o timeout")


async def test_no_socket_to_be_had(
    deadline: Deadline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that has no descriptor left says so."""

    class NoSocket:
        def __new__(cls, *_: int) -> Self:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(socket, "SocketType", NoSocket)
    with pytest.raises(DialFailed, match="connect: too many open files"):
        await connect("127.0.0.1", 9, deadline)
