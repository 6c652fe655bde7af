"""`heartbeat check`: check one target now, without a configuration file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from heartbeat import process
from heartbeat.clock import SystemClock
from heartbeat.cmd.check_report import lines_of
from heartbeat.cmd.options import invocation
from heartbeat.cmd.usage import tell, wording
from heartbeat.config.masking import mask_text
from heartbeat.errors import ConfigError
from heartbeat.loop import run
from heartbeat.net import Network
from heartbeat.oneoff import (
    KINDS,
    Grade,
    Thresholds,
    Trial,
    attempt,
    judged,
    options_of,
    target_of,
)
from heartbeat.schedule.duration import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from heartbeat.oneoff import Target

PERFDATA = "--perfdata"


class Plugin(click.Command):
    """A command with the exit codes of monitoring plug-ins: wrong use is UNKNOWN."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Read the command line."""
        asks_for_line = PERFDATA in args
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            tell(error)
            if asks_for_line:
                click.echo(f"{Grade.UNKNOWN.name}: {wording(error)}")
            raise click.exceptions.Exit(Grade.UNKNOWN) from error


class _Seconds(click.ParamType[float]):
    """A time: `5`, `2.5`, `500ms`, `1m`."""

    name = "TIME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return _seconds(str(value))
        except ConfigError:
            self.fail(f"'{value}' is no time such as 5, 2.5s or 500ms", param, ctx)


class _Days(click.ParamType[tuple[float, float | None]]):
    """Days for a warning, or for a warning and worse: `30` or `30,7`."""

    name = "WARN[,CRIT]"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float | None]:
        warning, comma, critical = str(value).partition(",")
        try:
            return float(warning), float(critical) if comma else None
        except ValueError:
            self.fail(f"'{value}' is no number of days such as 30 or 30,7", param, ctx)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = parse_duration(text) / 1e9
    if not 0 < seconds < float("inf"):
        raise ConfigError(f"'{text}' is no time")
    return seconds


def _many(*names: str, text: str, metavar: str) -> Callable[[Any], Any]:
    return click.option(*names, multiple=True, metavar=metavar, help=text)


def _text(*names: str, text: str, metavar: str = "TEXT") -> Callable[[Any], Any]:
    return click.option(*names, metavar=metavar, help=text)


def _flag(*names: str, text: str) -> Callable[[Any], Any]:
    return click.option(*names, is_flag=True, help=text)


def _time(*names: str, text: str) -> Callable[[Any], Any]:
    return click.option(*names, type=_Seconds(), help=text)


OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--type", "kind", type=click.Choice(KINDS), help="How to check it, if not told."
    ),
    _time("-t", "--timeout", text="How long it may take, lookup apart. [default: 16s]"),
    _flag("-4", "--ipv4", text="Use IPv4 addresses only."),
    _flag("-6", "--ipv6", text="Use IPv6 addresses only."),
    click.option(
        "--mode",
        type=click.Choice(("any", "all")),
        help="Check any address of a name, or all. [default: any]",
    ),
    _text("--resolver", text="Name server to ask.", metavar="HOST[:PORT]"),
    _text("--proxy", text="Proxy to go through.", metavar="URL"),
    _text("--ca", text="Authorities to trust, PEM.", metavar="FILE"),
    _text("--cert", text="Certificate to show, PEM.", metavar="FILE"),
    _text("--key", text="Its key.", metavar="FILE"),
    _flag("-k", "--insecure", text="Take any certificate."),
    _text("-X", "--method", text="HTTP method. [default: GET]"),
    _many("-H", "--header", text="Header to send.", metavar="'NAME: VALUE'"),
    _text("--data", text="Body to send."),
    _text("--user", text="Login for HTTP.", metavar="NAME:PASSWORD"),
    click.option(
        "--max-redirects",
        type=click.IntRange(min=0),
        help="Follow so many redirects. [default: 0]",
    ),
    _many("--status", text="Status wanted. [default: below 400]", metavar="CODE[,…]"),
    _many("--expect-header", text="Header wanted.", metavar="'NAME: VALUE'"),
    _many("--body", text="Pattern (RE2) wanted, one of several.", metavar="PATTERN"),
    _many("--not-body", text="Pattern not wanted.", metavar="PATTERN"),
    _many("--json-rule", text="What must hold of a JSON body.", metavar="EXPRESSION"),
    _text("--send", text="What to send after connecting (tcp)."),
    _text("--expect", text="What the answer must begin with (tcp)."),
    click.option("--count", type=click.IntRange(1, 1000), help="Pings to send."),
    _time("--interval", text="Time between pings. [default: 1s]"),
    click.option("--size", type=click.IntRange(min=0), help="Bytes in a ping."),
    _text("--max-loss", text="Most pings that may be lost.", metavar="PERCENT"),
    _time("--max-rtt", text="Longest round trip, on average."),
    _time("-w", "--warning", text="Warn if it takes longer."),
    _time("-c", "--critical", text="Critical if it takes longer."),
    click.option(
        "--cert-days",
        type=_Days(),
        help="Warn, or worse, with fewer days left of the certificate.",
    ),
    click.option("--json", "form", flag_value="json", help="Print the documents."),
    click.option(
        PERFDATA, "form", flag_value="perfdata", help="Print a plug-in's one line."
    ),
)


