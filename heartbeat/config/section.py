"""A positioned piece of the configuration that turns into models.

Owns the way from written nodes to a validated model, the place of every problem on that
way, and the warnings about keys no model knows. Must not know what an option means.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from pydantic import BaseModel, ValidationError

from heartbeat.config.folding import FoldedNode
from heartbeat.config.masking import mask_text
from heartbeat.config.reference import note_on
from heartbeat.config.tree import (
    Node,
    Place,
    child_of,
    entries,
    find,
    join,
    keep_last,
    merge,
    nested,
    node_of,
    plain,
    problem_at,
)
from heartbeat.config.types import Options, format_number
from heartbeat.config.variables import Scope
from heartbeat.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Generator

    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)

_BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


class Section:
    """A piece of the configuration, variables not yet resolved.

    Made from the tree of a loaded file, or from plain data, which has no places.
    `known` are names that another model of the same section reads; `area` is what the
    notes on options of the reference call this kind of section, the path by default.
    """

    __slots__ = ("_content", "_known", "area", "path", "scope")

    def __init__(
        self,
        content: Any,
        scope: Scope | None = None,
        path: str = "",
        *,
        known: frozenset[str] = frozenset(),
        area: str | None = None,
    ) -> None:
        self._content = content if isinstance(content, Node) else node_of(content)
        self.scope = scope or Scope()
        self._known = known
        self.area = path if area is None else area
        self.path = path

    @property
    def node(self) -> Node:
        """The tree of the section."""
        content = self._content
        return content.unfolded() if isinstance(content, FoldedNode) else content

    @property
    def place(self) -> Place:
        """Where the section begins."""
        return self._content.place

    def keep(self, folded: FoldedNode) -> None:
        """Hold the same tree in less memory from now on."""
        self._content = folded

    @contextmanager
    def opened(self) -> Generator[None]:
        """Unfold the tree once, for all that is read of it meanwhile."""
        kept = self._content
        self._content = self.node
        try:
            yield
        finally:
            self._content = kept

    def unpack(self, model: type[M]) -> M:
        """Return the section as a model.

        Raises `ConfigError` with every fault; warns about keys the model does not know.
        """
        reader = _Reader(self)
        node = self.node
        data = reader.members(node, self.path, model, self._known)
        if not reader.faults:
            try:
                return model.model_validate(data)
            except ValidationError as error:
                raise ConfigError(self._faults(node, error)) from error
        raise ConfigError(reader.faults)

    def peek(self, model: type[M]) -> M:
        """Return the part of the section that the model knows, without warnings."""
        node = self.node
        found = node.value
        names = frozenset(found) if isinstance(found, dict) else frozenset[str]()
        quiet = Section(node, self.scope, self.path, known=names)
        return quiet.unpack(model)

    def overlaid(self, options: dict[str, Node]) -> Section:
        """Return the section with options set, by dotted path, over what is written."""
        added = nested(options.items(), self.place, keep_last)
        node = merge(self.node, added, keep_last)
        return Section(node, self.scope, self.path, known=self._known, area=self.area)

    def plain(self) -> Any:
        """Return the section as plain data, variables resolved."""
        return self.scope.resolve(self.node, self.path)

    def lenient(self) -> Any:
        """Return the section as plain data; what has no meaning stays as written."""
        return self.scope.collect(self.node, self.path, lambda _problem: None)

    def is_null(self) -> bool:
        """Say whether nothing is written here."""
        return self.node.value is None

    def written(self) -> Any:
        """Return the section as plain data, variables as written."""
        return plain(self.node)

    def get(self, path: str) -> Section | None:
        """Return what stands at a dotted path, None if nothing does."""
        node = find(self.node, path)
        return None if node is None else self._inner(node, join(self.path, path))

    def members(self) -> dict[str, Section]:
        """Return the members of a mapping by name; none of anything else."""
        value = self.node.value
        members = value.items() if isinstance(value, dict) else ()
        return {
            name: self._inner(node, join(self.path, name)) for name, node in members
        }

    def entries(self) -> list[Section] | None:
        """Return the entries of a list, None if this is no list."""
        found = entries(self.node)
        if found is None:
            return None
        return [
            self._inner(node, join(self.path, index))
            for index, node in enumerate(found)
        ]

    def problem(
        self, message: str, name: str = "", *, is_warning: bool = False
    ) -> Problem:
        """Return a problem about an option of this section, or about the section."""
        root = self.node
        node = find(root, name) if name else None
        path = join(self.path, name) if name else self.path
        return problem_at(node or root, message, path, is_warning=is_warning)

    def warn(self, message: str, name: str = "") -> None:
        """Report a doubt about an option of this section, or about the section."""
        self.scope.report(self.problem(message, name, is_warning=True))

    def _inner(self, node: Node, path: str) -> Section:
        return Section(node, self.scope, path)

    def _faults(self, node: Node, error: ValidationError) -> list[Problem]:
        found = (
            _fault(node, self.path, details)
            for details in error.errors(include_url=False)
        )
        return [
            replace(fault, message=self.scope.hide(fault.message)) for fault in found
        ]


class _Reader:
    """One reading of a section: takes what a model knows, warns about the rest."""

    __slots__ = ("_area", "_base", "_scope", "faults")

    def __init__(self, section: Section) -> None:
        self._scope = section.scope
        self._area = section.area
        self._base = section.path
        self.faults: list[Problem] = []

    def members(
        self, node: Node, path: str, model: type[BaseModel], known: frozenset[str]
    ) -> Any:
        """Return the members of a mapping that the model has a field for."""
        if not isinstance(node.value, dict):
            return self._resolved(node, path)
        shape = _shape(model)
        known |= _elsewhere(model)
        data: dict[str, Any] = {}
        for name, member in node.value.items():
            if name in shape:
                read = shape[name]
                inner = join(path, name)
                data[name] = (
                    self._resolved(member, inner)
                    if read is None
                    else self._nested(member, inner, read)
                )
            elif name not in known and member.value is not None:
                self._warn(member, path, name, known | shape.keys())
        return data

    def _resolved(self, node: Node, path: str) -> Any:
        return self._scope.collect(node, path, self.faults.append)

    def _nested(self, node: Node, path: str, read: _Nested) -> Any:
        value = node.value
        if read.is_repeated and isinstance(value, dict | list):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            data = {
                key: self.members(item, join(path, key), read.model, frozenset())
                for key, item in items
            }
            return data if isinstance(value, dict) else list(data.values())
        return self.members(node, path, read.model, frozenset())

    def _warn(self, node: Node, path: str, name: str, known: frozenset[str]) -> None:
        inner = join(path, name)
        relative = inner[len(self._base) :].removeprefix(".")
        message = note_on(join(self._area, relative)) or _unknown(name, known)
        self._scope.report(problem_at(node, message, inner, is_warning=True))


def _unknown(name: str, known: frozenset[str]) -> str:
    folded = {option.lower(): option for option in known}
    near = get_close_matches(name.lower(), folded, n=1, cutoff=0.7)
    guess = f", did you mean '{folded[near[0]]}'?" if near else ""
    return f"unknown option '{name}' is ignored{guess}"


def _elsewhere(model: type[BaseModel]) -> frozenset[str]:
    return model.elsewhere if issubclass(model, Options) else frozenset()


class _Nested(NamedTuple):
    """A field that holds a model, or several of them in a list or by name."""

    model: type[BaseModel]
    is_repeated: bool


@cache
def _shape(model: type[BaseModel]) -> dict[str, _Nested | None]:
    """Return the names a model reads and what models stand below them."""
    return {
        field.alias or name: _nested_in(field.annotation)
        for name, field in model.model_fields.items()
    }


def _nested_in(annotation: Any) -> _Nested | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _Nested(annotation, is_repeated=False)
    origin = get_origin(annotation)
    if origin is Annotated or origin in {Union, UnionType}:
        found = [_nested_in(part) for part in get_args(annotation)]
        return next((nested for nested in found if nested), None)
    if origin in {tuple, dict, Mapping}:
        inner = _nested_in(get_args(annotation)[origin is not tuple])
        return inner and inner._replace(is_repeated=True)
    return None


def _fault(node: Node, path: str, details: ErrorDetails) -> Problem:
    """Return what pydantic found, placed at the deepest node it speaks of.

    Parts of its path that are no names, such as the branches of a union, are passed
    over; a name that is not written ends the path.
    """
    for part in details["loc"]:
        child = child_of(node, part)
        if child is not None:
            node, path = child, join(path, part)
        elif isinstance(node.value, dict) and part == details["loc"][-1]:
            path = join(path, part)
    return problem_at(node, mask_text(_reason(details)), path)


def _reason(details: ErrorDetails) -> str:
    context = details.get("ctx", {})
    match details["type"]:
        case "missing":
            return "missing required field"
        case "value_error":
            return str(context["error"])
        case "literal_error" | "enum":
            return f"expecting {context['expected']}, not '{details['input']}'"
        case _:
            for bound, sign in _BOUNDS.items():
                if bound in context:
                    return f"requires value {sign} {format_number(context[bound])}"
            return details["msg"]
