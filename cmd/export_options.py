"""`heartbeat export schema|reference|options`: all options, in three forms."""

from __future__ import annotations

import click
import orjson

from heartbeat.catalog import catalog
from heartbeat.cmd.options import takes_global_options
from heartbeat.config.handbook import handbook
from heartbeat.config.sample import sample
from heartbeat.config.schema import schema_of


@click.command()
@takes_global_options
def schema() -> None:
    """Print a JSON Schema of heartbeat.yml and files of monitors, for editors."""
    data = orjson.dumps(schema_of(catalog()), option=orjson.OPT_INDENT_2)
    click.echo(data)


@click.command()
@takes_global_options
def reference() -> None:
    """Print a configuration file with every option and its default, commented out."""
    click.echo(sample(catalog()), nl=False)


@click.command()
@takes_global_options
def options() -> None:
    """Print the description of every option as Markdown."""
    click.echo(handbook(catalog()), nl=False)
