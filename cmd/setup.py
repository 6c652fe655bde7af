"""`heartbeat setup`: put what documents need into Elasticsearch and Kibana."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import click

from heartbeat.clock import SystemClock
from heartbeat.cmd.loading import load_settings, refuse, strictly
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.cmd.test import line_of
from heartbeat.config.setup import names_kibana
from heartbeat.elastic.install import install, opened
from heartbeat.elastic.kibana_access import kibana_access
from heartbeat.elastic.kibana_load import put_dashboards
from heartbeat.elastic.plan import plan_of
from heartbeat.errors import ConfigError
from heartbeat.loop import run
from heartbeat.net import Network
from heartbeat.outputs.elasticsearch.access import access_of
from heartbeat.outputs.elasticsearch.options import read_options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from heartbeat.config import Section, Settings
    from heartbeat.outputs.base import Finding

NO_CLUSTER = (
    "index management requested but the Elasticsearch output is not configured/enabled"
)
NO_KIBANA = (
    "Dashboards are not put into Kibana: setup.kibana is not configured"
    " (setup --dashboards tries localhost:5601)."
)


@click.command()
@takes_global_options
@click.option(
    "--index-management",
    is_flag=True,
    help="The index template and its lifecycle alone.",
)
@click.option("--dashboards", is_flag=True, help="The dashboards for Kibana alone.")
@click.pass_context
def setup(context: click.Context, *, index_management: bool, dashboards: bool) -> int:
    """Put what documents need into Elasticsearch, and dashboards into Kibana.

    In Elasticsearch that is the index template, its lifecycle and the data stream. What
    is there already stays. Dashboards are replaced with the same; without a flag they
    are left out where no Kibana is configured.
    """
    asked = invocation(context)
    has_index = index_management or not dashboards
    is_done = True
    try:
        loaded = load_settings(asked, needs_output=has_index)
        settings = strictly(loaded, strict=asked.strict)
        named = names_kibana(settings.root, settings.options.setup)
        has_dashboards = dashboards or (named and not index_management)
        if has_dashboards:
            kibana_access(settings, Network(SystemClock()))  # its faults come first
        if has_index:
            is_done = run(_index(settings))
        if has_dashboards:
            is_done = run(_dashboards(settings)) and is_done
    except ConfigError as error:
        return refuse(error.problems)
    if not (has_dashboards or index_management):
        click.echo(NO_KIBANA)
    return 0 if is_done else 1


def _cluster_of(settings: Settings) -> Section:
    section = settings.outputs.get("elasticsearch")
    if section is None:
        raise ConfigError(NO_CLUSTER)
    return section


async def _index(settings: Settings) -> bool:
    plan, section = plan_of(settings), _cluster_of(settings)
    network = Network(SystemClock())
    try:
        access = access_of(read_options(section), network)
        async with opened(access, network.clock) as cluster:
            return await _told("Index setup", install(plan, cluster))
    finally:
        await network.close()


async def _dashboards(settings: Settings) -> bool:
    async with aclosing(put_dashboards(settings, SystemClock())) as findings:
        return await _told("Dashboard setup", findings)


async def _told(what: str, findings: AsyncIterator[Finding]) -> bool:
    """Print what is found; return whether all of it worked."""
    is_done = True
    async for finding in findings:
        click.echo(line_of(finding))
        is_done = is_done and finding.verdict != "ERROR"
    click.echo(f"{what} finished." if is_done else f"{what} is not complete.")
    return is_done
