"""Waiting for the first facts of a source."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from heartbeat.processors.readiness import Readiness
from tests.support.api import Stream, serving_api
from tests.support.clock import FakeClock
from tests.support.processors import chain, context, event

if TYPE_CHECKING:
    from pathlib import Path

WEB = {"Id": "1a" * 32, "Names": ["/web"], "Image": "nginx"}


async def test_events_wait() -> None:
    """The first events wait until the source has facts."""
    within = context(FakeClock())
    async with serving_api(
        {"GET /containers/json": [WEB], "GET /events": Stream()}
    ) as api:
        options = {"host": api.url, "match_fields": ["id"], "wait_for_metadata": True}
        one = chain({"add_docker_metadata": options}, within=within)
        waiting = asyncio.create_task(one.run(event(id=WEB["Id"])))
        within.sources.hold(one.sources)
        running = asyncio.create_task(within.sources.run())
        changed = await waiting
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert changed is not None
    assert changed.fields["container"]["name"] == "web"


@pytest.mark.parametrize("name", ["add_docker_metadata", "add_kubernetes_metadata"])
async def test_events_do_not_wait_forever(name: str, tmp_path: Path) -> None:
    """Without facts events go on after a while, and later ones at once."""
    file = tmp_path / "kube.yml"
    file.write_text(
        "{current-context: m, contexts: [{name: m, context: {cluster: c, user: u}}],"
        " clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}],"
        " users: [{name: u, user: {}}]}"
    )
    clock = FakeClock()
    waits = {"wait_for_metadata": True, "wait_for_metadata_timeout": "5s"}
    own = {"host": f"unix://{tmp_path}/none"}
    if name == "add_kubernetes_metadata":
        own = {"kube_config": str(file)}
    one = chain({name: {**waits, **own}}, within=context(clock))
    given = event(a=1)

    waiting = asyncio.create_task(one.run(given))
    await clock.advance(4.9)
    assert not waiting.done()
    await clock.advance(0.1)

    changed = await waiting
    assert changed is given
    changed = await one.run(given)
    assert changed is given


async def test_facts_in_time() -> None:
    """Facts that come in time leave no timer behind."""
    clock = FakeClock()
    readiness = Readiness(clock)
    waiting = asyncio.create_task(readiness.wait(5.0))
    await clock.advance()
    readiness.reach()
    await waiting
    assert clock.timers == 0
