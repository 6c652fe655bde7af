"""`heartbeat queue`: see what waits for the outputs, copy it, give it up.

Owns the dialogue and the form of what is printed. Must not know how events are kept.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click
import orjson

from heartbeat.announce import span
from heartbeat.assembly import queue_of
from heartbeat.clock import SystemClock
from heartbeat.cmd.loading import load_settings
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.event import with_metadata
from heartbeat.handover import stores
from heartbeat.store import backlog

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from heartbeat.store.backlog import Backlog

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
    for path in _places(context):
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
    paths = _places(context)
    chosen = output or _only(paths)
    _check_known([chosen], _waiting(paths))
    for path in paths:
        with backlog.opened(path) as reader:
            if chosen not in {place.output for place in reader.places()}:
                continue
            for record in reader.pending(chosen, limit):
                limit -= 1
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
    paths = _places(context)
    waiting = _waiting(paths)
    chosen = list(waiting) if output is None else [output]
    _check_known(chosen, waiting)
    question = f"Give up {_counts((name, waiting[name]) for name in chosen)}?"
    if not force and not click.confirm(question):
        click.echo("Nothing was given up.")
        return 0
    given_up = _give_up(paths, chosen)
    click.echo(f"Gave up {_counts(given_up.items())}.")
    return 0


def _places(context: click.Context) -> list[Path]:
    """Return the files of the queue, one for each worker; complains if there is none.

    Those that other numbers of workers have left are among them.
    """
    settings = load_settings(invocation(context), needs_output=False)
    path, _ = queue_of(settings)
    if path is None:
        text = "events wait in memory (queue.mem), where no other process sees them"
        raise click.ClickException(text)
    found = list(stores(path).values())
    if not found:
        raise click.ClickException(f"{path} does not exist: nothing waits")
    return found


def _give_up(paths: Sequence[Path], chosen: Iterable[str]) -> Counter[str]:
    """Give up what waits in all stores; in none if one of them is in use."""
    for path in paths:
        with backlog.held(path):
            pass
    given_up: Counter[str] = Counter(dict.fromkeys(chosen, 0))
    for path in paths:
        known = [name for name in chosen if name in _waiting([path])]
        if known:
            given_up.update(backlog.give_up(path, known))
    return given_up


def _waiting(paths: Iterable[Path]) -> dict[str, int]:
    """Return how many events wait for each output."""
    waiting: dict[str, int] = {}
    for path in paths:
        with backlog.opened(path) as reader:
            for one in reader.backlogs():
                waiting[one.output] = waiting.get(one.output, 0) + one.pending
    return dict(sorted(waiting.items()))


def _only(paths: Iterable[Path]) -> str:
    """Return the output there is; complains if there are several."""
    names = list(_waiting(paths))
    if len(names) != 1:
        text = f"say which output with --output: {', '.join(names) or 'there is none'}"
        raise click.ClickException(text)
    return names[0]


def _check_known(chosen: Iterable[str], known: Collection[str]) -> None:
    for name in chosen:
        if name not in known:
            names = ", ".join(known) or "none"
            text = f"no output '{name}' in the store; it knows: {names}"
            raise click.ClickException(text)


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
