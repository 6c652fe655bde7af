"""`add_docker_metadata`, against a scripted daemon."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.processors.api import PAUSE
from heartbeat.processors.known import Known, labels_of
from tests.support.api import Stream, serving_api
from tests.support.clock import FakeClock, settle
from tests.support.processors import context, event, faults, processor

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from heartbeat.event import Event, Fields
    from tests.support.api import Answer

ONE, TWO = "1a" * 32, "2b" * 32
WEB = {
    "Id": ONE,
    "Names": ["/web"],
    "Image": "nginx:1",
    "Labels": {"com.example.tier": "front"},
}
DB = {"Id": TWO, "Names": ["/db"], "Image": "postgres"}
TOLD = {
    "id": ONE,
    "name": "web",
    "image": {"name": "nginx:1"},
    "labels": {"com_example_tier": "front"},
}
BY_FIELD: dict[str, Any] = {"match_fields": ["id"]}
LIST = "GET /containers/json"


def one_of(identity: str) -> str:
    """Return the route to a single container."""
    return f'GET /containers/json?filters={{"id":["{identity}"]}}'


async def until(holds: Callable[[], bool]) -> None:
    """Return when something has come about on its way through sockets."""
    while not holds():
        await settle(1)


@asynccontextmanager
async def at_work(
    host: str, clock: FakeClock, **options: object
) -> AsyncGenerator[Callable[..., Fields]]:
    """Run the processor; yields what makes fields of fields."""
    within = context(clock)
    found: Any = processor("add_docker_metadata", {"host": host, **options}, within)
    within.sources.hold(found.sources)
    task = asyncio.create_task(within.sources.run())

    def told(**fields: Any) -> Fields:
        changed: Event = found(event(fields))
        return changed.fields

    try:
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_containers(tmp_path: Path) -> None:
    """A container is told by its id, by its short id or by the path of its log."""
    host = str(tmp_path / "docker.sock")
    routes: dict[str, Answer] = {LIST: [WEB], "GET /events": Stream()}
    options = {**BY_FIELD, "match_short_id": True}
    async with (
        serving_api(routes, host),
        at_work(f"unix://{host}", FakeClock(), **options) as told,
    ):
        await until(lambda: "container" in told(id=ONE))
        assert told(id=ONE) == {"id": ONE, "container": TOLD}
        assert told(id=ONE[:12])["container"] == TOLD
        file = f"/var/lib/docker/containers/{ONE}/{ONE}-json.log"
        assert told(log={"file": {"path": file}})["container"] == TOLD
        assert told(log={"file": {"path": "/x"}}) == {"log": {"file": {"path": "/x"}}}
        assert told(id=TWO) == {"id": TWO}
        assert told(id=ONE, container={"x": 1})["container"] == {"x": 1, **TOLD}


async def test_processes(tmp_path: Path) -> None:
    """A container is told by the number of a process in it."""
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/cgroup").write_text(f"0::/docker/{ONE}\n")
    routes: dict[str, Answer] = {LIST: [WEB], "GET /events": Stream()}
    async with (
        serving_api(routes) as api,
        at_work(api.url, FakeClock(), hostfs=str(tmp_path)) as told,
    ):
        await until(lambda: "container" in told(process={"pid": 7}))
        assert "container" not in told(process={"pid": 8})


async def test_coming_and_going() -> None:
    """Containers that start are known, those that end for a while longer."""
    clock, stream = FakeClock(), Stream()
    routes: dict[str, Answer] = {LIST: [WEB], one_of(TWO): [DB], "GET /events": stream}
    async with (
        serving_api(routes) as api,
        at_work(f"tcp://127.0.0.1:{api.port}", clock, **BY_FIELD) as told,
    ):
        stream.put({"Type": "container", "Action": "start", "id": TWO})
        stream.put({"Type": "container", "Action": "die", "Actor": {"ID": ONE}})
        stream.put({"Type": "container", "Action": "exec_start: x", "id": TWO})
        routes[one_of(ONE)] = []
        stream.put({"Type": "container", "Action": "start", "id": ONE})
        await until(lambda: any(ONE in r.path_qs for r in api.requests[3:]))
        assert told(id=TWO)["container"]["name"] == "db"
        assert "container" in told(id=ONE)
        clock.jump(60.0)
        assert "container" not in told(id=ONE)
        assert "container" in told(id=TWO)


@pytest.mark.parametrize("end", [None, b"broken\n"])
async def test_reconnecting(end: bytes | None) -> None:
    """When a stream ends all containers are listed anew."""
    clock, stream = FakeClock(), Stream()
    routes: dict[str, Answer] = {LIST: [WEB], "GET /events": stream}
    async with serving_api(routes) as api, at_work(api.url, clock, **BY_FIELD) as told:
        await until(lambda: "container" in told(id=ONE))
        routes[LIST] = [DB]
        stream.put(end)
        while "container" not in told(id=TWO):
            await clock.advance(PAUSE)
        assert len([r for r in api.requests if r.path == "/containers/json"]) >= 2


async def test_absence(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """Without Docker the processor does nothing, and one line says so."""
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    async with at_work(f"unix://{tmp_path}/none", clock, **BY_FIELD) as told:
        for _ in range(3):
            await clock.advance(PAUSE)
        assert told(id=ONE) == {"id": ONE}
    (record,) = caplog.records
    assert record.message.startswith(
        f"add_docker_metadata: nothing answers at unix://{tmp_path}/none: "
    )


@pytest.mark.parametrize("answer", [500, {"message": "no"}, "x", [1], [{"Id": 1}]])
async def test_odd_answers(answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    """What is no answer of Docker's counts for none."""
    caplog.set_level(logging.INFO)
    async with (
        serving_api({LIST: answer}) as api,
        at_work(api.url, FakeClock(), **BY_FIELD) as told,
    ):
        await until(lambda: bool(caplog.records))
        assert told(id=ONE) == {"id": ONE}
    assert "nothing answers at" in caplog.text


@pytest.mark.parametrize(
    ("dedot", "expected"),
    [
        (True, {"a": "1", "a_b": "2", "c_d": "3"}),
        (False, {"a": {"value": "1", "b": "2"}, "c": {"d": "3"}}),
    ],
)
def test_labels(dedot: bool, expected: Fields) -> None:  # noqa: FBT001
    """Dots in labels are replaced, or nest."""
    assert labels_of({"a": "1", "a.b": "2", "c.d": "3"}, dedot=dedot) == expected
    assert labels_of(None, dedot=dedot) == {}


def test_keys_change_hands() -> None:
    """A key belongs to whoever had it last."""
    known = Known(FakeClock(), 0.0)
    known.put("old", {"ip": {"n": 1}, "x": {}})
    known.put("new", {"ip": {"n": 2}})
    known.end("old")
    assert known.get("ip") == {"n": 2}
    assert len(known) == 1
    known.put("new", {"y": {}})
    assert known.get("ip") is None


def test_bad_host() -> None:
    """The daemon must have an address."""
    (fault,) = faults({"add_docker_metadata": {"host": "/var/run/docker.sock"}})

    assert fault.startswith("'/var/run/docker.sock' is no address of Docker, such as")