def _takes_options(command: Callable[..., int]) -> Callable[..., int]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command(cls=Plugin)
@click.argument("target", metavar="URL|HOST:PORT|HOST")
@_takes_options
@click.pass_context
def check(
    context: click.Context,
    /,
    *,
    target: str,
    kind: str | None,
    form: str | None,
    **asked: Any,
) -> int:
    """Check one target now, as a monitor would, without a configuration file.

    A URL is asked by HTTP, tls://host:port and host:port are connected to, a host alone
    is pinged.

    Exit code: 0 up, 1 up but slower than --warning or with fewer days than --cert-days,
    2 down, or worse than the second limits, 3 not known: wrong use, or no permission.
    """
    options = {name.replace("_", "-"): value for name, value in asked.items()}
    try:
        thresholds = _thresholds(options)
        meant = target_of(target, kind or "")
        trial = _tried(meant, options_of(meant, options), invocation(context).hostname)
    except (ConfigError, ValueError) as error:
        return _refuse(error, form)
    return _show(trial, thresholds, form)


def _thresholds(options: dict[str, Any]) -> Thresholds:
    """Take the limits out of the options; raises `ConfigError` for crossed ones."""
    warning, critical = options.pop("warning"), options.pop("critical")
    days: tuple[float | None, float | None] = options["cert-days"] or (None, None)
    if warning is not None and critical is not None and critical < warning:
        raise ConfigError("--critical is shorter than --warning")
    if days[0] is not None and days[1] is not None and days[1] > days[0]:
        raise ConfigError("--cert-days: the second number is for fewer days")
    return Thresholds(warning, critical, *days)


def _tried(target: Target, options: Mapping[str, Any], hostname: str) -> Trial:
    async def once() -> Trial:
        network = Network(SystemClock(), tells_chains=True)
        try:
            name = hostname or process.hostname()
            return await attempt(target, options, network, name)
        finally:
            await network.close()

    return run(once())


def _show(trial: Trial, thresholds: Thresholds, form: str | None) -> int:
    now = SystemClock().now()
    verdict = judged(trial.documents, thresholds, now)
    for problem in trial.warnings:
        click.echo(f"warning: {mask_text(str(problem))}", err=True)
    if form == "json":
        for body in trial.bodies:
            click.echo(body)
    elif form == "perfdata":
        click.echo(verdict.line())
    else:
        for line in lines_of(trial, verdict, now):
            click.echo(line)
    return verdict.grade


def _refuse(error: Exception, form: str | None) -> int:
    """Tell what cannot be done, where a plug-in's reader looks for it as well."""
    text = mask_text(str(error))
    click.echo(f"Error: {text}", err=True)
    if form == "perfdata":
        click.echo(f"{Grade.UNKNOWN.name}: {' '.join(text.split())}")
    return Grade.UNKNOWN
