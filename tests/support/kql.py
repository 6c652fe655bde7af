"""Kibana's query language, as far as our dashboards use it.

Owns the grammar, and what Elasticsearch is asked for a query. Must not know dashboards.

    query := all ("or" all)*          all := one ("and" one)*
    one := "not" one | "(" query ")" | field ":" value | field comparison value
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(r'\s*(?:([():])|(<=|>=|<|>)|("[^"]*")|([^\s():<>"]+))')
COMPARISONS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
WORDS = {"and", "or", "not"}
EVERYTHING: dict[str, Any] = {"match_all": {}}


@dataclass
class Parsed:
    """The question to Elasticsearch, and which fields it names."""

    dsl: dict[str, Any]
    fields: list[str] = field(default_factory=list[str])


def parse(text: str) -> Parsed:
    """Return a query parsed; raises `ValueError` with the rest that is not understood.

    An empty one finds everything.
    """
    if not text.strip():
        return Parsed(EVERYTHING)
    reader = _Reader(text)
    dsl = reader.query()
    if reader.tokens:
        raise ValueError(f"'{text}': not understood from '{reader.tokens[0]}' on")
    return Parsed(dsl, reader.fields)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.fields: list[str] = []
        self.tokens: list[str] = []
        position = 0
        while position < len(text.rstrip()):
            found = TOKEN.match(text, position)
            if found is None:
                raise ValueError(f"'{text}': not understood at {position}")
            self.tokens.append(next(one for one in found.groups() if one))
            position = found.end()

    def query(self) -> dict[str, Any]:
        """Read what is joined by "or"."""
        parts = [self.all()]
        while self._takes("or"):
            parts.append(self.all())
        if len(parts) == 1:
            return parts[0]
        return {"bool": {"should": parts, "minimum_should_match": 1}}

    def all(self) -> dict[str, Any]:
        """Read what is joined by "and"."""
        parts = [self.one()]
        while self._takes("and"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else {"bool": {"filter": parts}}

    def one(self) -> dict[str, Any]:
        """Read a part that is joined by nothing."""
        if self._takes("not"):
            return {"bool": {"must_not": [self.one()]}}
        if self._takes("("):
            inner = self.query()
            self._expect(")")
            return inner
        return self._comparison(self._word())

    def _comparison(self, name: str) -> dict[str, Any]:
        self.fields.append(name)
        sign = self._next()
        if sign in COMPARISONS:
            return {"range": {name: {COMPARISONS[sign]: self._word()}}}
        if sign != ":":
            raise ValueError(f"'{self.text}': '{sign}' behind '{name}'")
        value = self._word()
        if value == "*":
            return {"exists": {"field": name}}
        return {"match": {name: value}}

    def _word(self) -> str:
        token = self._next()
        if token in WORDS or token in "():" or token in COMPARISONS:
            raise ValueError(f"'{self.text}': a name or a value is missing")
        return token.strip('"')

    def _next(self) -> str:
        if not self.tokens:
            raise ValueError(f"'{self.text}': it ends too soon")
        return self.tokens.pop(0)

    def _takes(self, token: str) -> bool:
        if not self.tokens or self.tokens[0].lower() != token:
            return False
        self.tokens.pop(0)
        return True

    def _expect(self, token: str) -> None:
        if not self._takes(token):
            raise ValueError(f"'{self.text}': '{token}' is missing")
