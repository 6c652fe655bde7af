"""`heartbeat top`: watch a running heartbeat on the terminal.

Owns the dialogue: where the endpoint is, keys, the rhythm. Must not know what is shown.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import termios
import tty
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.live import Live

from heartbeat.clock import SystemClock
from heartbeat.cmd.loading import load_settings
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.cmd.top_table import HEADER_LINES, Frame, picture
from heartbeat.endpoint import UNIX
from heartbeat.errors import Unanswered
from heartbeat.instance import Instance
from heartbeat.loop import run
from heartbeat.overview import STATUSES

if TYPE_CHECKING:
    from collections.abc import Generator

    from heartbeat.cmd.options import Invocation

DEFAULT_URL = "http://localhost:5066"
ROWS_AT_ONCE = 100
ENDLESS = 10_000
"""Columns of what is no terminal: nothing is cut there."""


class _Statuses(click.ParamType[tuple[str, ...]]):
    name = "STATUS[,…]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        words = tuple(word for word in str(value).split(",") if word)
        for word in words:
            if word not in STATUSES:
                known = ", ".join(sorted(STATUSES))
                self.fail(f"unknown status '{word}', use any of {known}", param, ctx)
        return words


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be watched, and how."""

    url: str
    interval: float
    statuses: tuple[str, ...]
    limit: int | None


@click.command()
@takes_global_options
@click.option("--url", help="The endpoint: a URL, host:port or unix:///path.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.2),
    default=2.0,
    help="Seconds between two looks. [default: 2]",
)
@click.option(
    "--status", "statuses", type=_Statuses(), default="", help="Show only these."
)
@click.option("--limit", type=click.IntRange(min=1), help="Show at most so many.")
@click.option("--once", is_flag=True, help="Print once, as into a pipe, and end.")
@click.pass_context
def top(context: click.Context, /, *, url: str | None, once: bool, **more: Any) -> int:
    """Watch a running heartbeat: what is down first, how late checks are, what waits.

    Asks its HTTP endpoint, which is looked for where the configuration has it, or at
    localhost:5066. The key q ends it.
    """
    asked = Asked(url or _endpoint(invocation(context)), **more)
    if once or not sys.stdout.isatty():
        run(_print(asked))
        return 0
    with contextlib.suppress(KeyboardInterrupt):
        run(_watch(asked))
    return 0


def _endpoint(asked: Invocation) -> str:
    """Return where the configuration has the endpoint; complains if it has none.

    Without a configuration at hand it is where it is by default.
    """
    folder = asked.paths.get("config") or asked.paths.get("home") or "."
    if not asked.files and not Path(folder, "heartbeat.yml").exists():
        return DEFAULT_URL
    options = load_settings(asked, needs_output=False).options.http
    if not options.enabled:
        text = (
            "the endpoint is not enabled in the configuration: set"
            " 'http.enabled: true', or name another heartbeat's with --url"
        )
        raise click.ClickException(text)
    if options.host.startswith(UNIX):
        return options.host
    host = options.host.removeprefix("http://")
    # One that listens everywhere answers here, too.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{options.port}"


async def _print(asked: Asked) -> None:
    console = Console(highlight=False)
    width: int | None = console.width
    if not console.is_terminal:
        console, width = Console(highlight=False, width=ENDLESS), None
    instance = Instance(asked.url)
    try:
        snapshot = await instance.look(asked.limit or ROWS_AT_ONCE, asked.statuses)
    finally:
        await instance.close()
    console.print(picture(snapshot, Frame(asked.url, SystemClock().now(), width)))


async def _watch(asked: Asked) -> None:
    console = Console(highlight=False)
    clock = SystemClock()
    instance = Instance(asked.url)
    try:
        snapshot = await instance.look(_rows(asked, console), asked.statuses)
        with (
            _quitting() as quitting,
            Live(console=console, screen=True, auto_refresh=False) as live,
        ):
            fault = ""
            while not quitting.done():
                frame = Frame(asked.url, clock.now(), console.width, fault)
                live.update(picture(snapshot, frame), refresh=True)
                await asyncio.wait({quitting}, timeout=asked.interval)
                try:
                    rows = _rows(asked, console)
                    snapshot = await instance.look(rows, asked.statuses)
                    fault = ""
                except Unanswered as error:
                    fault = str(error)
    finally:
        await instance.close()


def _rows(asked: Asked, console: Console) -> int:
    room = max(console.height - HEADER_LINES, 1)
    return room if asked.limit is None else min(room, asked.limit)


@contextlib.contextmanager
def _quitting() -> Generator[asyncio.Future[None]]:
    """Give a future that is done as soon as q is typed, if anybody can type."""
    loop = asyncio.get_running_loop()
    quitting: asyncio.Future[None] = loop.create_future()
    if not sys.stdin.isatty():
        yield quitting
        return
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    tty.setcbreak(keyboard)
    loop.add_reader(keyboard, _take_key, keyboard, quitting)
    try:
        yield quitting
    finally:
        loop.remove_reader(keyboard)
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


def _take_key(keyboard: int, quitting: asyncio.Future[None]) -> None:
    typed = os.read(keyboard, 64)
    # Nothing at all: the terminal is gone.
    if (not typed or b"q" in typed.lower()) and not quitting.done():
        quitting.set_result(None)
