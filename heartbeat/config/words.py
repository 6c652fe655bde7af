"""Defaults and kinds of options in the words an operator would write.

Owns those words. Must not know which option they are for, beyond its form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from heartbeat.config.catalog import Shape
from heartbeat.config.types import Kind

if TYPE_CHECKING:
    from heartbeat.config.catalog import Option

_QUOTED: Final = "@%&*!|>`,?#'[]{} "
"""A text that begins with one of these must stand in quotes."""

_MILLISECONDS: Final = ((3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms"))
_SIZES: Final = ((1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))


def default_of(option: Option) -> str:
    """Return the default as it would be written, nothing where there is none."""
    value = option.default
    if value is None or option.form.members is not None:
        return ""
    if option.form.shape is Shape.LIST:
        return f"[{', '.join(_one(option, entry) for entry in value)}]"
    return _one(option, value)


def _one(option: Option, value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return value if value and value[0] not in _QUOTED else json.dumps(value)
    if isinstance(value, Mapping):
        return json.dumps(value)
    return _number(option, value)


def _number(option: Option, value: float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if option.form.kind is Kind.DURATION:
        return duration(value)
    if option.form.kind is Kind.SIZE:
        return size(int(value))
    return f"0{int(value):o}" if "permissions" in option.name else str(value)


def duration(seconds: float) -> str:
    """Return a duration in Go syntax with one unit: `90s`, `100ms`."""
    milliseconds = round(seconds * 1000)
    for length, unit in _MILLISECONDS:
        if milliseconds and not milliseconds % length:
            return f"{milliseconds // length}{unit}"
    return "0s"


def size(count: int) -> str:
    """Return a number of bytes with the largest unit that fits."""
    for length, unit in _SIZES:
        if count and not count % length:
            return f"{count // length}{unit}"
    return str(count)


def kind_of(option: Option) -> str:
    """Return what an option may be, with its bounds."""
    form = option.form
    words = " or ".join(form.words) if form.words else form.kind.value
    limits = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    bounds = "".join(
        f", {limits[name]} {_one(option, bound)}"
        for name, bound in option.bounds.items()
    )
    many = "list of " if form.shape is Shape.LIST else ""
    return f"{many}{words}{bounds}"
