"""`dissect`: the parts of a text as fields.

Owns that processor. Must not know how patterns find parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, Field

from heartbeat.conditions import MISSING
from heartbeat.config import Flag, Text, Words
from heartbeat.errors import ProcessorError
from heartbeat.processors.access import Snapshot, get, has, put, type_name
from heartbeat.processors.convert import TYPES
from heartbeat.processors.options import Path, ProcessorOptions, unpacked
from heartbeat.processors.tags import FLAGS, add_words
from heartbeat.processors.tokenizer import Mismatch, Tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

FAILED: Final = "dissect_parsing_error"

TRIMS: Final[Mapping[str, Callable[[str, str], str]]] = {
    "none": lambda text, _: text,
    "left": str.lstrip,
    "right": str.rstrip,
    "all": str.strip,
}


def _tokenizer(text: str) -> str:
    unknown = set(Tokenizer(text).types.values()) - TYPES.keys()
    if unknown:
        raise ValueError(
            f"unknown type {', '.join(sorted(unknown))}, use one of {', '.join(TYPES)}"
        )
    return text


def _trim(text: str) -> str:
    if text not in TRIMS:
        raise ValueError(
            f"unsupported value {text}. Must be one of {', '.join(sorted(TRIMS))}"
        )
    return text


class Options(ProcessorOptions):
    """`dissect`: takes a text apart at the literal parts of a pattern."""

    tokenizer: Annotated[Text, AfterValidator(_tokenizer)] = Field(
        description="The pattern, such as `%{user} from %{ip|ip}`."
    )
    field: Path = Field(default="message", description="The field.")
    target_prefix: Text = Field(
        default="dissect",
        description="Where the parts go; empty for the root of the event.",
    )
    ignore_failure: Flag = Field(default=False, description="Let failures be.")
    overwrite_keys: Flag = Field(
        default=False, description="Replace fields that are there."
    )
    trim_values: Annotated[Text, AfterValidator(_trim), Words(tuple(TRIMS))] = Field(
        default="none", description="At which ends parts are trimmed."
    )
    trim_chars: Text = Field(default=" ", description="What is trimmed.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    tokenizer = Tokenizer(options.tokenizer)

    def process(event: Event) -> Event:
        before = Snapshot.of(event)
        try:
            _write(event, _found(event, tokenizer, options), options)
        except ProcessorError:
            before.restore(event)
            if options.ignore_failure:
                return event
            add_words(event, FLAGS, (FAILED,))
            raise
        return event

    return process


def _found(event: Event, tokenizer: Tokenizer, options: Options) -> dict[str, Any]:
    """Return the parts, trimmed and of their types; raises `ProcessorError`."""
    text = get(event, options.field)
    if text is MISSING:
        raise ProcessorError(f"failed to get field '{options.field}': key not found")
    if not isinstance(text, str):
        raise ProcessorError(
            f"field is not a string, value: `{type_name(text)}`,"
            f" field: `{options.field}`"
        )
    try:
        parts = tokenizer.find(text)
        trim, chars = TRIMS[options.trim_values], options.trim_chars
        trimmed = {name: trim(part, chars) for name, part in parts.items()}
        return {
            name: TYPES[tokenizer.types[name]](part)
            if name in tokenizer.types
            else part
            for name, part in trimmed.items()
        }
    except Mismatch as error:
        raise ProcessorError(str(error)) from error
    except (ValueError, OverflowError) as error:
        raise ProcessorError(f"a part is not of its type: {error}") from error


def _write(event: Event, parts: Mapping[str, Any], options: Options) -> None:
    prefix = f"{options.target_prefix}." if options.target_prefix else ""
    for name, part in parts.items():
        path = f"{prefix}{name}"
        is_in_place = path == options.field
        if not options.overwrite_keys and not is_in_place and has(event, path):
            raise ProcessorError(f"cannot override existing key with `{path}`")
        put(event, path, part)
