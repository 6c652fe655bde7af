"""`heartbeat export template|ilm-policy|index-pattern|dashboards|fields`.

Nothing here connects: for clusters that are prepared by other means.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from heartbeat import COMPATIBLE_VERSION
from heartbeat.cmd.loading import load_settings, refuse
from heartbeat.cmd.options import invocation, takes_global_options
from heartbeat.elastic.dashboards.dataview import TITLE, data_view
from heartbeat.elastic.dashboards.objects import as_lines
from heartbeat.elastic.dashboards.shipped import all_objects
from heartbeat.elastic.page import page
from heartbeat.elastic.plan import plan_of
from heartbeat.elastic.streams import Stream
from heartbeat.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from heartbeat.elastic.plan import Plan

OLDEST = 8
"""Major version of Elasticsearch that takes what is exported."""

PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def _version(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    found = re.match(r"(\d+)\.\d+", text)
    if found is None:
        raise click.BadParameter(f"'{text}' is no version")
    if int(found[1]) < OLDEST:
        raise click.BadParameter(f"Elasticsearch {OLDEST} or newer is needed")
    return text


def _stream(
    _context: click.Context, _parameter: click.Parameter, text: str | None
) -> Stream | None:
    if text is None:
        return None
    kind, _, dataset = text.partition("-")
    if not kind or not dataset:
        raise click.BadParameter(f"'{text}' is no type and dataset, joined by a hyphen")
    return Stream(kind, dataset, "default")


for_version = click.option(
    "--es.version",
    "version",
    default=COMPATIBLE_VERSION,
    callback=_version,
    help="Version of Elasticsearch that it is for; refused if that is too old.",
)
into_folder = click.option(
    "--dir", "folder", help="Write it to a file in this folder instead."
)


@click.command()
@takes_global_options
@for_version
@click.option("--noilm", is_flag=True, help="Without the lifecycle policy.")
@click.option(
    "--stream",
    callback=_stream,
    help="That of data streams which monitors name, such as synthetics-http.",
)
@into_folder
@click.pass_context
def template(
    context: click.Context,
    *,
    version: str,
    noilm: bool,
    stream: Stream | None,
    folder: str | None,
) -> int:
    """Print the index template."""
    del version

    def made(plan: Plan) -> tuple[str, Mapping[str, Any]]:
        body = plan.template_for(stream) if stream else plan.template()
        if noilm:
            body["template"]["settings"]["index"].pop("lifecycle", None)
        name = stream.template_name if stream else plan.name
        return f"template/{name}.json", body

    return _exported(context, made, folder)


@click.command("ilm-policy")
@takes_global_options
@for_version
@into_folder
@click.pass_context
def policy(context: click.Context, *, version: str, folder: str | None) -> int:
    """Print the lifecycle policy."""
    del version
    return _exported(
        context, lambda plan: (f"policy/{plan.policy_name}.json", plan.policy), folder
    )


@click.command("index-pattern")
@takes_global_options
@for_version
@into_folder
@click.pass_context
def index_pattern(context: click.Context, *, version: str, folder: str | None) -> int:
    """Print the data view for Kibana, one line that its import of files takes."""
    del version
    return _exported_objects(context, "index-pattern", lambda t: [data_view(t)], folder)


@click.command()
@takes_global_options
@into_folder
@click.pass_context
def dashboards(context: click.Context, *, folder: str | None) -> int:
    """Print the dashboards for Kibana and their data view, for its import of files."""
    return _exported_objects(context, "dashboards", all_objects, folder)


@click.command()
@takes_global_options
def fields() -> None:
    """Print the description of every field as Markdown."""
    click.echo(page(), nl=False)


def _exported(
    context: click.Context,
    made: Callable[[Plan], tuple[str, Mapping[str, Any]]],
    folder: str | None,
) -> int:
    """Print a body, or write it to the file that comes with it."""
    try:
        settings = load_settings(invocation(context), needs_output=False)
        name, body = made(plan_of(settings))
    except ConfigError as error:
        return refuse(error.problems)
    return _delivered(orjson.dumps(body, option=PRETTY), name, folder)


def _exported_objects(
    context: click.Context,
    name: str,
    made: Callable[[str], list[dict[str, Any]]],
    folder: str | None,
) -> int:
    """Print saved objects for the indices that the options name."""
    try:
        settings = load_settings(invocation(context), needs_output=False)
    except ConfigError as error:
        return refuse(error.problems)
    title = settings.options.setup.dashboards.index or TITLE
    return _delivered(as_lines(made(title)), f"kibana/{name}.ndjson", folder)


def _delivered(content: bytes, name: str, folder: str | None) -> int:
    """Print the content, or write it to a file of that name."""
    if folder is None:
        click.echo(content, nl=False)
        return 0
    click.echo(f"Writing to directory {folder}")
    file = Path(folder, name)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise click.FileError(str(file), error.strerror) from error
    return 0
