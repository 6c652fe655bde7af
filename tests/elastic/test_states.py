"""The search for the last states of many monitors."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.elastic import states
from heartbeat.elastic.states import Search, Sought, is_final, past_of, read
from heartbeat.elastic.template import mappings
from heartbeat.errors import OutputUnavailable
from heartbeat.event import milliseconds
from heartbeat.outputs.elasticsearch.access import open_client
from heartbeat.state import MonitorState, Past
from tests.support.asking import ask
from tests.support.clock import START_NS
from tests.support.cluster import FakeCluster, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from heartbeat.net import Network
    from heartbeat.outputs.elasticsearch.access import Access
    from heartbeat.outputs.elasticsearch.client import Client

SEEN = "2026-09-21T14:00:00.500Z"
SEEN_NS = START_NS - 800 * 10**9 + 500_000_000
STATE: dict[str, Any] = {
    "id": "default-1a-3",
    "status": "down",
    "started_at": "2026-09-21T13:13:20.000000007Z",
    "duration_ms": "2800500",
    "checks": 9,
    "up": 1,
    "down": 8,
    "flap_history": [],
    "ends": None,
}
PAST = Past("default-1a-3", "down", START_NS - 3600 * 10**9 + 7, SEEN_NS, 9, 1)
WEB, SHOP, PING = (
    Sought("web", "http", ""),
    Sought("shop", "http", "berlin"),
    Sought("ping", "icmp", ""),
)
SEARCH = Search(("heartbeat-*", "logs"), START_NS, "me")


class TestPast:
    """A state out of a document."""

    def test_whole(self) -> None:
        """Times keep their nanoseconds."""
        assert past_of(STATE, SEEN) == PAST

    def test_times_of_the_reference(self) -> None:
        """It writes the offset of its zone."""
        state = STATE | {"started_at": "2026-09-21T15:13:20.000000007+02:00"}

        assert past_of(state, SEEN) == PAST

    def test_flapping(self) -> None:
        """Its history is taken up, too."""
        state = STATE | {"status": "flap", "flap_history": ["up", "down", "flap"]}
        past = past_of(state, SEEN)

        assert past is not None
        assert past.history == "ud"

    def test_a_state_as_young_as_its_document(self) -> None:
        """A document's time has milliseconds, the start of its state more."""
        state = STATE | {"started_at": "2026-09-21T14:00:00.500999Z"}
        past = past_of(state, SEEN)

        assert past is not None
        assert past.seen_ns == past.started_ns

    @pytest.mark.parametrize(
        "wrong",
        [
            {"id": ""},
            {"status": "unknown"},
            {"started_at": "yesterday"},
            {"started_at": "2026-99-21T13:13:20Z"},
            {"started_at": None},
            {"started_at": "1066-10-14T00:00:00Z"},
            {"checks": None},
            {"checks": "many"},
            {"checks": 2**60},
            {"up": 10},
            {"up": -1},
        ],
    )
    def test_nonsense_is_no_state(self, wrong: dict[str, Any]) -> None:
        """What cannot be is not taken up."""
        assert past_of(STATE | wrong, SEEN) is None

    def test_what_we_write_is_read(self) -> None:
        """A document of our own gives the state that it was made of."""
        document = MonitorState("web").record("up", START_NS + 7, is_final=True)
        past = past_of(document, milliseconds(START_NS))

        assert past == Past(document["id"], "up", START_NS + 7, START_NS + 7, 1, 1)


class TestRead:
    """The answer of a cluster."""

    def test_by_monitor(self) -> None:
        """Hits without a monitor or a state are left out."""
        whole = {"@timestamp": SEEN, "monitor": {"id": "web"}, "state": STATE}
        sources = [whole, {**whole, "monitor": {}}, {"monitor": {"id": "x"}}, None]
        hits = {"hits": {"hits": [{"_source": source} for source in sources]}}

        assert read(orjson.dumps(hits)) == {"web": PAST}

    @pytest.mark.parametrize(
        "content", [b"", b"[]", b"{}", b'{"hits":{"hits":1}}', b'{"hits":{"hits":[7]}}']
    )
    def test_nothing(self, content: bytes) -> None:
        """An answer without hits has none."""
        assert read(content) == {}


class TestBody:
    """What is asked."""

    def test_monitors_are_grouped(self) -> None:
        """By type and location; without one, those that have one do not count."""
        query = SEARCH.body([WEB, SHOP, PING, Sought("api", "http", "")])["query"]
        groups = [group["bool"] for group in query["bool"]["should"]]

        assert [group["filter"][0]["terms"]["monitor.id"] for group in groups] == [
            ["web", "api"],
            ["shop"],
            ["ping"],
        ]
        assert groups[1]["filter"][1:] == [
            {"term": {"monitor.type": "http"}},
            {"term": {"observer.name": "berlin"}},
        ]
        assert [group.get("must_not") for group in groups] == [
            [{"exists": {"field": "observer.name"}}],
            None,
            [{"exists": {"field": "observer.name"}}],
        ]


