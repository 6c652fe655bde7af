"""The template before the first document, by the running process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.config import DataStream, Section
from heartbeat.elastic.automatic import attach
from heartbeat.errors import OutputUnavailable
from heartbeat.outputs import build
from heartbeat.outputs.base import Delivery, OutputContext
from tests.support.cluster import FakeCluster, refusal
from tests.support.records import numbered
from tests.support.stage import spec_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from heartbeat.elastic.plan import Plan
    from heartbeat.net import Network
    from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput

    Attached = Callable[..., ElasticsearchOutput]

TEMPLATE = f"/_index_template/heartbeat-{COMPATIBLE_VERSION}"


@pytest.fixture
async def attached(
    server: FakeCluster, network: Network, plan: Callable[..., Plan]
) -> AsyncIterator[Attached]:
    """Return a way to have an output that looks after the template."""
    section = Section({"hosts": [server.url]})
    output: Any = build("elasticsearch", section, OutputContext(network))

    def made(text: str = "") -> ElasticsearchOutput:
        attach([output], plan(text), network.clock)
        return cast("ElasticsearchOutput", output)

    yield made
    await output.close()


async def test_before_the_first_document(
    attached: Attached, server: FakeCluster
) -> None:
    """Connecting puts the template in place; only then documents follow."""
    output = attached()

    await output.connect()

    assert TEMPLATE in server.things
    assert await output.publish(numbered(1, 2)) == Delivery(2, [], [])


async def test_one_question_if_it_is_there(
    attached: Attached, server: FakeCluster
) -> None:
    """A template in place costs a single small request more."""
    server.things[TEMPLATE] = {}
    output = attached()

    await output.connect()

    paths = [request.path for request in server.requests]
    assert paths == ["/", "/_license", TEMPLATE]


MONITOR = (
    "heartbeat.monitors:\n- {type: http, id: a, schedule: '@every 1s', urls: [x],"
    " data_stream: {}}\n"
)
SIDE = "/_index_template/heartbeat-synthetics-http"
SIMULATED = "/_index_template/_simulate_index/synthetics-http-default"


async def test_streams_of_monitors(attached: Attached, server: FakeCluster) -> None:
    """They are seen to, even if the main template is there."""
    server.things[TEMPLATE] = {}
    output = attached(MONITOR)

    await output.connect()

    assert SIDE in server.things


async def test_one_question_for_a_stream_that_is_mapped(
    attached: Attached, server: FakeCluster
) -> None:
    """Another template does as well."""
    span = {"monitor": {"properties": {"timespan": {"type": "date_range"}}}}
    server.things[TEMPLATE] = {}
    server.simulated = {"template": {"mappings": {"properties": span}}}
    output = attached(MONITOR)

    await output.connect()

    paths = [request.path for request in server.requests]
    assert paths == ["/", "/_license", TEMPLATE, SIMULATED]


async def test_a_monitor_that_joins(
    server: FakeCluster, network: Network, plan: Callable[..., Plan]
) -> None:
    """The stream that it names is seen to before its first document, and once."""
    server.things[TEMPLATE] = {}
    section = Section({"hosts": [server.url]})
    output: Any = build("elasticsearch", section, OutputContext(network))
    expect = attach([output], plan(), network.clock)
    await output.connect()
    stream = DataStream("synthetics", "http", "default")

    expect(spec_of(data_stream=stream))
    expect(spec_of(data_stream=stream))
    for number in (1, 2):
        assert await output.publish(numbered(number, number)) == Delivery(1, [], [])

    paths = [request.path for request in server.requests]
    assert paths.count(SIMULATED) == 2  # once to see, once to install
    assert paths.index(SIDE) < paths.index("/_bulk")
    await output.close()


async def test_a_monitor_that_joins_without_a_stream(
    attached: Attached, server: FakeCluster, network: Network, plan: Callable[..., Plan]
) -> None:
    """Nothing is asked again."""
    output = attached()
    expect = attach([output], plan(), network.clock)
    await output.connect()
    server.requests.clear()

    expect(spec_of())
    await output.publish(numbered(1, 1))

    assert [request.path for request in server.requests] == ["/_bulk"]


async def test_streams_may_not_be_looked_at(
    attached: Attached, server: FakeCluster, caplog: pytest.LogCaptureFixture
) -> None:
    """Then documents go out as they are."""
    server.things[TEMPLATE] = {}
    server.forbidden = (SIMULATED,)
    output = attached(MONITOR)

    await output.connect()

    assert "cannot look for the template of synthetics-http-default" in caplog.text
    assert await output.publish(numbered(1, 1)) == Delivery(1, [], [])


async def test_a_stream_that_was_there_before(
    attached: Attached, server: FakeCluster, caplog: pytest.LogCaptureFixture
) -> None:
    """The log warns of what its index keeps."""
    server.things[f"/_data_stream/heartbeat-{COMPATIBLE_VERSION}"] = {}
    output = attached()

    await output.connect()

    (warning,) = [one for one in caplog.records if one.levelname == "WARNING"]
    assert "was there before the template" in warning.getMessage()


async def test_overwriting_once(attached: Attached, server: FakeCluster) -> None:
    """A process replaces the template once, however often it connects."""
    server.things[TEMPLATE] = {}
    output = attached("setup.template.overwrite: true\n")

    await output.connect()
    await output.connect()

    assert server.puts.count(TEMPLATE) == 1


async def test_it_can_be_switched_off(attached: Attached, server: FakeCluster) -> None:
    """Then nothing is asked about it."""
    output = attached("setup.template.enabled: false\n")

    await output.connect()

    paths = [request.path for request in server.requests]
    assert paths == ["/", "/_license"]


async def test_other_outputs_are_left_alone(
    plan: Callable[..., Plan], network: Network
) -> None:
    """They have no template."""
    other = build("discard", Section({}), OutputContext(network))

    attach([other], plan(), network.clock)

    assert other.name == "discard"


@pytest.mark.parametrize("forbidden", [TEMPLATE, "/_data_stream"])
async def test_not_permitted(
    attached: Attached,
    server: FakeCluster,
    caplog: pytest.LogCaptureFixture,
    forbidden: str,
) -> None:
    """It is said once, with the privilege, and documents go out all the same."""
    server.forbidden = (forbidden,)
    output = attached()

    await output.connect()
    await output.connect()

    (warning,) = [one for one in caplog.records if one.levelname == "WARNING"]
    assert "privilege manage" in warning.getMessage()
    assert "run `heartbeat setup` once" in warning.getMessage()
    assert await output.publish(numbered(1, 1)) == Delivery(1, [], [])


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_documents_wait_for_the_template(
    attached: Attached,
    server: FakeCluster,
    method: str,
) -> None:
    """If it fails for another reason, the output is not connected yet."""
    server.faults[f"{method} {TEMPLATE}"] = refusal(503, "x", "not ready")
    output = attached()

    with pytest.raises(OutputUnavailable, match="not ready"):
        await output.connect()

    server.faults.clear()
    await output.connect()
    assert TEMPLATE in server.things
