"""Documents about this process for Elasticsearch."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
import pytest

from heartbeat.errors import ConfigError
from heartbeat.net import Network
from heartbeat.stackmonitoring import Plan, Reporter, plan_of
from tests.support.bulk import Bulk, answer, bulk_server, hang_up
from tests.support.config import loaded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from tests.support.bulk import Act, Request
    from tests.support.clock import FakeClock

Until: TypeAlias = "Callable[[Callable[[], bool]], Awaitable[None]]"

BEAT = {
    "type": "heartbeat",
    "version": "9.6.0",
    "name": "berlin-1",
    "host": "probe-1",
    "uuid": "1-2-3",
}
ON = {"features": {"monitoring": {"enabled": True}}}
OFF = {"features": {"monitoring": {"enabled": False}}}
OUTPUT = "output.elasticsearch: {hosts: [a], api_key: 'x:y'}\n"
ELSEWHERE = "output.console: {}\nmonitoring.elasticsearch"
GOLDEN = Path("tests/data/monitoring/bulk.ndjson")


@dataclass
class Monitored(Bulk):
    """A cluster that takes figures, or says that it does not."""

    features: Any = None
    status: int = 200

    def _act(self, request: Request) -> Act:
        if request.path == "/_xpack":
            return answer(self.features or ON, status=self.status)
        if request.path == "/":
            return answer({"cluster_uuid": "c-1"})
        if self.script:
            return self.script.popleft()
        return answer({"errors": False})


@pytest.fixture
async def server() -> AsyncIterator[Monitored]:
    """Return a cluster that takes figures."""
    cluster = Monitored()
    async with bulk_server(cluster):
        yield cluster


@pytest.fixture
def plan(tmp_path: Path, clock: FakeClock) -> Callable[[str], Plan | None]:
    """Return a way to have the plan of a configuration."""

    def made(text: str) -> Plan | None:
        return plan_of(loaded(tmp_path, text), Network(clock))

    return made


def own(server: Monitored, more: str = "") -> str:
    """Return a configuration whose figures go to the server."""
    return (
        "output.console: {}\n"
        f"monitoring.elasticsearch: {{hosts: ['{server.url}']{more}}}\n"
    )


def has(server: Monitored, count: int) -> bool:
    """Say whether so many requests with documents have come."""
    return len(server.bulks) == count


@asynccontextmanager
async def reporting(plan: Plan | None, clock: FakeClock) -> AsyncGenerator[Until]:
    """Send figures; yields a way to wait until something is so."""
    assert plan is not None
    reporter = Reporter(
        plan, BEAT, lambda: {"acked": 3}, lambda: {"output": {"name": "file"}}
    )
    task = asyncio.create_task(reporter.run(clock))

    async def until(condition: Callable[[], bool]) -> None:
        while not condition():
            await asyncio.wait({task}, timeout=0.005)

    try:
        yield until
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class TestDocuments:
    """What is sent."""

    async def test_are_those_of_the_reference(
        self, plan: Callable[[str], Plan | None], clock: FakeClock, server: Monitored
    ) -> None:
        """Action and document of both kinds, byte for byte."""
        text = own(server, ", tags: [prod]") + "monitoring.cluster_uuid: c-2\n"
        async with reporting(plan(text), clock) as until:
            await until(lambda: len(server.bulks) == 1)

        assert server.bulks[0].body == GOLDEN.read_bytes()  # noqa: ASYNC240

    async def test_come_each_in_its_period(
        self, plan: Callable[[str], Plan | None], clock: FakeClock, server: Monitored
    ) -> None:
        """Figures every ten seconds, the state every minute."""
        async with reporting(plan(own(server)), clock) as until:
            await until(lambda: len(server.bulks) == 1)
            for count in range(2, 8):
                await clock.advance(10)
                await until(partial(has, server, count))
        kinds = [
            orjson.loads(line)["type"]
            for request in server.bulks
            for line in request.documents
        ]

        assert (kinds.count("beats_stats"), kinds.count("beats_state")) == (7, 2)

    async def test_go_with_the_cluster_of_the_output(
        self, plan: Callable[[str], Plan | None], clock: FakeClock, server: Monitored
    ) -> None:
        """Its uuid is asked for, so that Kibana shows them together."""
        text = (
            f"output.elasticsearch.hosts: ['{server.url}']\nmonitoring.enabled: true\n"
        )
        async with reporting(plan(text), clock) as until:
            await until(lambda: len(server.bulks) == 1)

        document = orjson.loads(server.bulks[0].documents[0])
        assert document["cluster_uuid"] == "c-1"

    async def test_may_be_compressed(
        self, plan: Callable[[str], Plan | None], clock: FakeClock, server: Monitored
    ) -> None:
        """`compression_level` is off by default here."""
        text = own(server, ", compression_level: 1")
        async with reporting(plan(text), clock) as until:
            await until(lambda: len(server.bulks) == 1)

        assert server.bulks[0].headers["content-encoding"] == "gzip"


class TestTrouble:
    """What becomes of documents that cannot be sent."""

    async def test_monitoring_is_off(
        self, plan: Callable[[str], Plan | None], clock: FakeClock, server: Monitored
    ) -> None:
        """Nothing is sent; it is asked again after half a minute."""
        server.features = OFF
        async with reporting(plan(own(server)), clock) as until:
            await until(lambda: len(server.requests) == 1)
            server.features = ON
            for _ in range(3):
                await clock.advance(10)
            await until(lambda: len(server.bulks) == 1)

        assert [one.path for one in server.requests] == ["/_xpack"] * 2 + ["/_bulk"]

    async def test_is_told_once_and_made_good(
        self,
        plan: Callable[[str], Plan | None],
        clock: FakeClock,
        server: Monitored,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """The operator reads when it began and that it is over."""
        caplog.set_level(logging.INFO, "heartbeat.stackmonitoring")
        server.status = 403
        async with reporting(plan(own(server)), clock) as until:
            await until(lambda: len(caplog.messages) == 1)
            server.status = 200
            await clock.advance(1)
            await until(lambda: len(caplog.messages) == 2)

        assert caplog.messages[0].startswith(
            f"monitoring: cannot send figures: {server.url}: permission denied (403)"
        )
        assert caplog.messages[1] == "monitoring: figures are sent again after 1s"

    async def test_a_refusal_of_documents_is_told(
        self,
        plan: Callable[[str], Plan | None],
        clock: FakeClock,
        server: Monitored,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """In the words of the cluster."""
        refused = {"errors": True, "items": [{"create": {"error": {"type": "odd"}}}]}
        server.script.append(answer(refused))
        async with reporting(plan(own(server)), clock) as until:
            await until(lambda: len(caplog.messages) == 1)

        assert caplog.messages[0].endswith(
            'figures were not taken: [{"create":{"error":{"type":"odd"}}}]'
        )

    async def test_what_was_tried_too_often_is_given_up(
        self,
        plan: Callable[[str], Plan | None],
        clock: FakeClock,
        server: Monitored,
    ) -> None:
        """With `max_retries: 0` the next request has only what is new."""
        server.script.append(hang_up)
        text = own(server, ", max_retries: 0, backoff.init: 10s")
        async with reporting(plan(text), clock) as until:
            await until(lambda: not server.script)
            await clock.advance(10)
            await until(lambda: len(server.bulks) == 2)

        assert len(server.bulks[1].documents) == 1

    async def test_what_waits_is_limited(
        self,
        plan: Callable[[str], Plan | None],
        clock: FakeClock,
        server: Monitored,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Old figures give way to new ones."""
        server.status = 503
        text = own(server, ", buffer_size: 2, backoff: {init: 60s, max: 60s}")
        async with reporting(plan(text), clock) as until:
            await until(lambda: len(caplog.messages) == 1)
            server.status = 200
            for _ in range(6):
                await clock.advance(10)
            await until(lambda: len(server.bulks) >= 1)

        assert len(server.bulks[0].documents) == 2


