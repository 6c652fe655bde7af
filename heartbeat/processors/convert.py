"""`convert`: fields of another type.

Owns that processor and the types. Must not know any other.
"""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, model_validator

from heartbeat.conditions import MISSING
from heartbeat.config import Listed, Text, Words
from heartbeat.config import Options as Plain
from heartbeat.config.types import parse_integer
from heartbeat.errors import ProcessorError
from heartbeat.formats.string import text_of
from heartbeat.processors.access import delete, put
from heartbeat.processors.fields import FailingOptions, fetch, for_each
from heartbeat.processors.options import Path, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext

MODES: Final = ("copy", "rename")
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def _type(text: str) -> str:
    if text and text not in TYPES:
        raise ValueError(f"invalid data type: {text}, use one of {', '.join(TYPES)}")
    return text


def _mode(text: str) -> str:
    if text not in MODES:
        raise ValueError(f"invalid convert mode: {text}, use copy or rename")
    return text


def _integer(value: Any, bits: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("no number")  # noqa: TRY004 - a fault of the value
    number = parse_integer(value) if isinstance(value, str) else int(value)
    if not -(1 << bits - 1) <= number < 1 << bits - 1:
        raise ValueError("value out of range")
    return number


def _float(value: Any) -> float:
    """Return a number of 32 bits, in as few digits as tell it from others."""
    packed = struct.pack("<f", _double(value))
    (rounded,) = struct.unpack("<f", packed)
    numbers = (float(f"{rounded:.{digits}g}") for digits in range(6, 10))
    short = (number for number in numbers if struct.pack("<f", number) == packed)
    return next(short, rounded)


def _double(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("no number")  # noqa: TRY004 - a fault of the value
    return float(value)


def _string(value: Any) -> str:
    text = text_of(value)
    if text is None:
        raise ValueError("no text")
    return text


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _TRUE | _FALSE:
        return value in _TRUE
    raise ValueError("no boolean")


def _ip(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no address")  # noqa: TRY004 - a fault of the value
    ip_address(value)
    return value


TYPES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "integer": lambda value: _integer(value, 32),
    "long": lambda value: _integer(value, 64),
    "float": _float,
    "double": _double,
    "string": _string,
    "boolean": _boolean,
    "ip": _ip,
}


class FieldOptions(Plain):
    """A field to convert."""

    source: Path = Field(alias="from", description="The field.")
    to: Text = Field(
        default="", description="Where the result goes; in place if empty."
    )
    type: Annotated[Text, AfterValidator(_type), Words(tuple(TYPES))] = Field(
        default="", description="What it becomes; copied as it is if empty."
    )

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.to and not self.type:
            raise ValueError("each field must have a 'to' or a 'type'")
        return self


class Options(FailingOptions):
    """`convert`: makes fields of another type."""

    fields: Listed[FieldOptions] = Field(description="The fields.")
    mode: Annotated[Text, AfterValidator(_mode), Words(MODES)] = Field(
        default="copy",
        description="What becomes of a field whose result goes elsewhere.",
    )
    tag: Text = Field(default="", description="Name of this processor in error texts.")


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    title = "failed in processor.convert"
    if options.tag:
        title = f"{title} with tag [{options.tag}]"
    is_rename = options.mode == "rename"

    def change(event: Event, field: FieldOptions) -> None:
        value = fetch(event, field.source, ignore_missing=options.ignore_missing)
        if value is MISSING:
            return
        result = _converted(field, value)
        if field.to and is_rename:
            delete(event, field.source)
        put(event, field.to or field.source, result)

    return for_each(options.fields, change, title, fail_on_error=options.fail_on_error)


def _converted(field: FieldOptions, value: Any) -> Any:
    if not field.type:
        return value
    try:
        return TYPES[field.type](value)
    except (ValueError, OverflowError) as error:
        raise ProcessorError(
            f"conversion of field [{field.source}] to type [{field.type}] failed:"
            f" unable to convert value [{value}]: {error}"
        ) from error
