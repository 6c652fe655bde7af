"""`heartbeat export config`: the configuration as it counts."""

from __future__ import annotations

import click

from heartbeat.cmd.loading import load_settings, refuse
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.config.export import exported
from heartbeat.errors import ConfigError


@click.command()
@takes_global_options
@click.option("--unresolved", is_flag=True, help="Leave variables as they are written.")
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@click.pass_context
def config(context: click.Context, *, unresolved: bool, origin: bool) -> int:
    """Print the effective configuration as YAML, secrets masked."""
    try:
        settings = load_settings(invocation(context), needs_output=False)
    except ConfigError as error:
        return refuse(error.problems)
    text = exported(settings.root, is_resolved=not unresolved, has_origins=origin)
    click.echo(text, nl=False)
    return 0
