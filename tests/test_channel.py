"""Messages over a pair of sockets."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.channel import Channel, packed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Pair = tuple[Channel, socket.socket]


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Return a channel, and the other side as a plain socket."""
    ours, theirs = socket.socketpair()
    channel = await Channel.opened(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


async def heard(channel: Channel) -> list[Any]:
    """Return all messages until the other side goes."""
    return [message async for message in channel.messages()]


async def test_messages_come_whole(pair: Pair) -> None:
    """However the bytes are cut, and large ones too."""
    channel, other = pair
    messages = [{"event": "ready"}, {"text": "x" * 100_000}, {"query": {"ü": "1"}}]
    other.settimeout(0.0)
    data = b"".join(map(packed, messages))
    sent = other.send(data)
    stream = channel.messages()
    found = [await anext(stream)]
    while sent < len(data):
        sent += other.send(data[sent:])
    found += [await anext(stream), await anext(stream)]

    assert found == messages


async def test_end_in_the_middle(pair: Pair) -> None:
    """What a killed process began to say is nothing."""
    channel, other = pair
    other.sendall(packed({"event": "ready"}) + packed({"event": "lost"})[:-3])
    other.close()

    assert await heard(channel) == [{"event": "ready"}]


async def test_nobody_there(pair: Pair) -> None:
    """Messages to a process that has gone are lost without a word."""
    channel, other = pair
    other.close()
    for _ in range(3):
        await channel.send({"text": "x" * 1_000_000})

    assert await heard(channel) == []
