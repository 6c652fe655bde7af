"""The effective configuration as text, for `heartbeat export config`.

Owns its form: merged, nested, secrets masked, YAML that could be loaded again but for
the secrets. Must not know where it is printed.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from heartbeat.config.document import resolve_scalar
from heartbeat.config.masking import MASK, masked
from heartbeat.config.tree import Node, join, plain
from heartbeat.config.variables import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.config.section import Section
    from heartbeat.config.tree import Plain
    from heartbeat.config.variables import Secrets

_STEP = "  "
_PLAIN = re.compile(r"[A-Za-z_/][\w./@-]*(:[\w./@-]+)*", re.ASCII)
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def exported(
    root: Section, *, is_resolved: bool = True, has_origins: bool = False
) -> str:
    """Return the configuration as YAML.

    Variables are replaced by what they mean, or stand as written. With origins, a
    comment behind each value names the file and line, or the flag, that set it, and the
    variables of the environment and the keystore it is made of.
    """
    scope = root.scope
    used: list[str] = []
    shown = Scope(
        scope.root,
        scope.environment,
        _hidden(scope.keystore),
        notice=used.append,
    )
    writer = _Writer(shown, used, is_resolved=is_resolved, has_origins=has_origins)
    return "".join(f"{line}\n" for line in writer.members(root.node, "", ""))


def _hidden(keystore: Secrets) -> Secrets:
    """Return a keystore of the same names whose secrets cannot be seen."""

    def masking(name: str) -> str | None:
        return None if keystore(name) is None else MASK

    return masking


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes nodes as lines; `used` collects what the value at hand is made of."""

    scope: Scope
    used: list[str]
    is_resolved: bool = field(kw_only=True)
    has_origins: bool = field(kw_only=True)

    def members(self, node: Node, path: str, indent: str) -> Iterator[str]:
        members = node.value if isinstance(node.value, dict) else {}
        for name, member in members.items():
            head = f"{indent}{_text(name)}:"
            yield from self.member(head, member, join(path, name), indent)

    def member(self, head: str, node: Node, path: str, indent: str) -> Iterator[str]:
        if isinstance(node.value, dict) and node.value:
            yield head
            yield from self.members(node, path, indent + _STEP)
        elif isinstance(node.value, list) and node.value:
            yield head
            for index, entry in enumerate(node.value):
                yield from self.entry(entry, join(path, index), indent + _STEP)
        else:
            yield f"{head} {self.leaf(node, path)}"

    def entry(self, node: Node, path: str, indent: str) -> Iterator[str]:
        if isinstance(node.value, dict) and node.value:
            lines = self.members(node, path, indent + _STEP)
            yield f"{indent}- {next(lines).lstrip()}"
            yield from lines
        elif isinstance(node.value, list) and node.value:
            yield f"{indent}-"
            for index, entry in enumerate(node.value):
                yield from self.entry(entry, join(path, index), indent + _STEP)
        else:
            yield f"{indent}- {self.leaf(node, path)}"

    def leaf(self, node: Node, path: str) -> str:
        self.used.clear()
        meant = self.scope.collect(node, path, lambda _problem: None)
        value = meant if self.is_resolved else plain(node)
        text = _flow(masked(value, path))
        if not self.has_origins:
            return text
        origins = (str(node.place) or "default", *dict.fromkeys(self.used))
        return f"{text}  # {', '.join(origins)}"


def _flow(value: Plain) -> str:
    """Return a value on one line."""
    if isinstance(value, dict):
        members = (f"{_text(key)}: {_flow(member)}" for key, member in value.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value).replace("inf", ".inf").replace("nan", ".nan")
    return json.dumps(value)


def _text(text: str) -> str:
    """Return a text bare where that means the same, else in quotes."""
    if _PLAIN.fullmatch(text) and resolve_scalar(text) == text:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
