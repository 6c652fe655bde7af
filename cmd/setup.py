"""`heartbeat setup`: put what documents need into Elasticsearch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from heartbeat.clock import SystemClock
from heartbeat.cmd.loading import load_settings, refuse, strictly
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.cmd.test import line_of
from heartbeat.elastic.install import install, opened
from heartbeat.elastic.plan import plan_of
from heartbeat.errors import ConfigError
from heartbeat.loop import run
from heartbeat.net import Network
from heartbeat.outputs.elasticsearch.access import access_of
from heartbeat.outputs.elasticsearch.options import read_options

if TYPE_CHECKING:
    from heartbeat.config import Section, Settings
    from heartbeat.elastic.plan import Plan

NO_CLUSTER = (
    "index management requested but the Elasticsearch output is not configured/enabled"
)


@click.command()
@takes_global_options
@click.option(
    "--index-management",
    is_flag=True,
    help="The index template and its lifecycle, which is all there is to set up.",
)
@click.pass_context
def setup(context: click.Context, *, index_management: bool) -> int:
    """Put the index template, its lifecycle and the data stream into Elasticsearch.

    What is there already stays; doing it again changes nothing.
    """
    del index_management  # the same with or without, as in the reference
    asked = invocation(context)
    try:
        settings = strictly(load_settings(asked), strict=asked.strict)
        plan = plan_of(settings)
        section = _cluster_of(settings)
        return run(_set_up(plan, section))
    except ConfigError as error:
        return refuse(error.problems)


def _cluster_of(settings: Settings) -> Section:
    section = settings.outputs.get("elasticsearch")
    if section is None:
        raise ConfigError(NO_CLUSTER)
    return section


async def _set_up(plan: Plan, section: Section) -> int:
    """Print each step; return the exit code, 1 if any was not permitted."""
    network = Network(SystemClock())
    try:
        access = access_of(read_options(section), network)
        is_done = True
        async with opened(access, network.clock) as cluster:
            async for finding in install(plan, cluster):
                click.echo(line_of(finding))
                is_done = is_done and finding.verdict != "ERROR"
    finally:
        await network.close()
    click.echo("Index setup finished." if is_done else "Index setup is not complete.")
    return 0 if is_done else 1
