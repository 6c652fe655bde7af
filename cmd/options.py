"""The flags every command takes, before or behind the command's name.

Owns their spelling and the `Invocation` they end up in. Must not know what a command
does with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

ENVIRONMENTS = ("default", "systemd", "container", "macos_service", "windows_service")


@dataclass(slots=True)
class Invocation:
    """What was asked for on the command line.

    `files` and `overrides` in the order given; `paths` by name (`home`, `config`,
    `data`, `logs`).
    """

    files: list[str] = field(default_factory=list[str])
    overrides: list[str] = field(default_factory=list[str])
    paths: dict[str, str] = field(default_factory=dict[str, str])
    to_stderr: bool = False
    verbose: bool = False
    selectors: tuple[str, ...] = ()
    environment: str = "default"
    hostname: str = ""
    strict_perms: bool = True
    strict: bool = False


def invocation(context: click.Context) -> Invocation:
    """Return the one Invocation of this process."""
    return context.find_root().ensure_object(Invocation)


def _given(context: click.Context, parameter: click.Parameter) -> bool:
    source = context.get_parameter_source(parameter.name or "")
    return source is click.core.ParameterSource.COMMANDLINE


def _store(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """Return a callback that keeps a flag's value if the flag was given.

    The same flag may stand before and behind the command's name: lists grow, the last
    single value wins.
    """

    def keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if not _given(context, parameter):
            return
        target = invocation(context)
        present: Any = getattr(target, attribute)
        if isinstance(present, list):
            given = cast("list[str]", present)
            # A file named twice is read once; of overrides the last one counts.
            unique = attribute == "files"
            given.extend(v for v in value if not unique or v not in given)
        elif isinstance(present, dict):
            cast("dict[str, str]", present)[
                (parameter.name or "").removeprefix("path_")
            ] = value
        else:
            setattr(target, attribute, value)

    return keep


class _Selectors(click.ParamType[tuple[str, ...]]):
    name = "SEL[,SEL]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        del param, ctx
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


def _path(name: str, text: str) -> Callable[[F], F]:
    return click.option(
        f"--path.{name}",
        f"path_{name}",
        metavar="DIR",
        help=text,
        expose_value=False,
        callback=_store("paths"),
    )


def _flag(*names: str, attribute: str, text: str) -> Callable[[F], F]:
    return click.option(
        *names,
        is_flag=True,
        help=text,
        expose_value=False,
        callback=_store(attribute),
    )


GLOBAL: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "-c",
        "--c",
        "files",
        metavar="FILE",
        multiple=True,
        help="Configuration file, repeatable. [default: heartbeat.yml]",
        expose_value=False,
        callback=_store("files"),
    ),
    click.option(
        "-E",
        "--E",
        "overrides",
        metavar="KEY=VALUE",
        multiple=True,
        help="Override one setting, repeatable.",
        expose_value=False,
        callback=_store("overrides"),
    ),
    _flag("-e", "--e", attribute="to_stderr", text="Log to standard error."),
    _flag("-v", "--v", attribute="verbose", text="Log at level info at least."),
    click.option(
        "-d",
        "--d",
        "selectors",
        type=_Selectors(),
        help="Log at level debug for these parts, '*' for all.",
        expose_value=False,
        callback=_store("selectors"),
    ),
    click.option(
        "--environment",
        type=click.Choice(ENVIRONMENTS),
        default="default",
        help="Where it runs: sets where the log goes by default.",
        expose_value=False,
        callback=_store("environment"),
    ),
    _path("home", "Home directory."),
    _path("config", "Directory of the configuration. [default: path.home]"),
    _path("data", "Directory of data. [default: path.home/data]"),
    _path("logs", "Directory of logs. [default: path.home/logs]"),
    click.option(
        "--strict.perms",
        "strict_perms",
        type=click.BOOL,
        is_flag=False,
        flag_value="true",
        default=True,
        help="Check owner and permissions of configuration files. [default: true]",
        expose_value=False,
        callback=_store("strict_perms"),
    ),
    _flag(
        "--strict", attribute="strict", text="Take configuration warnings as errors."
    ),
    click.option(
        "--hostname",
        metavar="NAME",
        help="Name to use instead of the host's.",
        expose_value=False,
        callback=_store("hostname"),
    ),
)


def takes_global_options(command: F) -> F:
    """Give a command the global flags; their values go to the Invocation."""
    for option in reversed(GLOBAL):
        command = option(command)
    return command
