"""From files, flags and defaults to one tree.

Owns the order in which they count: defaults, files from first to last, the directories
given by flags, overrides. Must not know what an option means.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from heartbeat.config.document import parse
from heartbeat.config.files import read_file
from heartbeat.config.tree import (
    MAX_DEPTH,
    NOWHERE,
    TOO_DEEP,
    Node,
    Place,
    join,
    merge,
    node_of,
    overlaying,
    problem_at,
)
from heartbeat.config.values import is_text, parse_value
from heartbeat.config.variables import parse_template
from heartbeat.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from heartbeat.config.tree import Report
    from heartbeat.config.variables import Secrets

_DEFAULT_PATHS = {
    "config": "${path.home}",
    "data": "${path.home}/data",
    "logs": "${path.home}/logs",
}
_FLAG_PLACE = Place("-E")


def _environment() -> Mapping[str, str]:
    return os.environ


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked to be loaded.

    `files` in the order given; `overrides` as `path=value`; `paths` by name (`home`,
    `config`, `data`, `logs`), relative ones from the working directory on;
    `environment` and `keystore` are what variables mean; by default the keystore is the
    file that the configuration names.
    """

    files: Sequence[str] = ("heartbeat.yml",)
    overrides: Sequence[str] = ()
    paths: Mapping[str, str] = field(default_factory=dict[str, str])
    strict_permissions: bool = True
    environment: Mapping[str, str] = field(default_factory=_environment)
    keystore: Secrets | None = None

    def location_of(self, file: str) -> str:
        """Return where a file is that is named on the command line."""
        base = self.paths.get("config") or self.paths.get("home") or ""
        return str(Path(base, file))


def merged_tree(request: Request, report: Report) -> Node:
    """Return everything that was written, later layers over earlier ones.

    Faults and doubts go to `report`; only if a file cannot be read at all is there
    nothing to return, and `ConfigError` names every such file.
    """
    unreadable: list[Problem] = []
    tree = _paths({"home": str(Path.cwd())} | _DEFAULT_PATHS, NOWHERE)
    overlay = overlaying(report)
    for file in dict.fromkeys(request.files):
        try:
            tree = merge(
                tree, _file(request.location_of(file), request, report), overlay
            )
        except ConfigError as error:
            unreadable += error.problems
    if unreadable:
        raise ConfigError(unreadable)
    flags = {name: str(Path(p).absolute()) for name, p in request.paths.items() if p}
    if flags:
        tree = merge(tree, _paths(flags, Place("--path")), overlay)
    for override in request.overrides:
        tree = merge(tree, _override(override, report), overlay)
    for problem in broken_references(tree, ""):
        report(problem)
    return tree


def _paths(paths: Mapping[str, str], place: Place) -> Node:
    members: dict[str, Node] = {name: Node(path, place) for name, path in paths.items()}
    return Node({"path": Node(members, place)}, place)


def _file(path: str, request: Request, report: Report) -> Node:
    text = read_file(path, strict_permissions=request.strict_permissions)
    node = parse(text, path, report)
    if not isinstance(node.value, dict | None):
        message = "the top level must be a mapping of options"
        raise ConfigError([problem_at(node, message)])
    return node


def _override(text: str, report: Report) -> Node:
    """Return what `-E path=value` sets; without `=` it is a switch turned on."""
    path, equals, value = text.partition("=")
    fault = _refused(text)
    if fault:
        report(Problem(fault, "", "-E"))
        return Node({}, _FLAG_PLACE)
    if equals and not value:
        message = f"-E {path}= sets nothing, write {path}=null or {path}=''"
        report(Problem(message, path, "-E", is_warning=True))
        return Node({}, _FLAG_PLACE)
    try:
        meant = parse_value(value) if equals else True
    except ValueError as error:
        report(Problem(str(error), path, "-E"))
        return Node({}, _FLAG_PLACE)
    return node_of({path: meant}, _FLAG_PLACE)


def _refused(override: str) -> str:
    """Return why an override is not even read, nothing if it is."""
    if not is_text(override):
        return "an override is no UTF-8 text"
    path = override.partition("=")[0]
    return TOO_DEEP if path.count(".") > MAX_DEPTH else ""


def broken_references(node: Node, path: str) -> Iterator[Problem]:
    """Yield every `${…}` that cannot be read, used or not."""
    value = node.value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from broken_references(member, join(path, name))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from broken_references(entry, join(path, index))
    elif isinstance(value, str) and "${" in value:
        try:
            parse_template(value)
        except ValueError as error:
            yield problem_at(node, str(error), path)
