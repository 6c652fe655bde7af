"""Limits of concurrent jobs that the environment sets.

Owns the names of those variables. Must not know how a limit is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.config.tree import Node, Place
from heartbeat.config.types import parse_integer
from heartbeat.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config.section import Section
    from heartbeat.config.tree import Report

_VARIABLES = {
    f"SYNTHETICS_LIMIT_{name.upper()}": name for name in ("http", "tcp", "icmp")
}


def with_job_limits(
    root: Section, environment: Mapping[str, str], report: Report
) -> Section:
    """Return the configuration with limits from the environment where it has none."""
    for variable, name in _VARIABLES.items():
        text = environment.get(variable)
        path = f"heartbeat.jobs.{name}.limit"
        if text is None or root.get(path) is not None:
            continue
        try:
            limit = parse_integer(text)
        except ValueError:
            message = (
                f"Could not parse job limit env var {variable} with value '{text}' as"
                " integer"
            )
            report(Problem(message, is_warning=True))
        else:
            root = root.overlaid({path: Node(limit, Place(variable))})
    return root
