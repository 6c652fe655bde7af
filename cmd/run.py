"""`heartbeat run`: check until told to stop, or once."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from heartbeat import logs, process
from heartbeat.cmd.loading import load_settings, refuse, strictly
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.errors import ConfigError

if TYPE_CHECKING:
    from heartbeat.cmd.options import Invocation
    from heartbeat.config.load import Settings
    from heartbeat.config.models import LoggingOptions


@click.command()
@takes_global_options
@click.option("--once", is_flag=True, help="Run every monitor once, deliver, exit.")
@click.pass_context
def run(context: click.Context, *, once: bool) -> int:
    """Check on schedule until stopped, or once with --once.

    Exit code with --once: 0 when everything is up and delivered, else 1.
    """
    asked = invocation(context)
    try:
        settings = _settings(asked)
    except ConfigError as error:
        return refuse(error.problems)
    start_logging(settings, asked)
    return _serve(settings, asked, once=once)


def _settings(asked: Invocation) -> Settings:
    """Return the configuration, as often as it is to be read."""
    return strictly(load_settings(asked), strict=asked.strict)


def _serve(settings: Settings, asked: Invocation, *, once: bool) -> int:
    # Imported here: a mistake in the configuration is told before all this is loaded.
    from heartbeat.app import App, Mode  # noqa: PLC0415
    from heartbeat.loop import run as run_loop  # noqa: PLC0415

    mode = Mode.SERVE
    if once:
        mode = Mode.ONCE_STRICT
    elif settings.options.heartbeat.run_once:
        mode = Mode.ONCE
    hostname = asked.hostname or process.hostname()
    load = partial(_settings, asked)
    app = App(settings, hostname=hostname, mode=mode, load=load)
    return run_loop(app.run())


def start_logging(settings: Settings, asked: Invocation) -> None:
    """Send the log where flags, configuration and environment say."""
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
    logs.configure(level, tuple(selectors), handler)


def _wants_files_only(options: LoggingOptions) -> bool:
    """Return whether the configuration decides both ways, so that -e has no say."""
    return options.to_stderr is False and options.to_files is True
