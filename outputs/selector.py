"""Selectors: which topic, key or index an event goes to.

Owns the list of rules with conditions and mappings, and the plain option behind it.
Must not know what is selected or what becomes of events for which nothing is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import Field

from heartbeat.conditions import build_condition
from heartbeat.config import Fields, Options, Text
from heartbeat.errors import ConfigError
from heartbeat.formats import FormatString
from heartbeat.outputs.fields import RecordFields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from heartbeat.conditions import Condition
    from heartbeat.config import Section
    from heartbeat.event import Record


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
class Rule:
    """One way to choose; "" is no choice."""

    format: FormatString
    condition: Condition | None = None
    mappings: Mapping[str, str] | None = None
    default: str = ""

    @property
    def static(self) -> str | None:
        """Return the choice if it is the same for all events, else None."""
        text = self.format.static
        if self.condition is not None or text is None:
            return None
        return self._mapped(text)

    def choose(self, record: Record, fields: RecordFields) -> str:
        """Return the choice for a record."""
        if self.condition is not None and not self.condition(fields.document):
            return ""
        text = self.format.render(record.timestamp, fields)
        return self.default if text is None else self._mapped(text)

    def _mapped(self, text: str) -> str:
        if self.mappings is not None:
            text = self.mappings.get(text, "")
        return text or self.default


class Selector:
    """Chooses by the first rule that has a choice."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Keep the rules; `static` is the choice that all events share, if any."""
        self._rules = tuple(_until_certain(rules))
        first = self._rules[0].static if self._rules else ""
        self.static = first if len(self._rules) <= 1 else None

    def choose(self, record: Record, fields: RecordFields | None = None) -> str:
        """Return the choice for a record, "" if there is none."""
        if self.static is not None:
            return self.static
        fields = fields or RecordFields(record)
        choices = (rule.choose(record, fields) for rule in self._rules)
        return next(filter(None, choices), "")


def _until_certain(rules: Sequence[Rule]) -> Iterator[Rule]:
    """Leave out the rules that never choose, and those behind one that always does."""
    for rule in rules:
        if rule.static != "":
            yield rule
        if rule.static:
            return


def build_selector(
    section: Section, name: str, model: type[RuleOptions], *, default: str = ""
) -> Selector:
    """Return what an output's options `<name>` and `<name>s` choose.

    `model` has the options of a rule, its format string as `<name>`, too; that
    `<name>s` is a list of them has been seen to. `default` is the format string where
    `<name>` is not written. Raises `ConfigError`.
    """
    listed = section.get(f"{name}s")
    written = listed.entries() if listed is not None else None
    rules = [_rule(one, name, model) for one in written or ()]
    plain = section.get(name)
    text = default if plain is None or plain.is_null() else str(plain.plain())
    if text:
        rules.append(Rule(format_of(section, name, text)))
    return Selector(rules)


def format_of(section: Section, option: str, text: str) -> FormatString:
    """Return the format string of an option; raises `ConfigError`."""
    try:
        return FormatString(text)
    except ValueError as error:
        raise ConfigError([section.problem(str(error), option)]) from error


def _rule(section: Section, name: str, model: type[RuleOptions]) -> Rule:
    options = section.unpack(model)
    text: str = getattr(options, name)
    if not text:
        raise ConfigError([section.problem(f"missing {section.path}.{name}")])
    mappings = options.mappings
    return Rule(
        format_of(section, name, text),
        _condition(section, options.when),
        None if mappings is None else {key: str(to) for key, to in mappings.items()},
        options.default,
    )


def _condition(section: Section, written: Any) -> Condition | None:
    if written is None:
        return None
    try:
        return build_condition(written, lambda text: section.warn(text, "when"))
    except ValueError as error:
        raise ConfigError([section.problem(str(error), "when")]) from error
