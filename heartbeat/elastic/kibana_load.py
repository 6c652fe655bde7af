"""Putting the dashboards into Kibana, step by step.

Owns the order of the steps, what each says, and waiting for a Kibana that is not there
yet. Must not know how requests look or who reads what it says.
"""

from __future__ import annotations

import logging
from contextlib import aclosing, asynccontextmanager
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from heartbeat.elastic.dashboards.dataview import TITLE, data_view
from heartbeat.elastic.dashboards.shipped import BOARDS
from heartbeat.elastic.kibana import Kibana, KibanaNotReady, KibanaRefused
from heartbeat.elastic.kibana_access import kibana_access
from heartbeat.elastic.plan import plan_of
from heartbeat.errors import HeartbeatError
from heartbeat.net import Network
from heartbeat.outputs.base import Finding
from heartbeat.outputs.elasticsearch.access import open_client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from heartbeat.clock import Clock
    from heartbeat.config import Settings
    from heartbeat.config.setup import SetupOptions
    from heartbeat.elastic.kibana import Outcome

log = logging.getLogger(__name__)

KIBANA: Final = "Kibana"
TOP: Final = 0
DETAIL: Final = 1
"""Depths of the findings: a step, and what went wrong with a part of it."""

LEVELS: Final = {"ERROR": logging.ERROR, "WARN": logging.WARNING}


async def put_dashboards(settings: Settings, clock: Clock) -> AsyncGenerator[Finding]:
    """Put everything into Kibana; doing it again replaces it with the same.

    Raises `ConfigError` for options that cannot work.
    """
    options = settings.options.setup
    async with _opened(settings, clock) as kibana:
        try:
            async for doubt in _wait_for(kibana, options, clock):
                yield Finding(KIBANA, "WARN", doubt, TOP)
            version = await kibana.version()
            yield Finding(KIBANA, "OK", f"{kibana.url} has version {version}", TOP)
            space = options.kibana.space.id
            if space and not await kibana.has_space(space):
                text = f"there is no space '{space}': create it in Kibana first"
                yield Finding(f"space {space}", "ERROR", text, TOP)
                return
            for doubt in _doubts(settings):
                yield Finding("data view", "WARN", doubt, TOP)
            async for finding in _put_all(kibana, options):
                yield finding
        except KibanaRefused as error:
            yield Finding(KIBANA, "ERROR", str(error), TOP)


async def put_beside(settings: Settings, clock: Clock) -> None:
    """Do the same for a process that has other things to do, and log what comes of it.

    Nothing that goes wrong here ends the process.
    """
    try:
        async with aclosing(put_dashboards(settings, clock)) as findings:
            async for finding in findings:
                level = LEVELS.get(finding.verdict, logging.INFO)
                log.log(level, "%s: %s", finding.name, finding.text)
    except HeartbeatError as error:
        log.error("dashboards are not in place: %s", error)  # noqa: TRY400 - no traceback


@asynccontextmanager
async def _opened(settings: Settings, clock: Clock) -> AsyncGenerator[Kibana]:
    network = Network(clock)
    try:
        access = kibana_access(settings, network)
        client = await open_client(access, clock)
        retry = settings.options.setup.kibana.retry
        kibana = Kibana(client, access.hosts[0].url, retry, clock)
        try:
            yield kibana
        finally:
            await kibana.close()
    finally:
        await network.close()


async def _wait_for(
    kibana: Kibana, options: SetupOptions, clock: Clock
) -> AsyncIterator[str]:
    """Wait until Kibana answers, if that is wanted; yield what it waits for, once.

    Returns at the end of the attempts too: the next request then tells what is wrong.
    """
    wait = options.dashboards.retry
    attempts = 0
    while wait.enabled and (not wait.maximum or attempts < wait.maximum):
        try:
            await kibana.version()
        except KibanaNotReady as error:
            if not attempts:
                yield f"waiting for it: {error}"
        else:
            return
        attempts += 1
        await clock.sleep_until(clock.monotonic() + wait.interval)


def _doubts(settings: Settings) -> list[str]:
    """Return why the dashboards might stay empty."""
    stream = plan_of(settings).stream if "elasticsearch" in settings.outputs else ""
    title = settings.options.setup.dashboards.index or TITLE
    if not stream or any(fnmatchcase(stream, one) for one in title.split(",")):
        return []
    doubt = f"dashboards show {title}, but documents go to {stream}"
    return [f"{doubt}: write that into setup.dashboards.index"]


async def _put_all(kibana: Kibana, options: SetupOptions) -> AsyncIterator[Finding]:
    wanted = options.dashboards
    if not wanted.only_dashboards:
        title = wanted.index or TITLE
        outcome = await kibana.put([data_view(title)], overwrite=wanted.overwrite)
        for finding in _told(f"data view {title}", outcome):
            yield finding
    if wanted.only_index:
        return
    for board in BOARDS:
        outcome = await kibana.put(board.objects(), overwrite=wanted.overwrite)
        for finding in _told(f"dashboard {board.title}", outcome):
            yield finding


def _told(name: str, outcome: Outcome) -> list[Finding]:
    """Return what came of a step, and of each object that was not taken."""
    if not outcome.faults:
        return [Finding(name, "OK", _summary(outcome), TOP)]
    refused, taken = len(outcome.faults), len(outcome.created | outcome.replaced)
    text = f"not complete: {refused} objects were refused, {taken} were taken"
    faults = [
        Finding(key, "ERROR", why, DETAIL)
        for key, why in sorted(outcome.faults.items())
    ]
    return [Finding(name, "ERROR", text, TOP), *faults]


def _summary(outcome: Outcome) -> str:
    counts = {
        "created": outcome.created,
        "replaced": outcome.replaced,
        "there already": outcome.kept,
    }
    parts = [f"{len(keys)} {word}" for word, keys in counts.items() if keys]
    return ", ".join(parts) or "nothing to do"
