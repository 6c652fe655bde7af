"""`heartbeat export monitors`: what would be checked, when and how."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import orjson

from heartbeat.clock import SystemClock
from heartbeat.cmd.loading import refuse, report, request_of, survey_monitors
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.errors import ConfigError
from heartbeat.inventory import described
from heartbeat.net import Network

SECOND = 1_000_000_000
"""In nanoseconds."""


class _Moment(click.ParamType[int]):
    """A moment in ISO 8601 as nanoseconds since the epoch, UTC unless it says."""

    name = "TIME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is no time such as 2026-01-31T12:00:00Z", param, ctx)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return int(moment.timestamp()) * SECOND


@click.command()
@takes_global_options
@click.option("--from", "since", type=_Moment(), help="Tell firings after this time.")
@click.pass_context
def monitors(context: click.Context, *, since: int | None) -> int:
    """Print one JSON object a line for each monitor, in the order of the files.

    Monitors that are off or at fault are there too.
    """
    clock = SystemClock()
    try:
        found = survey_monitors(request_of(invocation(context)))
    except ConfigError as error:
        return refuse(error.problems)
    network = Network(clock)
    moment = clock.now() if since is None else since
    for entry in found.entries:
        click.echo(orjson.dumps(described(entry, network, moment)))
    report(found.problems)
    return 0
