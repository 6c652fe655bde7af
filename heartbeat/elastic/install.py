"""Putting a plan into a cluster, step by step.

Owns the order of the steps and what each says: a step whose privilege is missing says
so, and the others go on. Must not know when it is done or who reads what it says.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from heartbeat.elastic.refusal import NotPermitted
from heartbeat.outputs.base import Finding

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable

    from heartbeat.clock import Clock
    from heartbeat.elastic.cluster import Cluster
    from heartbeat.elastic.plan import Plan
    from heartbeat.outputs.elasticsearch.access import Access

TOP = 0
"""Depth of the findings: nothing stands above them."""


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
    if is_serverless and plan.options.ilm.enabled:
        text = "ILM is not supported in Serverless projects"
        yield Finding("lifecycle policy", "WARN", text, TOP)
    elif plan.uses_policy(is_serverless=is_serverless):
        yield await _tried(
            f"lifecycle policy {plan.policy_name}", _policy(plan, cluster)
        )
    else:
        yield Finding("lifecycle policy", "WARN", "not used", TOP)
    if not plan.options.template.enabled:
        text = "not enabled (setup.template.enabled)"
        yield Finding("index template", "WARN", text, TOP)
        return
    step = _template(plan, cluster, is_serverless=is_serverless)
    template = await _tried(f"index template {plan.name}", step)
    yield template
    if plan.stream and template.verdict != "ERROR":
        yield await _tried(f"data stream {plan.stream}", _stream(plan, cluster))
    if plan.uses_retention(is_serverless=is_serverless) and plan.retention_stream:
        name = f"lifecycle of {plan.retention_stream}"
        yield await _tried(name, _retention(plan, cluster))


async def _tried(name: str, step: Awaitable[str]) -> Finding:
    """Return what came of a step."""
    try:
        return Finding(name, "OK", await step, TOP)
    except NotPermitted as error:
        return Finding(name, "ERROR", str(error), TOP)


async def _policy(plan: Plan, cluster: Cluster) -> str:
    options = plan.options.ilm
    if not options.check_exists:
        return "taken for granted (setup.ilm.check_exists)"
    is_there = await cluster.has_policy(plan.policy_name)
    if is_there and not options.overwrite:
        return "is there already (setup.ilm.overwrite: true replaces it)"
    await cluster.put_policy(plan.policy_name, plan.policy)
    return "replaced" if is_there else "created"


async def _template(plan: Plan, cluster: Cluster, *, is_serverless: bool) -> str:
    is_there = await cluster.has_template(plan.name)
    if is_there and not plan.options.template.overwrite:
        return "is there already (setup.template.overwrite: true replaces it)"
    body = plan.template(is_serverless=is_serverless)
    await cluster.put_template(plan.name, body)
    return "replaced" if is_there else "created"


async def _stream(plan: Plan, cluster: Cluster) -> str:
    if await cluster.has_stream(plan.stream):
        return "is there already"
    await cluster.create_stream(plan.stream)
    return "created"


async def _retention(plan: Plan, cluster: Cluster) -> str:
    options = plan.options.dsl
    if not options.check_exists:
        return "taken for granted (setup.dsl.check_exists)"
    is_set = await cluster.has_lifecycle(plan.retention_stream)
    if is_set and not options.overwrite:
        return "is set already (setup.dsl.overwrite: true replaces it)"
    await cluster.put_lifecycle(plan.retention_stream, plan.retention)
    return "replaced" if is_set else "set"
