"""`heartbeat run`: check until told to stop, or once."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from heartbeat import logs, process
from heartbeat.assembly import tell_problems
from heartbeat.assignment import assignment_of, narrowed
from heartbeat.clock import SystemClock
from heartbeat.cmd.loading import load_settings, refuse, strictly
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.errors import ConfigError, HeartbeatError

if TYPE_CHECKING:
    from heartbeat.assignment import Assignment
    from heartbeat.cmd.options import Invocation
    from heartbeat.config.load import Settings
    from heartbeat.config.models import LoggingOptions
    from heartbeat.seat import Seat
    from heartbeat.supervisor.plan import Plan


@click.command()
@takes_global_options
@click.option("--once", is_flag=True, help="Run every monitor once, deliver, exit.")
@click.pass_context
def run(context: click.Context, *, once: bool) -> int:
    """Check on schedule until stopped, or once with --once.

    Exit code with --once: 0 when everything is up and delivered, else 1.
    """
    asked = invocation(context)
    assignment = assignment_of(os.environ)
    if assignment is not None:
        return _work(asked, assignment, once=once)
    try:
        settings = _settings(asked)
    except ConfigError as error:
        return refuse(error.problems)
    start_logging(settings, asked)
    # Imported here, and below: a mistake is told before all this is loaded.
    from heartbeat.supervisor.plan import plan_of  # noqa: PLC0415

    is_once = once or settings.options.heartbeat.run_once
    plan = plan_of(settings, hostname=_hostname(asked), is_once=is_once)
    if plan.is_for_one:
        return _serve(settings, asked, once=once)
    tell_problems(settings)
    del settings  # there may be many monitors in it, and none is this process's own
    return _supervise(plan)


def _settings(asked: Invocation, assignment: Assignment | None = None) -> Settings:
    """Return the configuration, as often as it is to be read."""
    settings = strictly(load_settings(asked), strict=asked.strict)
    return settings if assignment is None else narrowed(settings, assignment)


def _hostname(asked: Invocation) -> str:
    return asked.hostname or process.hostname()


def _supervise(plan: Plan) -> int:
    """Run several workers: this same command, each with an assignment."""
    from heartbeat.supervisor.supervisor import Supervisor  # noqa: PLC0415

    command = (sys.executable, *sys.orig_argv[1:])
    clock = SystemClock()
    supervisor = Supervisor(plan, clock, command=command, environment=os.environ)
    # On asyncio's own loop: there is little to do, and uvloop takes its memory.
    return asyncio.run(supervisor.run())


def _work(asked: Invocation, assignment: Assignment, *, once: bool) -> int:
    """Run as one worker; its supervisor tells what is wrong, once for all."""
    from heartbeat.seat import Seat  # noqa: PLC0415
    from heartbeat.supervised import Superior  # noqa: PLC0415

    superior = Superior(assignment.descriptor)
    seat = Seat(SystemClock(), assignment, superior)
    try:
        settings = _settings(asked, assignment)
        start_logging(settings, asked, assignment.title)
        return _serve(settings, asked, once=once, seat=seat)
    except HeartbeatError as error:
        superior.fail(error)
        return 1
    finally:
        superior.leave()


def _serve(
    settings: Settings, asked: Invocation, *, once: bool, seat: Seat | None = None
) -> int:
    from heartbeat.app import App, Mode  # noqa: PLC0415
    from heartbeat.loop import run as run_loop  # noqa: PLC0415

    mode = Mode.SERVE
    if seat is not None and seat.drains:
        mode = Mode.ONCE
    elif once:
        mode = Mode.ONCE_STRICT
    elif settings.options.heartbeat.run_once:
        mode = Mode.ONCE
    load = partial(_settings, asked, seat.assignment if seat else None)
    app = App(settings, hostname=_hostname(asked), mode=mode, load=load, seat=seat)
    return run_loop(app.run())


def start_logging(settings: Settings, asked: Invocation, worker: str = "") -> None:
    """Send the log where flags, configuration and environment say.

    Each line tells which `worker` of several it is from.
    """
    options = settings.options.logging
    level = options.level
    if asked.verbose and logs.LEVELS[level] > logging.INFO:
        level = "info"
    if asked.selectors:
        level = "debug"
    selectors = asked.selectors or options.selectors
    is_service = asked.environment in {"systemd", "container"}
    to_stderr = options.to_stderr
    if to_stderr is None:
        to_stderr = is_service and not options.to_files
    if (asked.to_stderr and not _wants_files_only(options)) or to_stderr:
        handler = logs.to_stream(fields=options.with_fields)
    elif options.to_files is False:
        handler = logging.NullHandler()
    else:
        directory = Path(options.files.path or settings.paths.logs)
        handler = logs.to_files(directory, options.files, options.with_fields)
    if worker:
        handler.addFilter(logs.Stamp("worker", worker))
    logs.configure(level, tuple(selectors), handler)


def _wants_files_only(options: LoggingOptions) -> bool:
    """Return whether the configuration decides both ways, so that -e has no say."""
    return options.to_stderr is False and options.to_files is True
