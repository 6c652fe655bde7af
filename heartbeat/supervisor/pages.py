"""The endpoint of several workers: each page is made of theirs.

Owns whom is asked for which page, and paging over all of them. Must not know how
figures are put together or how pages are served.
"""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from heartbeat.overview import Wanted
from heartbeat.shown import Exposition, Views
from heartbeat.supervisor.aggregate import (
    health_of,
    metrics_of,
    stats_of,
    together,
)
from heartbeat.supervisor.child import Silent
from heartbeat.views import REFUSED, info

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.supervisor.child import Child
    from heartbeat.supervisor.plan import Plan

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OWN = """\
# HELP heartbeat_worker_up 1 if the worker is ready.
# TYPE heartbeat_worker_up gauge
{up}
# HELP heartbeat_worker_restarts_total How often the worker was started again.
# TYPE heartbeat_worker_restarts_total counter
{restarts}
"""


def views_of(children: Sequence[Child], plan: Plan, agent_id: str) -> Views:
    """Return the views of all workers; `agent_id` is that of the installation."""
    pages = Pages([child for child in children if not child.assignment.drains])
    agent = {"name": plan.name, "id": agent_id, "ephemeral_id": str(uuid.uuid4())}
    buffer = {"/buffer": pages.buffer} if plan.http.buffer.enabled else {}
    return Views(
        figures={"/": lambda: info(agent), "/dataset": lambda: None},
        listings={
            "/stats": pages.stats,
            "/state": pages.state,
            "/health": partial(pages.health, "/health"),
            "/ready": partial(pages.health, "/ready"),
            "/monitors": pages.monitors,
            "/inputs": pages.inputs,
            **buffer,
        },
        expositions={"/metrics": pages.metrics},
        refused=REFUSED,
    )


class Pages:
    """Asks the workers and puts their answers together.

    Of a worker that gives none the figures are missing; `/health`, `/ready` and the
    member `workers` of `/stats` tell which that is.
    """

    def __init__(self, children: Sequence[Child]) -> None:
        """Ask nobody yet."""
        self._children = children

    async def stats(self, _query: Mapping[str, str]) -> dict[str, Any]:
        """Return the figures of all, and of each what is its own."""
        answers = await self._answers("/stats")
        told = [(_about(c), a) for c, a in answers if not isinstance(a, Silent)]
        silent = [
            {**_about(c), "error": str(a)} for c, a in answers if isinstance(a, Silent)
        ]
        page = stats_of(told)
        return {**page, "workers": [*page["workers"], *silent]}

    async def state(self, _query: Mapping[str, str]) -> dict[str, Any]:
        """Return how many monitors of which kind there are."""
        answers = await self._answers("/state")
        return together([a for _, a in answers if not isinstance(a, Silent)])

    async def health(self, path: str, _query: Mapping[str, str]) -> dict[str, Any]:
        """Return whether every worker is well."""
        answers = await self._answers(path)
        return health_of(
            (child.title, str(answer) if isinstance(answer, Silent) else answer)
            for child, answer in answers
        )

    async def monitors(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Return a page of the monitors of all workers, one worker after the other."""
        wanted = Wanted.of(query)
        offset, room = wanted.offset, wanted.limit
        pages: list[dict[str, Any]] = []
        for child in self._children:
            part = {**query, "offset": str(offset), "limit": str(room)}
            try:
                page = await child.ask("/monitors", part)
            except Silent:
                continue
            pages.append(page)
            offset = max(offset - page["matched"], 0)
            room -= len(page["monitors"])
        counts = [
            {n: page[n] for n in ("total", "levels", "matched")} for page in pages
        ]
        counted = together([{"total": 0, "levels": {}, "matched": 0}, *counts])
        return {
            **counted,
            "offset": wanted.offset,
            "limit": wanted.limit,
            "monitors": [one for page in pages for one in page["monitors"]],
        }

    async def inputs(self, query: Mapping[str, str]) -> list[Any]:
        """Return what runs in all workers."""
        answers = await self._answers("/inputs", query)
        return [one for _, a in answers if not isinstance(a, Silent) for one in a]

    async def buffer(self, _query: Mapping[str, str]) -> dict[str, Any]:
        """Return the figures of the last minutes of each worker."""
        answers = await self._answers("/buffer")
        told = ((child, a) for child, a in answers if not isinstance(a, Silent))
        return {"workers": [{**_about(child), "buffer": kept} for child, kept in told]}

    async def metrics(self) -> Exposition:
        """Return the page for Prometheus, every sample with its worker."""
        answers = await self._answers("/metrics")
        up = {child.title: int(not isinstance(a, Silent)) for child, a in answers}
        restarts = {child.title: child.restarts for child in self._children}
        own = OWN.format(
            up=_samples("heartbeat_worker_up", up),
            restarts=_samples("heartbeat_worker_restarts_total", restarts),
        )
        told = [(c.title, a["text"]) for c, a in answers if not isinstance(a, Silent)]
        return Exposition((own + metrics_of(told)).encode(), MEDIA_TYPE)

    async def _answers(
        self, path: str, query: Mapping[str, str] | None = None
    ) -> list[tuple[Child, Any]]:
        """Return all answers, `Silent` for one that is missing; raises `BadQuery`."""
        asked = (child.ask(path, query) for child in self._children)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, Silent):
                raise answer
        return list(zip(self._children, answers, strict=True))


def _about(child: Child) -> dict[str, Any]:
    return {
        "worker": child.title,
        "pid": child.process_id,
        "restarts": child.restarts,
    }


def _samples(name: str, values: Mapping[str, int]) -> str:
    return "\n".join(f'{name}{{worker="{w}"}} {value}' for w, value in values.items())
