"""Selectors: which topic, key or index an event goes to.

Owns the list of rules with conditions and mappings, and the plain option behind it.
Must not know what is selected or what becomes of events for which nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import Field

from heartbeat.conditions import build_condition
from heartbeat.config import Fields, Options, Text
from heartbeat.errors import ConfigError
from heartbeat.formats import FormatString
from heartbeat.outputs.fields import NO_FIELDS, RecordFields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from heartbeat.conditions import Condition
    from heartbeat.config import Section
    from heartbeat.event import Record


PLURALS = {"index": "indices"}
"""Names of lists of rules that are not the option's with an s."""


class RuleOptions(Options):
    """What every rule of a selector may have beside its format string."""

    when: Any = Field(default=None, description="Condition on the event.")
    mappings: Fields | None = Field(
        default=None, description="From what the format string gives to the result."
    )
    default: Text = Field(
        default="", description="Result where there is none of the others."
    )


@dataclass(frozen=True, slots=True)
class Spelling:
    """How choices are written: `known` fields are the same in every event.

    With `is_lower` they are in lower case, and so is what mappings are asked for.
    """

    known: Mapping[str, str] = field(default_factory=dict[str, str])
    is_lower: bool = False

    def __call__(self, text: str) -> str:
        """Return a text as it is to be written."""
        return text.lower() if self.is_lower else text


AS_WRITTEN = Spelling()


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to choose; "" is no choice."""

    format: FormatString
    condition: Condition | None = None
    mappings: Mapping[str, str] | None = None
    default: str = ""
    spelling: Spelling = AS_WRITTEN

    @property
    def needs_fields(self) -> bool:
        """Tell whether more than its time has to be known of an event."""
        return self.condition is not None or bool(self.format.paths)

    @property
    def static(self) -> str | None:
        """Return the choice if it is the same for all events, else None."""
        text = self.format.static
        if self.condition is not None or text is None:
            return None
        return self._mapped(text)

    def choose(self, timestamp: int, fields: RecordFields) -> str:
        """Return the choice for an event of this time, in nanoseconds."""
        if self.condition is not None and not self.condition(fields.document):
            return ""
        text = self.format.render(timestamp, fields)
        return self.default if text is None else self._mapped(text)

    def possible(self, timestamp: int) -> Iterable[str]:
        """Return what it may choose at a time, as far as fields do not decide."""
        if self.mappings is not None:
            return (*self.mappings.values(), self.default)
        if self.format.paths:
            return (self.default,)
        return (self._mapped(self.format.at(timestamp)),)

    def _mapped(self, text: str) -> str:
        text = self.spelling(text)
        if self.mappings is not None:
            text = self.mappings.get(text, "")
        return text or self.default


class Selector:
    """Chooses by the first rule that has a choice.

    `static` is the choice that all events share, if any; with `needs_fields` it takes
    more than the time of an event; with `is_open` fields may give any choice at all.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Keep the rules."""
        self._rules = tuple(_until_certain(rules))
        first = self._rules[0].static if self._rules else ""
        self.static = first if len(self._rules) <= 1 else None
        self.needs_fields = any(rule.needs_fields for rule in self._rules)
        self.is_open = any(
            rule.format.paths and rule.mappings is None for rule in self._rules
        )

    def choose(self, record: Record, fields: RecordFields | None = None) -> str:
        """Return the choice for a record, "" if there is none."""
        if self.static is not None:
            return self.static
        return self._first(record.timestamp, fields or RecordFields(record))

    def at(self, timestamp: int) -> str:
        """Return the choice for all events of a time that have no fields."""
        if self.static is not None:
            return self.static
        return self._first(timestamp, NO_FIELDS)

    def possible(self, timestamp: int) -> list[str]:
        """Return all that may be chosen at a time, as far as fields do not decide."""
        found = (name for rule in self._rules for name in rule.possible(timestamp))
        return list(dict.fromkeys(filter(None, found)))

    def _first(self, timestamp: int, fields: RecordFields) -> str:
        choices = (rule.choose(timestamp, fields) for rule in self._rules)
        return next(filter(None, choices), "")


def _until_certain(rules: Sequence[Rule]) -> Iterator[Rule]:
    """Leave out the rules that never choose, and those behind one that always does."""
    for rule in rules:
        if rule.static != "":
            yield rule
        if rule.static:
            return


def build_selector(
    section: Section,
    name: str,
    model: type[RuleOptions],
    *,
    default: str = "",
    spelling: Spelling = AS_WRITTEN,
) -> Selector:
    """Return what an option, and the list of rules it stands behind, choose.

    `model` has the options of a rule, its format string as `name`, too; that there is a
    list of them has been seen to. `default` is the format string where
    `<name>` is not written or empty. Raises `ConfigError`.
    """
    listed = section.get(PLURALS.get(name, f"{name}s"))
    written = listed.entries() if listed is not None else None
    rules = [_rule(one, name, model, spelling) for one in written or ()]
    plain = section.get(name)
    text = "" if plain is None or plain.is_null() else str(plain.plain())
    if text := text or default:
        form = format_of(section, name, text, spelling.known)
        rules.append(Rule(form, spelling=spelling))
    return Selector(rules)


def format_of(
    section: Section, option: str, text: str, known: Mapping[str, str] | None = None
) -> FormatString:
    """Return the format string of an option; raises `ConfigError`."""
    try:
        return FormatString(text, known)
    except ValueError as error:
        raise ConfigError([section.problem(str(error), option)]) from error


def _rule(
    section: Section, name: str, model: type[RuleOptions], spelling: Spelling
) -> Rule:
    options = section.unpack(model)
    text: str = getattr(options, name)
    if not text:
        raise ConfigError([section.problem(f"missing {section.path}.{name}")])
    mappings = options.mappings
    return Rule(
        format_of(section, name, text, spelling.known),
        _condition(section, options.when),
        None
        if mappings is None
        else {spelling(key): spelling(str(to)) for key, to in mappings.items()},
        spelling(options.default),
        spelling,
    )


def _condition(section: Section, written: Any) -> Condition | None:
    if written is None:
        return None
    try:
        return build_condition(written, lambda text: section.warn(text, "when"))
    except ValueError as error:
        raise ConfigError([section.problem(str(error), "when")]) from error
