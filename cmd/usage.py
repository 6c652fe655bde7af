"""How wrong use of the command line is told.

Owns the words. Must not know commands or exit codes.
"""

from __future__ import annotations

import click


def tell(error: click.ClickException) -> None:
    """Print what is wrong, and where to find how it is right."""
    click.echo(f"Error: {wording(error)}", err=True)
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "heartbeat"
    click.echo(f"Run '{path} --help' for usage.", err=True)


def wording(error: click.ClickException) -> str:
    """Return the fault in the reference's words, which scripts may look for."""
    if isinstance(error, click.NoSuchOption):
        return f"unknown flag: {error.option_name}"
    return error.format_message()
