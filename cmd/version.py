"""`heartbeat version`: which program this is and what it was built on."""

from __future__ import annotations

import platform
import ssl

import click

from heartbeat import COMPATIBLE_VERSION, __version__
from heartbeat.cmd.options import takes_global_options


@click.command(help="Show the version.")
@takes_global_options
def version() -> None:
    """Print one line: own version, format version, interpreter and TLS library."""
    click.echo(
        f"heartbeat version {__version__} ({platform.machine()}),"
        f" documents {COMPATIBLE_VERSION},"
        f" Python {platform.python_version()}, {ssl.OPENSSL_VERSION}"
    )
