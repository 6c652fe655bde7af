"""XML as nested mappings.

Owns how elements, attributes and texts become members. Must not know events.

A document type is refused: with it come entities, and a few hundred bytes of those can
stand for gigabytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from xml.parsers import expat  # document types are refused

if TYPE_CHECKING:
    from heartbeat.event import Fields

DEEPEST: Final = 90
TEXT: Final = "#text"


def read(text: str, *, to_lower: bool) -> Fields:
    """Return the document, in which `to_lower` says how members are named.

    Attributes and elements are members, elements of the same name a list. Raises
    `ValueError`.
    """
    reader = _Reader(to_lower=to_lower)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003 - final
    except expat.ExpatError as error:
        raise ValueError(f"it is no XML: {error}") from error
    return reader.document


def _refuse(*_: object) -> None:
    raise ValueError("a document type (<!DOCTYPE>) is not accepted")


class _Reader:
    def __init__(self, *, to_lower: bool) -> None:
        self._to_lower = to_lower
        self._open: list[tuple[Fields, list[str]]] = [({}, [])]

    @property
    def document(self) -> Fields:
        return self._open[0][0]

    def start(self, _name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST:
            raise ValueError(f"it is nested deeper than {DEEPEST} levels")
        members: Fields = {self._key(k): value for k, value in attributes.items()}
        self._open.append((members, []))

    def text(self, data: str) -> None:
        self._open[-1][1].append(data)

    def end(self, name: str) -> None:
        members, texts = self._open.pop()
        text = "".join(texts).strip()
        value: Any = text
        if members:
            value = {**members, TEXT: text} if text else members
        _add(self._open[-1][0], self._key(name), value)

    def _key(self, name: str) -> str:
        local = name.rpartition(":")[2]
        return local.lower() if self._to_lower else local


def _add(members: Fields, name: str, value: Any) -> None:
    present = members.get(name)
    if name not in members:
        members[name] = value
    elif isinstance(present, list):
        items: list[Any] = present  # pyright: ignore[reportUnknownVariableType]
        items.append(value)
    else:
        members[name] = [present, value]
