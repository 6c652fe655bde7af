"""A JSON Schema of everything that can be configured, for editors.

Owns its form: one schema for main files and for files of monitors, every option in all
its spellings, dotted or nested. Must not know any option.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from heartbeat.config.catalog import Shape, options_of, options_together
from heartbeat.config.monitors import MonitorOptions
from heartbeat.config.reference import NOTES
from heartbeat.config.tree import join
from heartbeat.config.types import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

    from heartbeat.config.catalog import Catalog, Form, Option

_REFERENCE: Final = r"\$\{"
_NUMBER = rf"^[+-]?[0-9]|{_REFERENCE}"

_KINDS: Final[dict[Kind, dict[str, Any]]] = {
    Kind.ANY: {},
    Kind.COUNT: {"type": ["integer", "string", "null"], "pattern": _NUMBER},
    Kind.DURATION: {
        "type": ["number", "string", "null"],
        "pattern": rf"^[+-]?(0|([0-9]*\.?[0-9]+(ns|us|µs|ms|s|m|h))+)$|{_REFERENCE}",
    },
    Kind.FLAG: {
        "type": ["boolean", "string", "null"],
        "pattern": rf"^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False|)$|{_REFERENCE}",
    },
    Kind.INTEGER: {"type": ["number", "string", "null"], "pattern": _NUMBER},
    Kind.MAPPING: {"type": ["object", "string", "null"], "pattern": _REFERENCE},
    Kind.PROCESSORS: {},
    Kind.SIZE: {
        "type": ["integer", "string", "null"],
        "pattern": rf"^\s*[0-9.]+\s*([kKmMgGtTpPeE]?[iI]?[bB]?)\s*$|{_REFERENCE}",
    },
    Kind.TEXT: {"type": ["string", "number", "boolean", "null"]},
    Kind.UINT16: {
        "type": ["integer", "string", "null"],
        "pattern": _NUMBER,
        "maximum": 65535,
    },
}

PROCESSORS: Final = "processors"

Schema: TypeAlias = "dict[str, Any]"


def schema_of(catalog: Catalog) -> Schema:
    """Return the schema: a mapping is a main file, a list is a file of monitors."""
    builder = _Builder(catalog)
    main = builder.main()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "heartbeat.yml and files of monitors",
        "if": {"type": "array"},
        "then": {"$ref": "#/$defs/monitors"},
        "else": main,
        "$defs": dict(sorted(builder.definitions.items())),
    }


class _Builder:
    """Collects definitions, each model once."""

    def __init__(self, catalog: Catalog) -> None:
        self.definitions: dict[str, Schema] = {}
        self._catalog = catalog
        self._models: dict[str, type[BaseModel]] = {}
        self._processors()
        self._monitors()

    def main(self) -> Schema:
        """Define a main file and return a reference to it."""
        model = self._catalog.main()
        heartbeat = next(o for o in options_of(model) if o.name == "heartbeat")
        self._option(heartbeat, "heartbeat")
        properties = self.definitions["heartbeat"]["properties"]
        properties["monitors"] = {"$ref": "#/$defs/monitors"}
        return self.mapping("main", options_of(model), "")

    def mapping(self, name: str, options: Iterable[Option], area: str) -> Schema:
        """Define a mapping of options and return a reference to it.

        `area` is what notes on options of the reference call the section.
        """
        schema: Schema = {
            "type": ["object", "string", "null"],
            "pattern": _REFERENCE,
            "properties": {},
            "patternProperties": {},
            "additionalProperties": False,
        }
        self.definitions[name] = schema
        for option in options:
            self._add(name, option, join(area, option.name))
        for noted, note in _notes(area):
            doubt = {"description": note, "deprecated": True}
            schema["properties"][noted] = doubt
            schema["patternProperties"][rf"^{noted}\."] = doubt
        return {"$ref": f"#/$defs/{name}"}

    def _add(self, name: str, option: Option, area: str) -> None:
        """Add an option to a mapping, and its members under dotted names."""
        schema = self.definitions[name]
        schema["properties"][option.name] = self._option(option, area)
        form = option.form
        if form.members is None or form.shape is not Shape.ONE:
            if form.kind in {Kind.MAPPING, Kind.ANY, Kind.PROCESSORS}:
                schema["patternProperties"][rf"^{option.name}\."] = {}
            return
        inner = self._name_of(form.members)
        members = self.definitions[inner]
        for key in members["properties"]:
            place = f"#/$defs/{inner}/properties/{_escaped(key)}"
            schema["properties"][f"{option.name}.{key}"] = {"$ref": place}
        for pattern, known in members["patternProperties"].items():
            dotted = rf"^{option.name}\.{pattern.removeprefix('^')}"
            schema["patternProperties"][dotted] = known

    def _option(self, option: Option, area: str) -> Schema:
        schema = self._value(option.form, area)
        if option.form.shape is Shape.LIST and option.form.kind is not Kind.PROCESSORS:
            schema = {"anyOf": [{"type": "array", "items": schema}, schema]}
        elif option.form.shape is Shape.NAMED:
            schema = {"type": ["object", "null"], "additionalProperties": schema}
        words = {"description": option.description} if option.description else {}
        return {**schema, **option.bounds, **words}

    def _value(self, form: Form, area: str) -> Schema:
        if form.kind is Kind.PROCESSORS:
            return {"$ref": f"#/$defs/{PROCESSORS}"}
        if form.members is not None:
            return self._model(form.members, area)
        if form.words:
            pattern = "|".join((_REFERENCE, *_in_any_case(form)))
            words = {"enum": [*form.words, None]}
            return {"anyOf": [words, {"type": "string", "pattern": pattern}]}
        return dict(_KINDS[form.kind])

    def _model(self, model: type[BaseModel], area: str) -> Schema:
        name = self._name_of(model)
        if name not in self.definitions:
            return self.mapping(name, options_of(model), area)
        return {"$ref": f"#/$defs/{name}"}

    def _name_of(self, model: type[BaseModel]) -> str:
        """Return the name of a model, with its module's if another has the same."""
        name = model.__name__
        if self._models.setdefault(name, model) is not model:
            name = f"{model.__module__.rpartition('.')[2]}_{name}"
        return name

    def _processors(self) -> None:
        """Define a list of processors, each entry with one of them or with `if`."""
        many = {"$ref": f"#/$defs/{PROCESSORS}"}
        item: Schema = {
            "type": ["object", "null"],
            "properties": {"if": {"type": "object"}, "then": many, "else": many},
            "patternProperties": {r"^if\.": {}},
            "additionalProperties": False,
        }
        for name, model in self._catalog.processors.items():
            area = f"processor.{name}"
            known = self.mapping(f"processor_{name}", options_of(model), area)
            if getattr(model, "takes_when", True):
                own = self.definitions[f"processor_{name}"]
                own["properties"]["when"] = {}
                own["patternProperties"][r"^when\."] = {}
            item["properties"][name] = known
            item["patternProperties"][rf"^{name}\."] = {}
        one = {"$ref": "#/$defs/processor"}
        self.definitions["processor"] = item
        several: Schema = {"type": "array", "items": one}
        is_list: Schema = {"type": "array"}
        self.definitions[PROCESSORS] = {"if": is_list, "then": several, "else": one}

    def _monitors(self) -> None:
        """Define a list of monitors, the options of each after its `type`."""
        self.mapping("monitor", options_of(MonitorOptions), "monitor")
        cases: list[Schema] = []
        for plugin, model in sorted(self._catalog.monitors.items()):
            options = options_together(MonitorOptions, model)
            own = self.mapping(f"monitor_{plugin}", options, "monitor")
            kind = {"enum": self._catalog.names_of(plugin)}
            test = {"properties": {"type": kind}, "required": ["type"]}
            cases.append({"if": test, "then": own})
        names = sorted(self._catalog.aliases)
        self.definitions["any_monitor"] = {
            "type": "object",
            "properties": {
                "type": {"enum": names},
                "schedule": {"$ref": "#/$defs/monitor/properties/schedule"},
            },
            "allOf": cases,
            "anyOf": [
                {"required": ["type", "schedule"]},
                {"required": ["streams"]},
                {"required": ["enabled"]},
            ],
        }
        item = {"$ref": "#/$defs/any_monitor"}
        self.definitions["monitors"] = {"type": ["array", "null"], "items": item}


def _notes(area: str) -> Iterator[tuple[str, str]]:
    """Yield the options of a section that do nothing here, and why."""
    for path, note in NOTES.items():
        section, _, name = path.rpartition(".")
        if section == area:
            yield name, note


def _in_any_case(form: Form) -> Iterator[str]:
    """Yield a pattern for each word whose letters may be of any case."""
    for word in form.words if form.is_any_case else ():
        letters = (f"[{letter.lower()}{letter.upper()}]" for letter in word)
        yield f"^{''.join(letters)}$"


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
