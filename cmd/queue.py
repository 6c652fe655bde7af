"""`heartbeat queue`: see what waits for the outputs, copy it, give it up.

Owns the dialogue and the form of what is printed. Must not know how events are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import orjson

from heartbeat.announce import span
from heartbeat.assembly import queue_of
from heartbeat.clock import SystemClock
from heartbeat.cmd.loading import load_settings
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.event import with_metadata
from heartbeat.store import backlog

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from heartbeat.store.backlog import Backlog, Reader

HEADINGS = ("OUTPUT", "PENDING", "OLDEST", "BYTES", "DROPPED")
NANOSECONDS = 1_000_000_000
ENDLESS = 2**63


@click.group(invoke_without_command=True)
@takes_global_options
@click.pass_context
def queue(context: click.Context) -> None:
    """Show, copy or give up the events that wait for an output."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@queue.command()
@takes_global_options
@click.pass_context
def status(context: click.Context) -> None:
    """Show what waits for each output, also while heartbeat runs.

    OLDEST is the age of the oldest event, BYTES what the events take on the disk,
    DROPPED how many events the output has ever lost for want of room.
    """
    path = _place(context)
    with backlog.opened(path) as reader:
        rows = [HEADINGS, *(_row(one) for one in reader.backlogs())]
    click.echo(f"{path}: {backlog.bytes_on_disk(path)} bytes on disk")
    for line in _aligned(rows):
        click.echo(line)


@queue.command()
@takes_global_options
@click.option("--output", metavar="NAME", help="The output, if there are several.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=ENDLESS, help="Most events."
)
@click.pass_context
def export(context: click.Context, *, output: str | None, limit: int) -> None:
    """Print the events that wait for an output, one JSON document a line.

    They go on waiting. Works while heartbeat runs, too.
    """
    with backlog.opened(_place(context)) as reader:
        for record in reader.pending(output or _only(reader), limit):
            metadata = orjson.dumps(record.routing.metadata())
            click.echo(with_metadata(record, metadata))


@queue.command()
@takes_global_options
@click.option("--output", metavar="NAME", help="The output that is not to get them.")
@click.option("--all", "every", is_flag=True, help="For all outputs.")
@click.option("--force", is_flag=True, help="Do not ask.")
@click.pass_context
def purge(
    context: click.Context, *, output: str | None, every: bool, force: bool
) -> int:
    """Give up the events that wait for an output; heartbeat must not run."""
    if every == (output is not None):
        raise click.UsageError("say which: --output NAME or --all", context)
    path = _place(context)
    with backlog.opened(path) as reader:
        waiting = {one.output: one.pending for one in reader.backlogs()}
    chosen = list(waiting) if output is None else [output]
    for name in chosen:
        if name not in waiting:
            raise _unknown(name, waiting)
    question = f"Give up {_counts((name, waiting[name]) for name in chosen)}?"
    if not force and not click.confirm(question):
        click.echo("Nothing was given up.")
        return 0
    click.echo(f"Gave up {_counts(backlog.give_up(path, chosen).items())}.")
    return 0


def _place(context: click.Context) -> Path:
    """Return the file of the queue; complains if there is none."""
    settings = load_settings(invocation(context), needs_output=False)
    path, _ = queue_of(settings)
    if path is None:
        text = "events wait in memory (queue.mem), where no other process sees them"
        raise click.ClickException(text)
    if not path.exists():
        raise click.ClickException(f"{path} does not exist: nothing waits")
    return path


def _only(reader: Reader) -> str:
    """Return the output there is; complains if there are several."""
    names = [one.output for one in reader.backlogs()]
    if len(names) != 1:
        text = f"say which output with --output: {', '.join(names) or 'there is none'}"
        raise click.ClickException(text)
    return names[0]


def _unknown(name: str, known: Iterable[str]) -> click.ClickException:
    text = f"no output '{name}' in the store; it knows: {', '.join(known) or 'none'}"
    return click.ClickException(text)


def _row(one: Backlog) -> tuple[str, ...]:
    age = "-"
    if one.oldest is not None:
        age = span(max(SystemClock().now() - one.oldest, 0) / NANOSECONDS)
    return one.output, str(one.pending), age, str(one.size), str(one.dropped)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Return the rows as lines, columns under their headings."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _counts(waiting: Iterable[tuple[str, int]]) -> str:
    parts = [f"{count} events of '{name}'" for name, count in waiting]
    return ", ".join(parts) or "nothing"
