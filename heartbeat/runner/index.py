"""The `index` option of a monitor: a format string over agent, version and time.

Owns that small language. Must not know where the name is used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.errors import ConfigError
from heartbeat.formats import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Part: TypeAlias = "str | Layout"

_BEAT = "heartbeat"
_TOKEN = re.compile(
    r"%\{\[(?P<field>[^\]]*)\]\}|%\{\+(?P<layout>[^}]*)\}|\\(?P<plain>.)|(?P<bad>%\{)",
    re.DOTALL,
)


class IndexName:
    """An index name that may depend on the day of the event."""

    __slots__ = ("_parts", "_static")

    def __init__(self, parts: Iterable[Part]) -> None:
        """Join the parts: fixed text, and layouts of the time."""
        self._parts = tuple(parts)
        fixed = [part for part in self._parts if isinstance(part, str)]
        self._static = "".join(fixed) if len(fixed) == len(self._parts) else None

    @classmethod
    def parse(cls, text: str, version: str) -> IndexName:
        """Return the index name a format string stands for.

        Only the name and version of the agent and the event's time are known when an
        index is chosen. The reference accepts other references and then loses every
        event of the monitor; here they raise `ConfigError`.
        """
        return cls(_parts(text, version))

    def at(self, timestamp: int) -> str:
        """Return the name for an event's time, in nanoseconds since the epoch."""
        if self._static is not None:
            return self._static
        return "".join(
            part if isinstance(part, str) else part(timestamp) for part in self._parts
        )


def _parts(text: str, version: str) -> Iterator[Part]:
    known = {
        "agent.name": _BEAT,
        "agent.version": version,
        "beat.name": _BEAT,
        "beat.version": version,
    }
    end = 0
    for token in _TOKEN.finditer(text):
        yield text[end : token.start()]
        end = token.end()
        if token["plain"] is not None:
            yield token["plain"]
        elif token["layout"] is not None:
            yield _layout(token["layout"], text)
        elif token["field"] in known:
            yield known[token["field"]]
        else:
            raise ConfigError(
                f"the index '{text}' may use only agent.name, agent.version and the"
                f" time, not '{text[token.start() :]}'"
            )
    yield text[end:]


def _layout(layout: str, text: str) -> Layout:
    try:
        return Layout(layout)
    except ValueError as error:
        raise ConfigError(f"the index '{text}': {error}") from error
