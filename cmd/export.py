"""`heartbeat export`: show what heartbeat makes of the configuration."""

from __future__ import annotations

import click

from heartbeat.cmd.loading import load_settings, refuse
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.config.export import exported
from heartbeat.errors import ConfigError


@click.group(invoke_without_command=True)
@takes_global_options
@click.pass_context
def export(context: click.Context) -> None:
    """Print the configuration."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@export.command()
@takes_global_options
@click.pass_context
def config(context: click.Context) -> int:
    """Print the effective configuration as YAML, secrets masked.

    Variables stay as they are written.
    """
    try:
        settings = load_settings(invocation(context), needs_output=False)
    except ConfigError as error:
        return refuse(error.problems)
    click.echo(exported(settings.root), nl=False)
    return 0
