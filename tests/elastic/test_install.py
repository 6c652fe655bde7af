"""Preparing a cluster: the steps, what they leave alone, and what may go wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.elastic.install import ABSENT, LATE, install, opened
from heartbeat.errors import OutputUnavailable
from tests.support.bulk import answer
from tests.support.cluster import FakeCluster, refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from heartbeat.elastic.plan import Plan
    from heartbeat.net import Network
    from heartbeat.outputs.base import Finding
    from heartbeat.outputs.elasticsearch.access import Access

    Steps = Callable[..., Awaitable[list[Finding]]]

NAME = f"heartbeat-{COMPATIBLE_VERSION}"
POLICY = "/_ilm/policy/heartbeat"
TEMPLATE = f"/_index_template/{NAME}"
STREAM = f"/_data_stream/{NAME}"


@pytest.fixture
def steps(
    plan: Callable[..., Plan], access: Callable[..., Access], network: Network
) -> Steps:
    """Return a way to install a configuration and have what the steps said."""

    async def installed(text: str = "", **options: Any) -> list[Finding]:
        async with opened(access(**options), network.clock) as cluster:
            return [finding async for finding in install(plan(text), cluster)]

    return installed


def verdicts(findings: list[Finding]) -> list[tuple[str, str]]:
    """Return what came of each step."""
    return [(finding.verdict, finding.text.partition(" (")[0]) for finding in findings]


async def test_everything_is_created(
    steps: Steps, server: FakeCluster, plan: Callable[..., Plan]
) -> None:
    """An empty cluster gets policy, template and stream, in that order."""
    findings = await steps()

    assert [finding.name for finding in findings] == [
        "lifecycle policy heartbeat",
        f"index template {NAME}",
        f"data stream {NAME}",
    ]
    assert verdicts(findings) == [("OK", "created")] * 3
    assert server.puts == [POLICY, TEMPLATE, STREAM]
    assert server.things[TEMPLATE] == plan().template()


async def test_again_changes_nothing(steps: Steps, server: FakeCluster) -> None:
    """What is there stays as it is."""
    await steps()
    server.requests.clear()

    findings = await steps()

    assert verdicts(findings) == [("OK", "is there already")] * 3
    assert server.puts == []


async def test_overwriting(
    steps: Steps, server: FakeCluster, plan: Callable[..., Plan]
) -> None:
    """Policy and template are replaced if that is wanted."""
    server.things |= {POLICY: {}, TEMPLATE: {}}

    findings = await steps("setup: {ilm.overwrite: true, template.overwrite: true}\n")

    assert verdicts(findings)[:2] == [("OK", "replaced")] * 2
    assert server.things[TEMPLATE] == plan().template()


async def test_parts_that_are_off(steps: Steps, server: FakeCluster) -> None:
    """They are named, and nothing is asked or put for them."""
    findings = await steps("setup: {ilm.enabled: false, template.enabled: false}\n")

    assert verdicts(findings) == [("WARN", "not used"), ("WARN", "not enabled")]
    assert [request.path for request in server.requests] == ["/"]


async def test_what_is_taken_for_granted(steps: Steps, server: FakeCluster) -> None:
    """With check_exists off neither policy nor lifecycle is looked at."""
    text = "setup.dsl: {enabled: true, check_exists: false}\n"
    findings = await steps("setup.ilm.check_exists: false\n")
    findings += await steps(text)

    assert (
        verdicts(findings)[0] == verdicts(findings)[-1] == ("OK", "taken for granted")
    )
    assert POLICY not in server.puts


async def test_lifecycle_of_the_stream(steps: Steps, server: FakeCluster) -> None:
    """Set, then left alone, then replaced."""
    said: list[str] = []
    for text in ("", "", ", overwrite: true"):
        findings = await steps(f"setup.dsl: {{enabled: true{text}}}\n")
        said.append(findings[-1].text.partition(" (")[0])

    assert said == ["set", "is set already", "replaced"]
    assert server.things[f"{STREAM}/_lifecycle"] == {"data_retention": "7d"}


async def test_no_lifecycle_without_a_stream(steps: Steps, server: FakeCluster) -> None:
    """What is not there yet has no lifecycle, which is then set."""
    server.faults[f"GET {STREAM}/_lifecycle"] = refusal(404, "x", "no such stream")

    findings = await steps("setup.dsl.enabled: true\n")

    assert verdicts(findings)[-1] == ("OK", "set")


async def test_serverless(steps: Steps, server: FakeCluster) -> None:
    """No policy, whatever is asked for, but a lifecycle of the stream."""
    server.flavor = "serverless"

    findings = await steps("setup.ilm.enabled: true\n")

    assert verdicts(findings)[0] == (
        "WARN",
        "ILM is not supported in Serverless projects",
    )
    assert server.puts == [TEMPLATE, STREAM, f"{STREAM}/_lifecycle"]


@pytest.mark.parametrize(
    ("path", "privilege", "left"),
    [
        (POLICY, "the cluster privilege manage_ilm", [TEMPLATE, STREAM]),
        (TEMPLATE, "the cluster privilege manage_index_templates", [POLICY]),
        (STREAM, f"the index privilege manage on {NAME}", [POLICY, TEMPLATE]),
    ],
)
async def test_missing_privileges(
    steps: Steps,
    server: FakeCluster,
    path: str,
    privilege: str,
    left: list[str],
) -> None:
    """The privilege is named; what does not need it is done."""
    server.forbidden = (path,)

    findings = await steps()

    (fault,) = [finding.text for finding in findings if finding.verdict == "ERROR"]
    assert f"{privilege} is missing: it is unauthorized" in fault
    assert server.puts == left


MONITOR = (
    "heartbeat.monitors:\n- {type: http, id: a, schedule: '@every 1s', urls: [x],"
    " data_stream: {}}\n"
)
SIDE = "/_index_template/heartbeat-synthetics-http"
SPAN = {"properties": {"monitor": {"properties": {"timespan": {"type": "date_range"}}}}}


def meta(version: str) -> dict[str, Any]:
    """Return what our own mappings of a version say of themselves."""
    return {"_meta": {"beat": "heartbeat", "version": version}}


@pytest.mark.parametrize(
    ("mappings", "more", "expected"),
    [
        ({}, "", "created"),
        (SPAN, "", "another template has the mappings that Kibana needs"),
        (SPAN, "setup.template.overwrite: true\n", "another template has the mappings"),
        (meta(COMPATIBLE_VERSION), "", "is there already"),
        (meta(COMPATIBLE_VERSION), "setup.template.overwrite: true\n", "replaced"),
        (meta("9.0.0"), "", "replaced"),
    ],
)
async def test_stream_of_a_monitor(
    steps: Steps, server: FakeCluster, mappings: Any, more: str, expected: str
) -> None:
    """It gets our template unless another one does, or ours is there."""
    server.simulated = {"template": {"mappings": mappings}}

    findings = await steps(more + MONITOR)

    assert findings[-1].name == "index template heartbeat-synthetics-http"
    assert findings[-1].text.startswith(expected)
    assert (SIDE in server.puts) is (expected in ("created", "replaced"))


async def test_a_stream_before_its_template(steps: Steps, server: FakeCluster) -> None:
    """What it has keeps its mappings, so that is told."""
    server.things |= {STREAM: {}, "/_data_stream/synthetics-http-default": {}}

    findings = await steps(MONITOR)

    late = [finding for finding in findings if finding.verdict == "WARN"]
    assert [finding.text for finding in late] == [LATE, LATE]


async def test_parts_of_the_operators_own(steps: Steps, server: FakeCluster) -> None:
    """Whether they are there is told; they are never put."""
    server.things["/_component_template/a"] = {}

    findings = await steps("setup.template.component_templates: [a, b]\n")

    assert [(one.verdict, one.text) for one in findings[1:3]] == [
        ("OK", "is there"),
        ("WARN", ABSENT),
    ]


async def test_an_index_in_the_way(steps: Steps, server: FakeCluster) -> None:
    """What to do about it is said."""
    reason = f"data stream [{NAME}] conflicts with index"
    server.faults[f"PUT {STREAM}"] = refusal(500, "illegal_state_exception", reason)

    with pytest.raises(OutputUnavailable, match="reindex it under another name"):
        await steps()


async def test_somebody_else_was_faster(steps: Steps, server: FakeCluster) -> None:
    """A stream that has come into being meanwhile will do."""
    kind = "resource_already_exists_exception"
    server.faults[f"PUT {STREAM}"] = refusal(400, kind, "it exists")

    assert verdicts(await steps())[-1] == ("OK", "created")


CAUSE = {"caused_by": {"type": "c", "reason": "no handler for [x]"}}


@pytest.mark.parametrize(
    ("begin", "act", "expected"),
    [
        (
            f"PUT {TEMPLATE}",
            refusal(400, "illegal_argument_exception", "invalid", **CAUSE),
            f"cannot put the index template {NAME}: 400: invalid: no handler for [x]",
        ),
        (
            f"PUT {STREAM}",
            refusal(400, "illegal_argument_exception", "no template"),
            f"cannot create the data stream {NAME}: 400: no template",
        ),
        (
            "GET /",
            refusal(401, "security_exception", "no"),
            "cannot look at the cluster: authentication failed (401): check ",
        ),
        (
            "GET /",
            answer({"version": {"number": "2.1"}}),
            "cannot look at the cluster: 200: ",
        ),
    ],
)
async def test_refusals(
    steps: Steps,
    server: FakeCluster,
    begin: str,
    act: Any,
    expected: str,
) -> None:
    """What no privilege would help with ends it, in the server's words."""
    server.faults[begin] = act

    with pytest.raises(OutputUnavailable) as caught:
        await steps()

    assert str(caught.value).startswith(expected)


async def test_nobody_there(steps: Steps, server: FakeCluster) -> None:
    """The failure of the connection is told."""
    server.is_down = True

    with pytest.raises(OutputUnavailable, match="cannot look at the cluster: http"):
        await steps()


async def test_way_to_the_cluster(steps: Steps, server: FakeCluster) -> None:
    """Credentials and parameters of the output go along, in plain JSON."""
    await steps(api_key="a:b", parameters={"q": "1"})

    for request in server.requests:
        assert request.headers["authorization"].startswith("ApiKey ")
        assert request.headers["accept"] == "application/json"
        assert request.query["q"] == "1"
