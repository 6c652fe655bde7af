"""Scripts in JavaScript, run in this process within limits.

Owns the engine, what scripts find in it (`Event`, `console`) and how events get in and
out. Must not know options or when a script is run.

The engine is QuickJS. It can reach neither files nor the network, and a script that
takes too long or too much memory is ended. Events go in and out as JSON, which costs
less than an object of Python for each member, and calls from a script into Python could
not be limited in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
import quickjs

from heartbeat.event import milliseconds, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from heartbeat.event import Event, Fields

_quickjs = cast("Any", quickjs)  # it comes without types

MAX_MEMORY: Final = 64 * 1024 * 1024
MAX_STACK: Final = 256 * 1024
MAX_LOADING: Final = 10.0
"""Seconds that loading a script may take, `register` and `test` included."""

_PRELUDE: Final = Path(__file__).with_name("prelude.js")


class ScriptError(Exception):
    """A script cannot be used, or was ended; says why in words for the operator."""


@dataclass(frozen=True, slots=True)
class Script:
    """Sources by name, in the order of loading, and parameters for `register`."""

    sources: Sequence[tuple[str, str]]
    params: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a script has made of an event; `error` is what it threw, "" for nothing."""

    fields: Fields
    timestamp: Any
    metadata: Any
    is_cancelled: bool
    error: str
    lines: Sequence[str]


class Engine:
    """A script that is loaded. Belongs to the thread in which it was made."""

    def __init__(self, script: Script, timeout: float) -> None:
        """Load the script; raises `ScriptError`. A run may take `timeout` seconds."""
        self._context = _quickjs.Context()
        self._context.set_memory_limit(MAX_MEMORY)
        self._context.set_max_stack_size(MAX_STACK)
        self._context.set_time_limit(MAX_LOADING)
        self._eval(_PRELUDE.read_text(encoding="utf-8"), _PRELUDE.name)
        for name, source in script.sources:
            self._eval(source, name)
        params = None if script.params is None else dict(script.params)
        self._call("__begin", orjson.dumps(params).decode())
        self._context.set_time_limit(timeout)
        self._run = self._context.get("__run")

    def test(self) -> None:
        """Call the script's own `test`, if it has one; raises `ScriptError`."""
        self._context.set_time_limit(MAX_LOADING)
        self._call("__test", "")

    def run(self, event: Event) -> Outcome:
        """Let the script process an event.

        Raises `ScriptError` if it was ended; the engine cannot be used any more then.
        """
        moment = milliseconds(event.timestamp)
        meta = {"@timestamp": moment, "@metadata": event.routing.metadata()}
        try:
            answer = orjson.loads(self._run(_json([event.fields, meta])))
        except _quickjs.JSException as error:
            raise ScriptError(_words(error)) from error
        fields, meta, is_cancelled, thrown, lines = answer
        timestamp = meta.get("@timestamp")
        metadata = meta.get("@metadata")
        return Outcome(fields, timestamp, metadata, is_cancelled, thrown, lines)

    def _eval(self, source: str, name: str) -> None:
        try:
            self._context.eval(source)
        except _quickjs.JSException as error:
            raise ScriptError(f"failed to load {name}: {_words(error)}") from error

    def _call(self, name: str, argument: str) -> None:
        try:
            problem = self._context.get(name)(argument)
        except _quickjs.JSException as error:
            raise ScriptError(_words(error)) from error
        if problem:
            raise ScriptError(str(problem))


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, TypeError):
        return orjson.dumps(printable(value)).decode()


def _words(error: Exception) -> str:
    """Return the first line of what the engine says, which is all but the stack."""
    text = str(error).partition("\n")[0].strip()
    if text in {"InternalError: interrupted", ""}:
        return "the script was ended: it took too long"
    if text in {"InternalError: out of memory", "null"}:
        return "the script was ended: it took too much memory"
    return text
