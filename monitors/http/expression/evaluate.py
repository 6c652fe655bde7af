"""Expressions as a whole: from their text to a verdict over a document.

Owns compilation with its errors, and evaluation with its limits. Must not know the
grammar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heartbeat.monitors.http.expression.literals import ParseError
from heartbeat.monitors.http.expression.parser import Parser
from heartbeat.monitors.http.expression.scope import Budget, Scope, TooCostly
from heartbeat.monitors.http.expression.values import EvaluationError, as_boolean

if TYPE_CHECKING:
    from heartbeat.monitors.http.expression.scope import Evaluable

__all__ = ["Expression", "TooCostly", "compile_expression"]

LONGEST = 10_000
"""Characters of an expression."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    evaluable: Evaluable

    def value(self, document: Any) -> Any:
        """Return the value for a document whose numbers are all floats.

        Raises `EvaluationError` if it has none, `TooCostly` if finding out takes long.
        """
        try:
            return self.evaluable(Scope(document, Budget()))
        except RecursionError:
            raise EvaluationError("nested too deeply") from None

    def holds(self, document: Any) -> bool:
        """Tell whether the expression is true; one without a value is not.

        Raises `TooCostly`.
        """
        try:
            return as_boolean(self.value(document)) is True
        except EvaluationError:
            return False


def compile_expression(written: str) -> Expression:
    """Return the expression that a text is; raises `ValueError` in gval's words."""
    if len(written) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    parser = Parser(written)
    try:
        return Expression(parser.whole())
    except (ParseError, EvaluationError) as error:
        raise ValueError(f"parsing error: {parser.tokens.place()} {error}") from error
    except RecursionError:
        raise ValueError("nested too deeply") from None