class TestPlan:
    """Where documents go."""

    @pytest.mark.parametrize(
        "text",
        [
            OUTPUT,
            f"{OUTPUT}monitoring.cluster_uuid: x\n",
            f"{OUTPUT}monitoring: {{enabled: false, elasticsearch.hosts: [b]}}\n",
        ],
    )
    def test_nowhere(self, plan: Callable[[str], Plan | None], text: str) -> None:
        """Unless they are asked for; a cluster's id alone does not."""
        assert plan(text) is None

    def test_where_the_output_goes(self, plan: Callable[[str], Plan | None]) -> None:
        """With its credentials, but not with its sizes."""
        made = plan(
            "output.elasticsearch: {hosts: [a], api_key: 'x:y', bulk_max_size: 9,"
            " preset: latency}\nmonitoring.enabled: true\n"
        )

        assert made is not None
        assert [host.url for host in made.access.hosts] == ["http://a:9200"]
        assert made.access.authorization == "ApiKey eDp5"
        assert (made.options.bulk_max_size, made.asks_cluster) == (50, True)

    def test_own_credentials_replace_the_outputs(
        self, plan: Callable[[str], Plan | None]
    ) -> None:
        """The user has a default, as in the reference."""
        made = plan(f"{OUTPUT}monitoring.elasticsearch.password: secret\n")

        assert made is not None
        assert made.access.authorization == "Basic YmVhdHNfc3lzdGVtOnNlY3JldA=="

    def test_own_hosts_inherit_nothing(
        self, plan: Callable[[str], Plan | None]
    ) -> None:
        """Credentials must not go to another cluster."""
        made = plan(f"{OUTPUT}monitoring.elasticsearch.hosts: [b]\n")

        assert made is not None
        assert made.access.authorization == ""
        assert not made.asks_cluster

    def test_a_hosted_deployment(self, plan: Callable[[str], Plan | None]) -> None:
        """`monitoring.cloud` has the addresses and the account."""
        made = plan(
            "output.console: {}\nmonitoring.cloud:"
            " {id: 'x:ZXhhbXBsZS5jb20kZXMka2I=', auth: 'me:secret'}\n"
        )

        assert made is not None
        assert [host.url for host in made.access.hosts] == [
            "https://es.example.com:443"
        ]
        assert made.access.authorization == "Basic bWU6c2VjcmV0"

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            (
                "output.console: {}\nmonitoring.enabled: true\n",
                "monitoring needs hosts: no output.elasticsearch to take them from",
            ),
            (
                f"{ELSEWHERE}: {{hosts: [a], api_key: 'x:y', password: z}}\n",
                "cannot set both api_key and username/password for monitoring client",
            ),
            (
                "output.console: {}\nmonitoring.cloud.auth: 'me:secret'\n",
                "cloud.auth specified but cloud.id is empty",
            ),
            (
                f"{ELSEWHERE}: {{hosts: [a], metrics.period: 0}}\n",
                "requires value >= 1",
            ),
        ],
    )
    def test_what_cannot_work_is_told(
        self, plan: Callable[[str], Plan | None], text: str, words: str
    ) -> None:
        """At the start, not when the first document is due."""
        with pytest.raises(ConfigError, match=words):
            plan(text)
