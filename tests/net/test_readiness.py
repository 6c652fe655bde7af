"""Readiness: both ways of watching sockets do the same."""

from __future__ import annotations

import asyncio
import gc
import select
import socket
from functools import partial
from typing import TYPE_CHECKING

import pytest

from heartbeat.net.readiness import (
    IN,
    OUT,
    Epoll,
    LoopReadiness,
    readiness_of,
)
from tests.support.clock import settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.net.readiness import Readiness

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Return two ends that do not block."""
    ends = socket.socketpair()
    for end in ends:
        end.setblocking(False)  # noqa: FBT003 - the name says it
    yield ends
    for end in ends:
        end.close()


@pytest.fixture(params=[Epoll, LoopReadiness])
async def readiness(request: pytest.FixtureRequest) -> Readiness:
    """Return either kind, on the running loop."""
    kind: type[Epoll | LoopReadiness] = request.param
    return kind(asyncio.get_running_loop())


async def test_calls_once_when_there_is_something_to_read(
    readiness: Readiness, pair: Pair
) -> None:
    """A watch ends with its call, whatever else arrives."""
    calls: list[str] = []
    readiness.watch(pair[0].fileno(), IN, lambda: calls.append("in"))
    await settle()
    before = list(calls)
    pair[1].send(b"x")
    await settle()
    pair[1].send(b"y")
    await settle()

    assert (before, calls) == ([], ["in"])


async def test_calls_when_it_can_be_written(readiness: Readiness, pair: Pair) -> None:
    """A socket with room is ready at once."""
    calls: list[str] = []
    readiness.watch(pair[0].fileno(), IN | OUT, lambda: calls.append("out"))
    await settle()

    assert calls[:1] == ["out"]


async def test_calls_when_the_other_end_is_gone(
    readiness: Readiness, pair: Pair
) -> None:
    """The end of a peer is something to be read."""
    calls: list[str] = []
    readiness.watch(pair[0].fileno(), IN, lambda: calls.append("end"))
    pair[1].shutdown(socket.SHUT_RDWR)
    await settle()

    assert calls == ["end"]


async def test_a_new_watch_replaces_the_old(readiness: Readiness, pair: Pair) -> None:
    """Only the last callback hears, of the last events asked for."""
    calls: list[str] = []
    fd = pair[0].fileno()
    readiness.watch(fd, OUT, lambda: calls.append("old"))
    readiness.watch(fd, IN, lambda: calls.append("new"))
    await settle()
    before = list(calls)
    pair[1].send(b"x")
    await settle()

    assert (before, calls) == ([], ["new"])


async def test_forgotten_sockets_are_silent(readiness: Readiness, pair: Pair) -> None:
    """After `forget` nothing is called; forgetting what is not known does no harm."""
    calls: list[str] = []
    fd = pair[0].fileno()
    readiness.watch(fd, OUT, lambda: calls.append("out"))
    readiness.forget(fd)
    readiness.forget(fd)
    await settle()

    assert calls == []


async def test_a_descriptor_can_come_back(readiness: Readiness) -> None:
    """A number that the system gives to a new socket is watched anew."""
    calls: list[int] = []
    for turn in range(3):
        ends = socket.socketpair()
        readiness.watch(ends[0].fileno(), OUT, partial(calls.append, turn))
        await settle()
        readiness.forget(ends[0].fileno())
        for end in ends:
            end.close()

    assert calls == [0, 1, 2]


async def test_a_loop_has_one() -> None:
    """All sockets of a loop share an instance."""
    loop = asyncio.get_running_loop()

    assert readiness_of(loop) is readiness_of(loop)


async def test_without_epoll_the_loop_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems without epoll are served all the same."""
    monkeypatch.delattr(select, "epoll")
    loop = asyncio.new_event_loop()
    try:
        found = readiness_of(loop)
    finally:
        loop.close()

    assert isinstance(found, LoopReadiness)


def test_nothing_is_left_of_a_loop_that_is_gone() -> None:
    """The instance ends with its loop."""
    loop = asyncio.new_event_loop()
    found = readiness_of(loop)
    assert isinstance(found, Epoll)
    instance = found.instance
    loop.close()
    del loop, found
    gc.collect()

    assert instance.closed
