"""`script`: whatever a few lines of JavaScript make of an event.

Owns that processor: its options, and what becomes of an event whose script fails. Must
not know the engine.
"""

from __future__ import annotations

import glob
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from heartbeat.config import Duration, Fields, Listed, Text, Words
from heartbeat.errors import ConfigError, ProcessorError, system_text
from heartbeat.processors.access import (
    TIMESTAMP,
    get,
    note_error,
    put,
    replace_metadata,
)
from heartbeat.processors.javascript import Engine, Script, ScriptError
from heartbeat.processors.options import ProcessorOptions, unpacked
from heartbeat.processors.tags import TAGS, add_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext
    from heartbeat.processors.javascript import Outcome

log = logging.getLogger(__name__)

LANGUAGES: Final = ("javascript", "js")
LONGEST: Final = 1.0
"""Seconds that a script may take for an event unless options say otherwise."""

_ONE_SOURCE: Final = "javascript must be defined by exactly one of source, file, files"


def _language(text: str) -> str:
    if text.lower() not in LANGUAGES:
        raise ValueError(f"script type '{text}' is not supported, write javascript")
    return text.lower()


class Options(ProcessorOptions):
    """`script`: calls the function `process(event)` of a script.

    The event has the methods Get, Put, Rename, Delete, Cancel, Tag and AppendTo.
    """

    lang: Annotated[
        Text, AfterValidator(_language), Words(LANGUAGES, is_any_case=True)
    ] = Field(description="The language.")
    source: Text = Field(default="", description="The script itself.")
    file: Text = Field(
        default="", description="File of the script, or glob; from path.config on."
    )
    files: Listed[Text] = Field(default=(), description="Several of these.")
    params: Fields | None = Field(
        default=None, description="What register(params) is called with."
    )
    tag: Text = Field(default="", description="Name of this processor in error texts.")
    timeout: Duration = Field(
        default=LONGEST, ge=0, description="Longest time for an event; 0 for the same."
    )
    tag_on_exception: Text = Field(
        default="_js_exception", description="Tag of events whose script failed."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if sum(map(bool, (self.source, self.file, self.files))) != 1:
            raise ValueError(_ONE_SOURCE)
        return self


def build(section: Section, context: ProcessorContext) -> Processor:
    """Return the processor; the script is tried at once."""
    options = unpacked(section, Options)
    script = Script(list(_sources(section, options, context)), options.params)
    try:
        Engine(script, LONGEST).test()
    except ScriptError as error:
        raise ConfigError([section.problem(_named(options, str(error)))]) from error
    return _Scripted(options, script)


class _Scripted:
    """The processor. Its engine is made in the thread that uses it, when it does."""

    def __init__(self, options: Options, script: Script) -> None:
        self._options = options
        self._script = script
        self._engine: Engine | None = None

    def __call__(self, event: Event) -> Event | None:
        """Let the script process the event; raises `ProcessorError`."""
        try:
            if self._engine is None:
                timeout = self._options.timeout or LONGEST
                self._engine = Engine(self._script, timeout)
            outcome = self._engine.run(event)
        except ScriptError as error:
            self._engine = None
            raise self._failure(event, str(error)) from error
        self._take_over(event, outcome)
        for line in outcome.lines:
            log.debug("%s", _named(self._options, line))
        if outcome.error:
            raise self._failure(event, outcome.error)
        return None if outcome.is_cancelled else event

    def _take_over(self, event: Event, outcome: Outcome) -> None:
        event.fields = outcome.fields
        if outcome.timestamp != get(event, TIMESTAMP):  # which has fewer digits
            put(event, TIMESTAMP, outcome.timestamp)
        replace_metadata(event, outcome.metadata)

    def _failure(self, event: Event, reason: str) -> ProcessorError:
        """Mark the event and return the error."""
        text = f"failed in process function: {reason}"
        if self._options.tag_on_exception:
            add_words(event, TAGS, (self._options.tag_on_exception,))
        note_error(event, text)
        return ProcessorError(_named(self._options, text))


def _named(options: Options, text: str) -> str:
    name = f" [{options.tag}]" if options.tag else ""
    return f"javascript processor{name}: {text}"


def _sources(
    section: Section, options: Options, context: ProcessorContext
) -> Iterator[tuple[str, str]]:
    """Yield the scripts with their names; raises `ConfigError`."""
    if options.source:
        yield "inline.js", options.source
        return
    name = "file" if options.file else "files"
    for pattern in (options.file,) if options.file else options.files:
        found = sorted(glob.glob(str(context.config / pattern)))  # noqa: PTH207 - absolute patterns, too
        if not found:
            message = f"no sources were found in {pattern}"
            raise ConfigError([section.problem(message, name)])
        for path in found:
            try:
                yield path, Path(path).read_text(encoding="utf-8")
            except OSError as error:
                message = f"failed to read {path}: {system_text(error)}"
                raise ConfigError([section.problem(message, name)]) from error
            except UnicodeDecodeError as error:
                message = f"failed to read {path}: it is not UTF-8"
                raise ConfigError([section.problem(message, name)]) from error
