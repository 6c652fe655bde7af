"""A worker's way to its supervisor."""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.channel import Channel
from heartbeat.errors import BadQuery, ConfigError, OutputClosed
from heartbeat.shown import Exposition, Views
from heartbeat.supervised import PULSE, Superior
from tests.support.clock import settle

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


class Talk:
    """Both sides; the worker's serves."""

    def __init__(self, superior: Superior, other: Channel) -> None:
        self.superior = superior
        self.serving = asyncio.create_task(superior.serve())
        self.other = other
        self._messages = other.messages()

    async def heard(self) -> Any:
        """Return the next that the supervisor hears."""
        return await anext(self._messages)

    async def asked(self, path: str, **query: str) -> Any:
        """Return the answer to a question."""
        await self.other.send({"question": 1, "path": path, "query": query})
        return await self.heard()


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    """Return a worker that talks to its supervisor."""
    ours, theirs = socket.socketpair()
    superior = Superior(theirs.detach())
    await superior.open()
    talk = Talk(superior, await Channel.opened(ours))
    yield talk
    talk.serving.cancel()
    superior.close()
    superior.leave()
    talk.other.close()
    await settle()


async def test_events(talk: Talk) -> None:
    """What a service manager would be told."""
    talk.superior.ready()
    with talk.superior.reloading():
        talk.superior.stopping()
    heard = [(await talk.heard())["event"] for _ in range(4)]

    assert heard == ["ready", "reloading", "stopping", "reloaded"]


@pytest.mark.parametrize(
    ("error", "is_final"), [(ConfigError("no"), False), (OutputClosed("no"), True)]
)
async def test_fault(talk: Talk, error: Any, is_final: bool) -> None:  # noqa: FBT001
    """A configuration can be mended, a pipe that nobody reads cannot."""
    talk.superior.fail(error)

    assert await talk.heard() == {"event": "fault", "text": "no", "is_final": is_final}


async def test_pulse(talk: Talk) -> None:
    """How it is, as the service manager of a process alone would be told."""
    assert (await talk.asked(PULSE))["content"] == {"is_stuck": False, "status": ""}

    async def status() -> str:
        return "3 endpoints: 3 up"

    await talk.superior.run(lambda: True, status)

    assert (await talk.asked(PULSE))["content"] == {
        "is_stuck": True,
        "status": "3 endpoints: 3 up",
    }


async def picky(query: Mapping[str, str]) -> dict[str, Any]:
    """Return what was asked for; understands `limit` only."""
    if query.keys() - {"limit"}:
        raise BadQuery("which?")
    return dict(query)


async def page() -> Exposition:
    """Return a page."""
    return Exposition(b"up 1\n", "text/plain")


def broken() -> Any:
    """Fail."""
    raise ZeroDivisionError("no figures")


async def test_pages(talk: Talk) -> None:
    """Figures, listings and texts, as the endpoint would show them."""
    talk.superior.views = Views(
        {"/stats": lambda: {"a": 1}}, {"/m": picky}, {"/p": page}
    )

    assert await talk.asked("/stats") == {"answer": 1, "content": {"a": 1}}
    assert (await talk.asked("/m", limit="2"))["content"] == {"limit": "2"}
    assert (await talk.asked("/m", x="2"))["error"] == "which?"
    assert (await talk.asked("/p"))["content"] == {
        "text": "up 1\n",
        "media_type": "text/plain",
    }


async def test_page_that_fails(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    """It is said here and there, and the next question is answered."""
    talk.superior.views = Views({"/stats": broken})

    assert (await talk.asked("/stats"))["error"] == "ZeroDivisionError: no figures"
    assert "cannot be answered" in caplog.text
    assert "content" in await talk.asked(PULSE)


async def test_endpoint_is_off(talk: Talk) -> None:
    """Nothing but the pulse is to be had then."""
    assert (await talk.asked("/stats"))["error"] == "http.enabled is false here"


async def test_supervisor_has_gone(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker ends as if it had been told to."""
    raised: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", raised.append)
    talk.other.close()
    await talk.serving

    assert raised == [signal.SIGTERM]
