"""The endpoint of several workers."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.errors import BadQuery
from heartbeat.partition import NOTHING, Share
from heartbeat.supervisor.child import Silent
from heartbeat.supervisor.pages import Pages, views_of
from tests.support.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Worker:
    """A worker that answers as a test tells it."""

    def __init__(self, index: int, answers: Mapping[str, Any], *monitors: str) -> None:
        """Answer by path; monitors by paging; without anything be silent."""
        self.title = f"worker-{index}"
        self.process_id = 100 + index
        self.restarts = index
        self.assignment = SimpleNamespace(drains=False)
        self._answers = answers
        self._monitors = monitors

    async def ask(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Answer."""
        if path == "/monitors" and self._monitors:
            return self._page(query or {})
        if path not in self._answers:
            raise Silent(f"{self.title} is not running")
        answer = self._answers[path]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _page(self, query: Mapping[str, str]) -> Any:
        first = int(query["offset"])
        page = self._monitors[first : first + int(query["limit"])]
        count = len(self._monitors)
        return {
            "total": count,
            "levels": {"up": count},
            "matched": count,
            "monitors": list(page),
        }


def pages(*workers: Any) -> Pages:
    """Return the pages of these workers."""
    return Pages(workers)


class TestMonitors:
    """`/monitors`."""

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({}, "abcdef"),
            ({"limit": "2"}, "ab"),
            ({"offset": "2", "limit": "3"}, "cde"),
            ({"offset": "5"}, "f"),
            ({"offset": "9"}, ""),
            ({"limit": "0"}, ""),
        ],
    )
    async def test_pages_go_over_all(
        self, query: dict[str, str], expected: str
    ) -> None:
        """One worker after the other, as if it were one list."""
        page = await pages(Worker(0, {}, *"abc"), Worker(1, {}, *"def")).monitors(query)

        assert "".join(page["monitors"]) == expected
        assert (page["total"], page["matched"], page["levels"]) == (6, 6, {"up": 6})
        assert page["limit"] == int(query.get("limit", "100"))

    async def test_silent_worker(self) -> None:
        """Its monitors are missing."""
        page = await pages(Worker(0, {}), Worker(1, {}, "d")).monitors({})

        assert (page["monitors"], page["total"]) == (["d"], 1)

    async def test_bad_query(self) -> None:
        """It is refused before anybody is asked."""
        with pytest.raises(BadQuery, match="limit: 'x' is no whole number"):
            await pages().monitors({"limit": "x"})


class TestOthers:
    """The pages that are put together."""

    async def test_stats_name_who_is_silent(self) -> None:
        """The sums are those of the others."""
        figures: Any = {"beat": {"rss": 7}, "heartbeat": {"scheduler": {"due": 3}}}
        page = await pages(Worker(0, {"/stats": figures}), Worker(1, {})).stats({})

        assert page["beat"] == {"rss": 7}
        assert page["workers"] == [
            {
                "worker": "worker-0",
                "pid": 100,
                "restarts": 0,
                "beat": {"rss": 7},
                "scheduler": {"due": 3},
            },
            {
                "worker": "worker-1",
                "pid": 101,
                "restarts": 1,
                "error": "worker-1 is not running",
            },
        ]

    async def test_health(self) -> None:
        """A worker that is not there is a fault."""
        well: dict[str, Any] = {"status": "ok", "outputs": {}}
        made = pages(Worker(0, {"/health": well}), Worker(1, {}))

        assert (await made.health("/health", {}))["status"] == "worker-1 is not running"

    async def test_metrics(self) -> None:
        """What is known of the workers comes before what they tell."""
        told = {"/metrics": {"text": "# HELP up Up.\nup 1\n", "media_type": ""}}
        page = await pages(Worker(0, told), Worker(1, {})).metrics()
        lines = page.body.decode().splitlines()

        assert 'heartbeat_worker_up{worker="worker-1"} 0' in lines
        assert 'heartbeat_worker_restarts_total{worker="worker-1"} 1' in lines
        assert lines[-1] == 'up{worker="worker-0"} 1'

    async def test_lists(self) -> None:
        """Inputs are one list, the sets of `/buffer` stay with their workers."""
        made = pages(*(Worker(n, {"/inputs": [n], "/buffer": [n]}) for n in range(2)))
        buffer = await made.buffer({})

        assert await made.inputs({}) == [0, 1]
        assert [one["buffer"] for one in buffer["workers"]] == [[0], [1]]

    async def test_state(self) -> None:
        """Monitors are added up."""
        answer = {"heartbeat": {"monitors": 2}, "host": {"hostname": "h"}}
        made = pages(*(Worker(n, {"/state": answer}) for n in range(2)))

        assert await made.state({}) == answer | {"heartbeat": {"monitors": 4}}

    async def test_refusal_of_a_worker(self) -> None:
        """It is passed on."""
        with pytest.raises(BadQuery, match="which"):
            await pages(Worker(0, {"/inputs": BadQuery("which")})).inputs({})


def test_views(tmp_path: Path) -> None:
    """All paths of a process alone, and who empties a store is not asked."""
    from heartbeat.supervisor.plan import plan_of  # noqa: PLC0415 - beside its use

    text = "output.discard: {}\nworkers: 2\nhttp.buffer.enabled: true\n"
    plan = plan_of(settings_of(tmp_path, text), hostname="h", is_once=False)
    worker: Any = Worker(0, {"/inputs": ["a"]})
    other: Any = Worker(1, {"/inputs": ["b"]})
    other.assignment.drains = True
    views = views_of([worker, other], plan, "1-2-3")

    assert {*views.figures, *views.listings, *views.expositions} == {
        *("/", "/state", "/stats", "/dataset", "/health", "/ready", "/buffer"),
        *("/monitors", "/inputs", "/metrics"),
    }
    assert views.figures["/"]()["uuid"] == "1-2-3"
    assert views.figures["/dataset"]() is None
    assert asyncio.run(inputs_of(views)) == ["a"]
    assert "/debug/pprof" in views.refused
    assert plan.shares == {"worker-0": Share(0, 2), "worker-1": Share(1, 2)}
    assert NOTHING not in plan.shares.values()


async def inputs_of(views: Any) -> Any:
    """Return the page."""
    return await views.listings["/inputs"]({})
