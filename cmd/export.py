"""`heartbeat export`: the configuration, its monitors, all options, the index.

Owns the table of what can be exported, each thing imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from heartbeat.cmd.options import takes_global_options
from heartbeat.cmd.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

SUBJECTS: Mapping[str, str] = {
    "config": "heartbeat.cmd.export_config:config",
    "monitors": "heartbeat.cmd.export_monitors:monitors",
    "schema": "heartbeat.cmd.export_options:schema",
    "reference": "heartbeat.cmd.export_options:reference",
    "options": "heartbeat.cmd.export_options:options",
    "template": "heartbeat.cmd.export_elastic:template",
    "ilm-policy": "heartbeat.cmd.export_elastic:policy",
    "index-pattern": "heartbeat.cmd.export_elastic:index_pattern",
    "dashboards": "heartbeat.cmd.export_elastic:dashboards",
    "fields": "heartbeat.cmd.export_elastic:fields",
}


@click.group(cls=Table, table=SUBJECTS, invoke_without_command=True)
@takes_global_options
@click.pass_context
def export(context: click.Context) -> None:
    """Print the configuration, its monitors, all options, or what the index needs."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
