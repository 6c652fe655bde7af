"""The `heartbeat` command: global flags, the table of sub-commands, exit codes.

Owns how errors reach the terminal: one line each on standard error and exit code 1,
never a traceback for what an operator can mend. Must not know what a sub-command does.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import click

from heartbeat.cmd.options import takes_global_options
from heartbeat.cmd.table import Table
from heartbeat.cmd.usage import tell
from heartbeat.errors import HeartbeatError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "run": "heartbeat.cmd.run:run",
    "check": "heartbeat.cmd.check:check",
    "top": "heartbeat.cmd.top:top",
    "test": "heartbeat.cmd.test:test",
    "export": "heartbeat.cmd.export:export",
    "setup": "heartbeat.cmd.setup:setup",
    "keystore": "heartbeat.cmd.keystore:keystore",
    "queue": "heartbeat.cmd.queue:queue",
    "version": "heartbeat.cmd.version:version",
}


class _Root(Table):
    """The table of all commands; a name that is not in it is told as the reference."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS:
            text = f'unknown command "{args[0]}" for "heartbeat"'
            raise click.UsageError(text, ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Root,
    table=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@takes_global_options
@click.option("--once", is_flag=True, help="Run every monitor once, deliver, exit.")
@click.pass_context
def root(context: click.Context, *, once: bool) -> int:
    """Check hosts and services and report what is up and what is down.

    Without a command: run.
    """
    if context.invoked_subcommand is not None:
        return 0
    command = COMMANDS["run"].partition(":")
    run = getattr(importlib.import_module(command[0]), command[2])
    code: int = context.invoke(run, once=once)
    return code


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(execute(arguments))


def execute(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code: 0, or 1 for whatever went wrong.

    `check` has codes of its own, those of monitoring plug-ins.
    """
    try:
        result = root.main(args=arguments, prog_name="heartbeat", standalone_mode=False)
    except click.exceptions.Abort:
        return 1
    except click.ClickException as error:
        tell(error)
        return 1
    except HeartbeatError as error:
        click.echo(f"Exiting: {error}", err=True)
        return 1
    return result if isinstance(result, int) else 0
