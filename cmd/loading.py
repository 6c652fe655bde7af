"""From the command line to a loaded configuration, and what was found on the way.

Owns how problems of the configuration are shown by every command. Must not know what
the configuration is loaded for.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from heartbeat import monitors, outputs
from heartbeat.assembly import faults
from heartbeat.clock import SystemClock
from heartbeat.config.diagnostics import as_json, as_lines, show
from heartbeat.config.layers import Request
from heartbeat.config.load import (
    Kinds,
    Settings,
    Survey,
    attempt,
    survey,
    together,
)
from heartbeat.errors import ConfigError
from heartbeat.net import Network

if TYPE_CHECKING:
    from collections.abc import Iterable

    from heartbeat.cmd.options import Invocation
    from heartbeat.errors import Problem


def load_settings(asked: Invocation, *, needs_output: bool = True) -> Settings:
    """Return the configuration; raises `ConfigError` with all that is wrong with it.

    Once there is a fault, monitors and outputs are asked for theirs in the same go.
    """
    found = attempt(request_of(asked), _kinds(), needs_output=needs_output)
    if not found.faults:
        return found.settings
    parts = faults(found.settings, Network(SystemClock()))
    raise ConfigError(together([*found.faults, *parts], found.settings.problems))


def survey_monitors(request: Request) -> Survey:
    """Return all monitors, those at fault too; `ConfigError` if there is no telling."""
    return survey(request, _kinds())


def request_of(asked: Invocation) -> Request:
    """Return what the command line asks to be loaded."""
    return Request(
        files=asked.files or ["heartbeat.yml"],
        overrides=asked.overrides,
        paths=asked.paths,
        strict_permissions=asked.strict_perms
        and os.environ.get("BEAT_STRICT_PERMS") != "false",
    )


def _kinds() -> Kinds:
    return Kinds(monitors=monitors.names(), outputs=frozenset(outputs.names()))


def report(problems: Iterable[Problem], *, json: bool = False) -> None:
    """Show problems on standard error: drawn on a terminal, else one line each."""
    if json:
        click.echo(as_json(problems), err=True, nl=False)
    elif sys.stderr.isatty():
        _draw(problems)
    else:
        for line in as_lines(problems):
            click.echo(line, err=True)


def _draw(problems: Iterable[Problem]) -> None:
    # Imported here: most starts have nothing to draw.
    from rich.console import Console  # noqa: PLC0415

    show(problems, Console(stderr=True, highlight=False))


def refuse(problems: Iterable[Problem]) -> int:
    """Show problems and say that nothing was started; return the exit code."""
    found = list(problems)
    report(found)
    faults = sum(not problem.is_warning for problem in found)
    click.echo(f"Exiting: {faults} errors in the configuration", err=True)
    return 1


def strictly(settings: Settings, *, strict: bool) -> Settings:
    """Return the settings; raises `ConfigError` for a warning if `strict` is asked.

    Then monitors and outputs are asked too, which have warnings of their own.
    """
    if not strict:
        return settings
    found = faults(settings, Network(SystemClock()))
    if found or settings.problems:
        raise ConfigError([*found, *settings.problems])
    return settings
