"""What a response must be for its target to be up.

Owns the verdict on status, headers and body: the rules, their order and their words.
Must not know how a response came.

Each check is a callable from a response to what is wrong with it, None if nothing is;
they run in order and the first fault is the verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from heartbeat.errors import CheckError, ErrorCode, ErrorType
from heartbeat.monitors.http.jsoncheck import json_check
from heartbeat.monitors.http.response import Response
from heartbeat.monitors.http.text import phrase
from heartbeat.pattern import trimmed_search

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from heartbeat.monitors.http.options import ExpectedOptions
    from heartbeat.pattern import Search

ResponseCheck: TypeAlias = Callable[[Response], CheckError | None]

FIRST_BAD_STATUS = 400
POSITIVE, NEGATIVE = "positive", "negative"


def build_checks(expected: ExpectedOptions) -> tuple[ResponseCheck, ...]:
    """Return the checks in their order."""
    checks: list[ResponseCheck] = [
        _status_check(expected.status) if expected.status else default_status
    ]
    if expected.headers:
        checks.append(_header_check(expected.headers))
    if expected.body is not None:
        checks.append(body_check(expected.body))
    if judge := json_check(expected.json_checks):
        checks.append(judge)
    return tuple(checks)


def default_status(response: Response) -> CheckError | None:
    """Refuse client and server errors."""
    if response.head.status < FIRST_BAD_STATUS:
        return None
    message = f"Bad HTTP status {phrase(response.head.status)} encountered"
    return CheckError(ErrorType.IO, message, ErrorCode.BAD_HTTP_STATUS)


def _status_check(accepted: tuple[int, ...]) -> ResponseCheck:
    wanted = " ".join(str(status) for status in accepted)

    def check(response: Response) -> CheckError | None:
        if response.head.status in accepted:
            return None
        return _mismatch(
            f"received status code {response.head.status} expecting [{wanted}]"
        )

    return check


def _header_check(expected: Mapping[str, str]) -> ResponseCheck:
    def check(response: Response) -> CheckError | None:
        for name, wanted in expected.items():
            got = response.head.header(name)
            if got != wanted:
                return _mismatch(f"header {name} is '{got}' expecting '{wanted}' ")
        return None

    return check


def body_check(expected: Any) -> ResponseCheck:
    """Return the check of `check.response.body`, in any of its shapes.

    A shape nobody can meet is refused at each check, as in the reference. Raises
    `ValueError` for a bad pattern.
    """
    if isinstance(expected, str):
        return _pattern_check([expected], [])
    if isinstance(expected, (list, tuple)):
        return _pattern_check(_texts(cast("Any", expected)), [])
    if not isinstance(expected, dict):
        return _always("unsupported content under check.body")
    groups = cast("dict[str, Any]", expected)
    if not groups.keys() <= {POSITIVE, NEGATIVE}:
        return _always(
            "no valid check type under check.body, "
            "only 'positive' or 'negative' is expected"
        )
    return _pattern_check(_texts(groups.get(POSITIVE)), _texts(groups.get(NEGATIVE)))


def _pattern_check(positive: list[str], negative: list[str]) -> ResponseCheck:
    wanted = [trimmed_search(pattern) for pattern in positive]
    unwanted = [trimmed_search(pattern) for pattern in negative]
    if not wanted and not unwanted:
        return _always("no valid check parameters under check.body")

    def check(response: Response) -> CheckError | None:
        if wanted and not _any_found(wanted, response.body.sample):
            return _mismatch("only positive pattern mismatch")
        if _any_found(unwanted, response.body.sample):
            return _mismatch("only negative pattern mismatch")
        return None

    return check


def _always(message: str) -> ResponseCheck:
    return lambda _: _mismatch(message)


def _mismatch(message: str) -> CheckError:
    return CheckError(ErrorType.VALIDATE, message)


def _texts(items: Any) -> list[str]:
    """Return the strings of a list; anything else names no pattern."""
    if not isinstance(items, (list, tuple)):
        return []
    return [item for item in cast("Iterable[Any]", items) if isinstance(item, str)]


def _any_found(searches: list[Search], body: bytes) -> bool:
    return any(search(body) is not None for search in searches)
