"""The answers of the endpoint of a running heartbeat, pinned member by member."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from heartbeat.app import App, Mode
from tests.support.settings import settings_of
from tests.support.shape import shape
from tests.support.target import Target

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

PINNED = {
    file.stem: json.loads(file.read_text(encoding="utf-8"))
    for file in sorted(Path("tests/data/endpoint").glob("*.json"))
}
"""The shape of the answer at each path; `root` is that at `/`."""

CONFIGURATION = """
output.file: {{path: '{home}/out', filename: documents}}
http: {{enabled: true, host: 'unix://{home}/http', buffer.enabled: true}}
heartbeat.monitors:
- {{type: http, id: web, name: Web, schedule: '@every 10s', urls: ['{url}']}}
"""


@pytest.fixture
def target() -> Iterator[Target]:
    """Return a web server that answers."""
    with Target() as server:
        yield server


@pytest.fixture
async def ask(
    tmp_path: Path, target: Target
) -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """Return a way to ask a heartbeat that has checked once."""
    text = CONFIGURATION.format(home=tmp_path, url=target.url)
    app = App(settings_of(tmp_path, text), hostname="probe-1", mode=Mode.SERVE)
    running = asyncio.create_task(app.run())
    connector = aiohttp.UnixConnector(str(tmp_path / "http"))
    async with aiohttp.ClientSession(connector=connector) as session:

        async def asked(path: str) -> str:
            async with session.get(f"http://heartbeat{path}") as answer:
                return await answer.text()

        while not target.answered or '"up"' not in await asked("/monitors"):
            await asyncio.wait({running}, timeout=0.01)
        yield asked
    os.kill(os.getpid(), signal.SIGTERM)
    await running


@pytest.mark.slow
async def test_every_answer_has_its_members(
    ask: Callable[[str], Awaitable[str]],
) -> None:
    """Programs read these answers: a member that goes or comes shows here."""
    found = {
        name: shape(json.loads(await ask("/" if name == "root" else f"/{name}")))
        for name in PINNED
    }

    assert found == PINNED


@pytest.mark.slow
async def test_figures_for_prometheus_are_legible(
    ask: Callable[[str], Awaitable[str]],
) -> None:
    """The library's own parser reads the page of a running process."""
    families = {
        one.name: one for one in text_string_to_metric_families(await ask("/metrics"))
    }
    (up,) = families["heartbeat_monitor_up"].samples

    assert (up.labels, up.value) == ({"id": "web", "name": "Web", "type": "http"}, 1.0)
