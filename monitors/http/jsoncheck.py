"""The check of a JSON body: expressions and conditions that must hold.

Owns how a body is decoded for each kind of rule, which rules failed and the words for
that. Must not know the languages of the rules.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from heartbeat.conditions import build_condition
from heartbeat.errors import CheckError, ErrorType
from heartbeat.monitors.http.expression import TooCostly, compile_expression

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from heartbeat.monitors.http.options import JsonCheckOptions
    from heartbeat.monitors.http.response import Response

SHOWN = 2048
"""So much of the body is quoted when rules fail."""

MAX_INTEGER_DIGITS = 18
"""Longer integers are read as floats: they may not fit in 64 bits."""

JsonCheck: TypeAlias = "Callable[[Response], CheckError | None]"


class NotJson(Exception):  # noqa: N818 - a verdict, not a fault of the program
    """A body has no JSON value at its beginning, or one that cannot be judged."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold, how errors name it, and what was written."""

    description: str
    source: str
    holds: Callable[[Any], bool]

    def __str__(self) -> str:
        """Return how the rule is named when it did not hold."""
        return f"rule '{self.description}'({self.source})"


def json_check(entries: Iterable[JsonCheckOptions]) -> JsonCheck | None:
    """Return the check that all rules hold, None if there are none.

    Raises `ValueError`.
    """
    expressions = [_expression(entry) for entry in entries if entry.expression]
    conditions = [_condition(entry) for entry in entries if entry.condition is not None]
    if not expressions and not conditions:
        return None

    def check(response: Response) -> CheckError | None:
        body = response.body.sample.decode("utf-8", "replace")
        try:
            failed = _failed(expressions, body, _decode)
            failed += _failed(conditions, body, _decode_object)
        except NotJson as error:
            return CheckError(ErrorType.VALIDATE, str(error))
        return _mismatch(failed, body) if failed else None

    return check


def _expression(entry: JsonCheckOptions) -> Rule:
    written = entry.expression
    try:
        expression = compile_expression(written)
    except ValueError as error:
        raise ValueError(
            "could not load JSON check: "
            f"could not compile gval expression '{written}': {error}"
        ) from error
    return Rule(entry.description, written, expression.holds)


def _condition(entry: JsonCheckOptions) -> Rule:
    try:
        condition = build_condition(entry.condition)
    except ValueError as error:
        raise ValueError(
            "could not load JSON check: "
            f"could not load JSON condition '{entry.description}': {error}"
        ) from error
    source = json.dumps(entry.condition, ensure_ascii=False, default=str)
    return Rule(entry.description, source, condition)


def _failed(
    rules: Sequence[Rule], body: str, decode: Callable[[str], Any]
) -> list[str]:
    """Return the rules that do not hold; raises `NotJson`."""
    if not rules:
        return []
    document = decode(body)
    failed: list[str] = []
    for rule in rules:
        try:
            if not rule.holds(document):
                failed.append(f"{rule} not matched.")
        except TooCostly as error:
            failed.append(f"{rule} not evaluated: {error}.")
    return failed


def _mismatch(failed: list[str], body: str) -> CheckError:
    return CheckError(
        ErrorType.VALIDATE,
        f"JSON body did not match {len(failed)} expressions or conditions "
        f"'{','.join(failed)}'. Received JSON (first {SHOWN} chars): {body[:SHOWN]}",
    )


def _refused(constant: str) -> Any:
    raise ValueError(
        f"invalid character '{constant[0]}' looking for beginning of value"
    )


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else float(digits)


_FLOATS = json.JSONDecoder(parse_int=float, parse_constant=_refused)
_INTEGERS = json.JSONDecoder(parse_int=_integer, parse_constant=_refused)


def _decode(body: str) -> Any:
    """Return the first JSON value, every number a float as expressions want it."""
    return _first_value(_FLOATS, body)


def _decode_object(body: str) -> Any:
    """Return the first JSON value, which must be an object, as conditions want it."""
    document = _first_value(_INTEGERS, body)
    if not isinstance(document, dict):
        raise NotJson(
            "received non-object JSON for condition, "
            "use expression syntax for arrays of JSON instead"
        )
    return document  # pyright: ignore[reportUnknownVariableType]


def _first_value(decoder: json.JSONDecoder, body: str) -> Any:
    text = body.lstrip(" \t\r\n")
    try:
        return decoder.raw_decode(text)[0]
    except json.JSONDecodeError as error:
        raise NotJson(f"could not parse JSON: {_reason(text, error)}") from error
    except ValueError as error:
        raise NotJson(f"could not parse JSON: {error}") from error
    except RecursionError as error:
        raise NotJson("could not parse JSON: exceeded max depth") from error


_PLACES = {
    "Expecting value": "looking for beginning of value",
    "Expecting ',' delimiter": "after element",
    "Expecting ':' delimiter": "after object key",
    "Expecting property name enclosed in double quotes": (
        "looking for beginning of object key string"
    ),
    "Illegal trailing comma before end of object": (
        "looking for beginning of object key string"
    ),
    "Illegal trailing comma before end of array": "looking for beginning of value",
    "Invalid control character at": "in string literal",
    "Invalid \\escape": "in string escape code",
}


def _reason(text: str, error: json.JSONDecodeError) -> str:
    """Return the fault in the words of the reference's parser."""
    if not text:
        return "EOF"
    character = text[error.pos : error.pos + 1]
    place = _PLACES.get(error.msg)
    if not character or place is None:
        return "unexpected EOF"
    return f"invalid character '{character}' {place}"
