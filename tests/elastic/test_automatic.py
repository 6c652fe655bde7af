"""The template before the first document, by the running process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.config import Section
from heartbeat.elastic.automatic import attach
from heartbeat.errors import OutputUnavailable
from heartbeat.outputs import build
from heartbeat.outputs.base import Delivery, OutputContext
from tests.support.cluster import FakeCluster, refusal
from tests.support.records import numbered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from heartbeat.elastic.plan import Plan
    from heartbeat.net import Network
    from heartbeat.outputs.elasticsearch import ElasticsearchOutput

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