@pytest.fixture
async def client(
    access: Callable[..., Access], network: Network
) -> AsyncIterator[Client]:
    """Return a client of the scripted cluster."""
    made = await open_client(access(), network.clock)
    yield made
    await made.close()


class TestAsk:
    """The request."""

    async def test_one_for_all(
        self, server: FakeCluster, client: Client, network: Network
    ) -> None:
        """However many monitors there are."""
        many = [Sought(f"m{n}", "http", "") for n in range(1000)]
        await SEARCH.ask(client, many, network.clock)
        (request,) = server.requests

        assert request.path == "/heartbeat-*,logs/_search"
        assert request.query["ignore_unavailable"] == "true"
        assert orjson.loads(request.body)["size"] == 1000

    async def test_no_more_than_a_page(
        self,
        server: FakeCluster,
        client: Client,
        network: Network,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Very many are asked for in several requests."""
        monkeypatch.setattr(states, "MOST", 2)
        await SEARCH.ask(client, [WEB, SHOP, PING], network.clock)
        sizes = [orjson.loads(request.body)["size"] for request in server.requests]

        assert sizes == [2, 1]

    @pytest.mark.parametrize(
        ("status", "final"), [(400, True), (403, True), (429, False), (503, False)]
    )
    async def test_refused(
        self,
        server: FakeCluster,
        client: Client,
        network: Network,
        status: int,
        *,
        final: bool,
    ) -> None:
        """The error tells whether there is any use in asking again."""
        server.faults["POST /heartbeat"] = refusal(status, "x_exception", "no way")

        with pytest.raises(OutputUnavailable, match="no way") as caught:
            await SEARCH.ask(client, [WEB], network.clock)
        assert is_final(caught.value) == final


@pytest.fixture
def index(elasticsearch_url: str) -> Iterator[str]:
    """Return the URL of an index of the test's own, mapped as documents are."""
    url = f"{elasticsearch_url}/states-test-{uuid.uuid4().hex}"
    settings = {"number_of_shards": 1, "number_of_replicas": 0}
    ask(url, "PUT", {"mappings": mappings(), "settings": settings})
    yield url
    ask(url, "DELETE")


def document(monitor: str, at_ns: int, serial: int, **more: Any) -> dict[str, Any]:
    """Return what a search can find of a document."""
    return {
        "@timestamp": milliseconds(at_ns),
        "agent": {"ephemeral_id": more.pop("process", "another")},
        "monitor": {"id": monitor, "type": more.pop("type", "http")},
        "state": STATE | {"id": f"default-1a-{serial}"},
        **more,
    }


@pytest.mark.elasticsearch
async def test_a_real_cluster(
    index: str,
    access: Callable[..., Access],
    network: Network,
) -> None:
    """The newest state within six hours, of that type and location, and not ours."""
    hour = 3600 * 10**9
    berlin, paris = ({"observer": {"name": name}} for name in ("berlin", "paris"))
    without_state = document("web", START_NS + 2, 0)
    del without_state["state"]
    for one in (
        document("web", START_NS + hour, 1),
        document("web", START_NS + 2 * hour, 2),
        document("web", START_NS + 3 * hour, 3, type="tcp"),
        document("web", START_NS + 3 * hour, 4, process="me"),
        document("web", START_NS + 3 * hour, 5, **paris),
        document("shop", START_NS + hour, 6, **berlin),
        document("shop", START_NS + 2 * hour, 7, **paris),
        document("shop", START_NS + 2 * hour, 8),
        document("ping", START_NS - 1, 9, type="icmp"),
        without_state,
    ):
        ask(f"{index}/_doc", "POST", one)
    ask(f"{index}/_refresh", "POST")
    host, _, name = index.rpartition("/")
    client = await open_client(access(hosts=[host]), network.clock)
    search = Search((f"{name}*", "no-such-index", "no-such-*"), START_NS, "me")
    try:
        found = await search.ask(client, [WEB, SHOP, PING], network.clock)
    finally:
        await client.close()

    assert {name: past.id for name, past in found.items()} == {
        "web": "default-1a-2",
        "shop": "default-1a-6",
    }


@pytest.mark.elasticsearch
async def test_a_real_cluster_without_documents(
    elasticsearch_url: str, access: Callable[..., Access], network: Network
) -> None:
    """A first start ever finds nothing, and that is no fault."""
    client = await open_client(access(hosts=[elasticsearch_url]), network.clock)
    search = Search(("no-such-index", "no-such-*"), START_NS, "me")
    try:
        assert await search.ask(client, [WEB], network.clock) == {}
    finally:
        await client.close()
