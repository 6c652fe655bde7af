"""Options as their models describe them, for whatever is generated from that.

Owns reading a model: the kind of each option, its words, bounds and default. Must not
know the form of a document, a schema or a sample file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, Field, create_model

from heartbeat.config.cloud import CloudOptions
from heartbeat.config.models import HeartbeatOptions, ProcessOptions
from heartbeat.config.outputs import OutputOptions
from heartbeat.config.types import Kind, Options, Words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo


class Shape(StrEnum):
    """How many values an option holds."""

    ONE = "one"
    LIST = "list"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Form:
    """What a value may be: of a kind, one of some words, or members of its own."""

    kind: Kind = Kind.ANY
    words: tuple[str, ...] = ()
    is_any_case: bool = False
    members: type[BaseModel] | None = None
    shape: Shape = Shape.ONE


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a model.

    `default` is the value itself; `bounds` maps the words of JSON Schema to numbers.
    """

    name: str
    form: Form
    description: str
    default: Any
    is_required: bool
    bounds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Catalog:
    """The models of what is installed.

    `aliases` maps every name of a monitor type to that of its plug-in; `refused` says
    why processors of the reference are not there.
    """

    monitors: Mapping[str, type[BaseModel]]
    aliases: Mapping[str, str]
    outputs: Mapping[str, type[BaseModel]]
    processors: Mapping[str, type[BaseModel]]
    refused: Mapping[str, str]

    def main(self) -> type[BaseModel]:
        """Return the model of a whole main file; `monitors` in it may be anything."""
        outputs = {
            name: _optional(f"output_{name}", (model, OutputOptions))
            for name, model in self.outputs.items()
        }
        heartbeat = create_model(
            "heartbeat",
            __base__=HeartbeatOptions,
            monitors=(tuple[Any, ...], Field(default=(), description="The monitors.")),
        )
        sections: dict[str, Any] = {
            "heartbeat": (heartbeat, ProcessOptions.model_fields["heartbeat"]),
            "output": _optional("output", (Options,), outputs),
            "cloud": (CloudOptions, Field(description="A hosted deployment.")),
        }
        return create_model("main", __base__=ProcessOptions, **sections)

    def names_of(self, plugin: str) -> list[str]:
        """Return every name that stands for a monitor type."""
        return sorted(name for name, known in self.aliases.items() if known == plugin)


def _optional(
    name: str,
    bases: tuple[type[BaseModel], ...],
    members: Mapping[str, Any] | None = None,
) -> Any:
    """Return what defines an option that holds a model made of others."""
    model: Any = create_model(name, __base__=bases, **(members or {}))
    first = (bases[0].__doc__ or "").partition("\n")[0]
    return (model | None, Field(default=None, description=first))


@cache
def options_of(model: type[BaseModel]) -> tuple[Option, ...]:
    """Return the options of a model, in its order."""
    return tuple(
        _option(field.alias or name, field)
        for name, field in model.model_fields.items()
    )


def options_together(*models: type[BaseModel]) -> tuple[Option, ...]:
    """Return the options of several models of one section; later ones win."""
    found = {option.name: option for model in models for option in options_of(model)}
    return tuple(found.values())


def _option(name: str, field: FieldInfo) -> Option:
    return Option(
        name=name,
        form=_form(field.annotation, field.metadata),
        description=field.description or "",
        default=None
        if field.is_required()
        else field.get_default(call_default_factory=True),
        is_required=field.is_required(),
        bounds=dict(_bounds(field.metadata)),
    )


def _form(annotation: Any, metadata: Iterable[Any] = ()) -> Form:
    form = _bare(annotation)
    for mark in metadata:
        if isinstance(mark, Kind):
            form = replace(form, kind=mark)
        elif isinstance(mark, Words):
            form = replace(form, words=mark.words, is_any_case=mark.is_any_case)
    return form


def _bare(annotation: Any) -> Form:
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        return _form(arguments[0], arguments[1:])
    if origin in {Union, UnionType}:
        return _form(arguments[0])
    if origin is tuple:
        return replace(_form(arguments[0]), shape=Shape.LIST)
    if origin in {dict, Mapping}:
        inner = _form(arguments[1])
        is_nested = inner.members is not None
        return replace(inner, shape=Shape.NAMED) if is_nested else Form(Kind.MAPPING)
    return _named(annotation)


def _named(kind: Any) -> Form:
    if not isinstance(kind, type):
        return Form()
    if issubclass(kind, BaseModel):
        return Form(Kind.MAPPING, members=kind)
    if issubclass(kind, Enum):
        return Form(Kind.TEXT, words=tuple(str(word.value) for word in kind))
    return Form()


def _bounds(metadata: Iterable[Any]) -> Iterable[tuple[str, float]]:
    for mark in metadata:
        match mark:
            case Ge():
                yield "minimum", mark.ge  # type: ignore[misc]
            case Gt():
                yield "exclusiveMinimum", mark.gt  # type: ignore[misc]
            case Le():
                yield "maximum", mark.le  # type: ignore[misc]
            case Lt():
                yield "exclusiveMaximum", mark.lt  # type: ignore[misc]
            case _:
                pass
