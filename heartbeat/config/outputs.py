"""Which outputs are on, and the queue in front of them.

Owns the choice among `output.*` and `queue.*`, and hosted deployments (`cloud.*`). Must
not know any output: their names are given, their options stay in their sections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat.config.cloud import CloudOptions, cloud_settings
from heartbeat.config.models import QueueOptions
from heartbeat.config.section import Section
from heartbeat.config.tree import Node, node_of
from heartbeat.config.types import SwitchOptions
from heartbeat.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection

    from heartbeat.config.tree import Report

_QUEUES = frozenset(QueueOptions.model_fields)


class OutputOptions(SwitchOptions):
    """The options of every output, whatever it is."""

    queue: QueueOptions | None = Field(
        default=None, description="The queue, here instead of at the top level."
    )


_COMMON = frozenset(OutputOptions.model_fields)


def with_cloud(root: Section, report: Report) -> Section:
    """Return the configuration with what `cloud.*` sets, if it is set at all."""
    cloud = root.get("cloud")
    if cloud is None:
        return root
    try:
        settings = cloud_settings(cloud.peek(CloudOptions))
    except ConfigError:
        return root  # an unset variable here means "no cloud", as in the reference
    except ValueError as error:
        report(cloud.problem(str(error)))
        return root
    if not settings:
        return root
    for name in enabled_outputs(root, None, lambda _problem: None):
        if name != "elasticsearch":
            message = f"cloud.id works with output.elasticsearch only, not with {name}"
            report(cloud.problem(message))
    return root.overlaid(
        {path: node_of(value, cloud.place) for path, value in settings.items()}
    )


def enabled_outputs(
    root: Section, known: Collection[str] | None, report: Report
) -> dict[str, Section]:
    """Return the sections of the outputs that are on, by name, in the order written."""
    output = root.get("output")
    found: dict[str, Section] = {}
    for name, section in (output.members() if output else {}).items():
        try:
            if not (section.is_null() or section.peek(SwitchOptions).enabled):
                continue
        except ConfigError as error:
            for problem in error.problems:
                report(problem)
            continue
        if known is None or name in known:
            found[name] = _prepared(section)
        else:
            report(section.problem(f"output type {name} undefined"))
    return found


def _prepared(section: Section) -> Section:
    content = Node({}, section.place) if section.is_null() else section.node
    return Section(content, section.scope, section.path, known=_COMMON, area="output")


def with_promoted_queue(
    root: Section, outputs: dict[str, Section], report: Report
) -> Section:
    """Return the configuration with the queue of an output as that of the process."""
    for section in outputs.values():
        queue = section.get("queue")
        if queue is None or queue.is_null():
            continue
        if root.get("queue") is None:
            root = root.overlaid({"queue": queue.node})
        else:
            message = (
                "top level queue and output level queue settings defined, only one is"
                " allowed"
            )
            report(queue.problem(message))
    return root


def check_queue(root: Section, queue: QueueOptions, report: Report) -> None:
    """Report a queue of unknown kind, and two kinds at once."""
    section = root.get("queue")
    for name, member in (section.members() if section else {}).items():
        if name not in _QUEUES:
            report(member.problem(f"unrecognized queue type '{name}'"))
    kinds = [kind for kind in (queue.mem, queue.disk) if kind and kind.enabled]
    if section is not None and len(kinds) > 1:
        report(section.problem("more than one namespace configured"))
