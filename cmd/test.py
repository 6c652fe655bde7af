"""`heartbeat test`: would it work?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from heartbeat.assembly import faults, outputs_of
from heartbeat.clock import SystemClock
from heartbeat.cmd.loading import load_settings, refuse, report, strictly
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.errors import ConfigError
from heartbeat.loop import run
from heartbeat.net import Network
from heartbeat.outputs.base import Closeable, OutputContext, SelfTest

if TYPE_CHECKING:
    from heartbeat.config.load import Settings
    from heartbeat.errors import Problem
    from heartbeat.outputs.base import Finding, Output

COLOURS = {"OK": "green", "ERROR": "red", "WARN": "yellow"}


@click.group(invoke_without_command=True)
@takes_global_options
@click.pass_context
def test(context: click.Context) -> None:
    """Test the configuration or the outputs."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@test.command()
@takes_global_options
@click.option("--json", is_flag=True, help="Show what was found as JSON.")
@click.pass_context
def config(context: click.Context, *, json: bool) -> int:
    """Check the whole configuration, every monitor included, without connecting.

    Exit code 1 if anything would not work.
    """
    asked = invocation(context)
    try:
        settings = strictly(load_settings(asked), strict=asked.strict)
        problems = [*_faults_of_parts(settings), *settings.problems]
    except ConfigError as error:
        problems = list(error.problems)
    report(problems, json=json)
    if any(not problem.is_warning or asked.strict for problem in problems):
        return 1
    click.echo("Config OK")
    return 0


def _faults_of_parts(settings: Settings) -> tuple[Problem, ...]:
    """Return what monitors and outputs say about their own options."""
    return faults(settings, Network(SystemClock()))


@test.command()
@takes_global_options
@click.pass_context
def output(context: click.Context) -> int:
    """Try every output step by step, sending no document."""
    try:
        settings = load_settings(invocation(context))
        return run(_try_all(settings))
    except ConfigError as error:
        return refuse(error.problems)


async def _try_all(settings: Settings) -> int:
    network = Network(SystemClock())
    outputs = outputs_of(settings, OutputContext(network))
    results = [await _try(output) for output in outputs]
    await network.close()
    return 0 if all(results) else 1


async def _try(output: Output) -> bool:
    """Print what an output's self-test finds; return whether it would work."""
    click.echo(f"{output.name}...")
    is_fine = True
    if isinstance(output, SelfTest):
        async for finding in output.test():
            click.echo(line_of(finding))
            is_fine = is_fine and finding.verdict != "ERROR"
    else:
        click.echo("  has no test of its own")
    if isinstance(output, Closeable):
        await output.close()
    return is_fine


def line_of(finding: Finding) -> str:
    """Return a finding as a line for the terminal."""
    indent = "  " * finding.depth
    if finding.verdict == "INFO":
        return f"{indent}{finding.name}: {finding.text}".rstrip()
    verdict = click.style(finding.verdict, fg=COLOURS.get(finding.verdict))
    return f"{indent}{finding.name}... {verdict} {finding.text}".rstrip()
