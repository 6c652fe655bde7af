"""Putting a plan into a cluster, step by step.

Owns the order of the steps and what each says: a step whose privilege is missing says
so, and the others go on. Must not know when it is done or who reads what it says.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from heartbeat.elastic.refusal import NotPermitted
from heartbeat.elastic.streams import Fit
from heartbeat.outputs.base import Finding

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable

    from heartbeat.clock import Clock
    from heartbeat.elastic.cluster import Cluster
    from heartbeat.elastic.plan import Plan
    from heartbeat.elastic.streams import Stream
    from heartbeat.outputs.elasticsearch.access import Access

TOP = 0
"""Depth of the findings: nothing stands above them."""

CREATED: Final = "created"
REPLACED: Final = "replaced"
ABSENT: Final = (
    "is not there yet; once it is, it counts from the next rollover of the stream"
)
LATE: Final = (
    "was there before the template, so what it has now keeps its mappings; new ones"
    " come with a rollover (POST /<data stream>/_rollover)"
)
_DOUBTFUL: Final = frozenset({ABSENT, LATE})


@asynccontextmanager
async def opened(access: Access, clock: Clock) -> AsyncGenerator[Cluster]:
    """Give a cluster, closed in the end.

    In a thread: importing the library and reading certificates take their time.
    """
    loop = asyncio.get_running_loop()
    cluster = await loop.run_in_executor(None, _cluster, access, clock)
    try:
        yield cluster
    finally:
        await cluster.close()


def _cluster(access: Access, clock: Clock) -> Cluster:
    from heartbeat.elastic.cluster import Cluster  # noqa: PLC0415 - costly

    return Cluster(access, clock)


async def install(plan: Plan, cluster: Cluster) -> AsyncIterator[Finding]:
    """Put in place what is missing; doing it again changes nothing.

    Raises `OutputUnavailable` if the cluster does not answer or refuses what it is
    given.
    """
    is_serverless = await cluster.is_serverless()
    yield await _lifecycle(plan, cluster, is_serverless=is_serverless)
    if not plan.options.template.enabled:
        text = "not enabled (setup.template.enabled)"
        yield Finding("index template", "WARN", text, TOP)
        return
    for name in plan.options.template.component_templates:
        yield await _tried(f"component template {name}", _component(name, cluster))
    step = _template(plan, cluster, is_serverless=is_serverless)
    template = await _tried(f"index template {plan.name}", step)
    yield template
    if plan.stream and template.verdict != "ERROR":
        is_new = template.text in (CREATED, REPLACED)
        step = _stream(plan.stream, cluster, is_template_new=is_new)
        yield await _tried(f"data stream {plan.stream}", step)
    if plan.uses_retention(is_serverless=is_serverless) and plan.retention_stream:
        name = f"lifecycle of {plan.retention_stream}"
        yield await _tried(name, _retention(plan, cluster))
    for stream in plan.streams:
        step = _fitted(stream, plan, cluster, is_serverless=is_serverless)
        yield await _tried(f"index template {stream.template_name}", step)


async def _lifecycle(plan: Plan, cluster: Cluster, *, is_serverless: bool) -> Finding:
    if is_serverless and plan.options.ilm.enabled:
        text = "ILM is not supported in Serverless projects"
        return Finding("lifecycle policy", "WARN", text, TOP)
    if plan.uses_policy(is_serverless=is_serverless):
        name = f"lifecycle policy {plan.policy_name}"
        return await _tried(name, _policy(plan, cluster))
    return Finding("lifecycle policy", "WARN", "not used", TOP)


async def _tried(name: str, step: Awaitable[str]) -> Finding:
    """Return what came of a step."""
    try:
        text = await step
    except NotPermitted as error:
        return Finding(name, "ERROR", str(error), TOP)
    return Finding(name, "WARN" if text in _DOUBTFUL else "OK", text, TOP)


async def _policy(plan: Plan, cluster: Cluster) -> str:
    options = plan.options.ilm
    if not options.check_exists:
        return "taken for granted (setup.ilm.check_exists)"
    is_there = await cluster.has_policy(plan.policy_name)
    if is_there and not options.overwrite:
        return "is there already (setup.ilm.overwrite: true replaces it)"
    await cluster.put_policy(plan.policy_name, plan.policy)
    return REPLACED if is_there else CREATED


async def _template(plan: Plan, cluster: Cluster, *, is_serverless: bool) -> str:
    is_there = await cluster.has_template(plan.name)
    if is_there and not plan.options.template.overwrite:
        return "is there already (setup.template.overwrite: true replaces it)"
    body = plan.template(is_serverless=is_serverless)
    await cluster.put_template(plan.name, body)
    return REPLACED if is_there else CREATED


async def _component(name: str, cluster: Cluster) -> str:
    """Return whether an operator's own part is there; it is never ours to put."""
    return "is there" if await cluster.has_component(name) else ABSENT


async def _stream(name: str, cluster: Cluster, *, is_template_new: bool) -> str:
    if await cluster.has_stream(name):
        return LATE if is_template_new else "is there already"
    await cluster.create_stream(name)
    return CREATED


async def _fitted(
    stream: Stream, plan: Plan, cluster: Cluster, *, is_serverless: bool
) -> str:
    """Give a monitor's own stream a template, unless another one does for it."""
    fit = await cluster.fit(stream.name)
    if fit is Fit.FOREIGN:
        return "another template has the mappings that Kibana needs"
    if fit is Fit.OURS and not plan.options.template.overwrite:
        return "is there already (setup.template.overwrite: true replaces it)"
    body = plan.template_for(stream, is_serverless=is_serverless)
    await cluster.put_template(stream.template_name, body)
    if await cluster.has_stream(stream.name):
        return LATE
    return CREATED if fit is Fit.NONE else REPLACED


async def _retention(plan: Plan, cluster: Cluster) -> str:
    options = plan.options.dsl
    if not options.check_exists:
        return "taken for granted (setup.dsl.check_exists)"
    is_set = await cluster.has_lifecycle(plan.retention_stream)
    if is_set and not options.overwrite:
        return "is set already (setup.dsl.overwrite: true replaces it)"
    await cluster.put_lifecycle(plan.retention_stream, plan.retention)
    return REPLACED if is_set else "set"
