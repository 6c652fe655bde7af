"""The conditions of a response one by one, for those who want to know each of them.

Owns how single conditions are made of the options, and what became of them. The
verdict stays with the checks as they are, which stop at the first fault. Must not know
who asks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from heartbeat.monitors.http.check import HttpCheck
from heartbeat.monitors.http.checks import (
    NEGATIVE,
    POSITIVE,
    body_check,
    build_checks,
)
from heartbeat.monitors.http.client import ClientCheck
from heartbeat.monitors.http.facts import HttpFacts
from heartbeat.monitors.http.hops import JourneyFacts
from heartbeat.monitors.http.jsoncheck import json_check
from heartbeat.monitors.http.options import ExpectedOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from heartbeat.errors import CheckError
    from heartbeat.event import Result
    from heartbeat.monitors.base import Check
    from heartbeat.monitors.http.checks import ResponseCheck
    from heartbeat.monitors.http.expectation import Expectation
    from heartbeat.monitors.http.response import Head, Response

Condition: TypeAlias = "tuple[str, ResponseCheck]"
"""What is wanted, in words, and the check of just that."""


class Tally:
    """What each response was found to be; `wanted` has the conditions in words."""

    def __init__(self, expected: ExpectedOptions) -> None:
        """Take the conditions; raises `ValueError` for impossible ones."""
        self._conditions = tuple(conditions(expected))
        self._judged: list[tuple[Head, list[str]]] = []

    @property
    def wanted(self) -> list[str]:
        """Return all conditions in words, in the order in which they are looked at."""
        return [text for text, _ in self._conditions]

    def watched(self, check: Check) -> Check:
        """Return a check of this package that writes down what it finds."""
        if isinstance(check, (HttpCheck, ClientCheck)):
            return replace(check, expectation=self._watching(check.expectation))
        return check

    def of(self, result: Result) -> list[str] | None:
        """Return what is wrong with each condition, "" for nothing.

        None if no response came that could be judged.
        """
        for fact in result.facts:
            if isinstance(fact, (HttpFacts, JourneyFacts)) and fact.response:
                head = fact.response.head
                return next((texts for h, texts in self._judged if h is head), None)
        return None

    def _watching(self, expectation: Expectation) -> Expectation:
        checks = expectation.checks

        def judge(response: Response) -> CheckError | None:
            self._judged.append((response.head, self._texts(response)))
            return next(filter(None, (check(response) for check in checks)), None)

        return replace(expectation, checks=(judge,))

    def _texts(self, response: Response) -> list[str]:
        errors = [check(response) for _, check in self._conditions]
        return ["" if error is None else error.message for error in errors]


def conditions(expected: ExpectedOptions) -> Iterator[Condition]:
    """Yield the conditions that the options are made of, in the order of the checks."""
    (status, *_) = build_checks(expected)
    codes = ", ".join(str(code) for code in expected.status)
    yield f"status is {codes}" if codes else "status is below 400", status
    for name, value in expected.headers.items():
        alone = ExpectedOptions().model_copy(update={"headers": {name: value}})
        yield f"header {name} is '{value}'", build_checks(alone)[1]
    yield from _of_body(expected.body)
    for rule in expected.json_checks:
        if (check := json_check([rule])) is not None:
            yield f"JSON: {rule.description or rule.expression or 'condition'}", check


def _of_body(body: Any) -> Iterator[Condition]:
    if body is None:
        return
    groups = (
        cast("dict[str, Any]", body) if isinstance(body, dict) else {POSITIVE: body}
    )
    if positive := groups.get(POSITIVE):
        yield (
            f"body has {_patterns(positive)}",
            body_check({POSITIVE: _listed(positive)}),
        )
    for pattern in _listed(groups.get(NEGATIVE) or ()):
        yield f"body has no /{pattern}/", body_check({NEGATIVE: [pattern]})


def _patterns(patterns: Any) -> str:
    return " or ".join(f"/{pattern}/" for pattern in _listed(patterns))


def _listed(patterns: Any) -> Sequence[Any]:
    return [patterns] if isinstance(patterns, str) else list(patterns)
