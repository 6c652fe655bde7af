"""As much of JSON Schema as the schema of configurations uses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}

KNOWN = {
    "$defs",
    "$ref",
    "$schema",
    "additionalProperties",
    "allOf",
    "anyOf",
    "deprecated",
    "description",
    "else",
    "enum",
    "exclusiveMinimum",
    "if",
    "items",
    "maximum",
    "minimum",
    "pattern",
    "patternProperties",
    "properties",
    "required",
    "then",
    "title",
    "type",
}


class Checker:
    """Checks data against one schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        """Keep the root, which references begin at."""
        self._root = schema

    def faults(self, data: Any) -> list[str]:
        """Return where the data does not fit, and what of the schema it breaks."""
        return list(self._check(self._root, data, ""))

    def _check(self, schema: dict[str, Any], data: Any, at: str) -> Iterator[str]:
        assert set(schema) <= KNOWN
        if "$ref" in schema:
            yield from self._check(self._target(schema["$ref"]), data, at)
        for rule in ("type", "enum", "pattern", "minimum", "maximum"):
            if rule in schema and not _holds(rule, schema[rule], data):
                yield f"{at}: {rule}"
        if "exclusiveMinimum" in schema and isinstance(data, int | float):
            bound = schema["exclusiveMinimum"]
            yield from () if data > bound else (f"{at}: exclusiveMinimum",)
        yield from self._branches(schema, data, at)
        if isinstance(data, dict):
            yield from self._members(schema, cast("dict[str, Any]", data), at)
        elif isinstance(data, list) and "items" in schema:
            entries = cast("list[Any]", data)  # type: ignore[redundant-cast]
            for index, entry in enumerate(entries):
                yield from self._check(schema["items"], entry, f"{at}.{index}")

    def _target(self, reference: str) -> dict[str, Any]:
        found: Any = self._root
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        schema: dict[str, Any] = found
        return schema

    def _branches(self, schema: dict[str, Any], data: Any, at: str) -> Iterator[str]:
        for branch in schema.get("allOf", ()):
            yield from self._check(branch, data, at)
        branches = [list(self._check(b, data, at)) for b in schema.get("anyOf", ())]
        if branches and all(branches):
            yield from min(branches, key=len)
        if "if" in schema:
            fits = not list(self._check(schema["if"], data, at))
            chosen = schema.get("then" if fits else "else", {})
            yield from self._check(chosen, data, at)

    def _members(
        self, schema: dict[str, Any], data: dict[Any, Any], at: str
    ) -> Iterator[str]:
        for name in schema.get("required", ()):
            if name not in data:
                yield f"{at}.{name}: required"
        properties = schema.get("properties", {})
        patterns = schema.get("patternProperties", {})
        for name, value in data.items():
            inner = f"{at}.{name}"
            matching = [patterns[p] for p in patterns if re.search(p, name)]
            if name in properties:
                matching.append(properties[name])
            for each in matching:
                yield from self._check(each, value, inner)
            rest = schema.get("additionalProperties", True)
            if not matching and rest is False:
                yield f"{inner}: unknown"
            elif not matching and rest is not True:
                yield from self._check(rest, value, inner)


def _holds(rule: str, wanted: Any, data: Any) -> bool:
    is_number = isinstance(data, int | float) and not isinstance(data, bool)
    match rule:
        case "type":
            names = [wanted] if isinstance(wanted, str) else wanted
            if isinstance(data, bool):
                return "boolean" in names
            return any(isinstance(data, TYPES[name]) for name in names)
        case "enum":
            return data in wanted
        case "pattern":
            return not isinstance(data, str) or re.search(wanted, data) is not None
        case "minimum":
            return not is_number or data >= wanted
        case _:
            return not is_number or data <= wanted
