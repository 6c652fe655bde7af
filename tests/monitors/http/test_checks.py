"""Checks of responses: the verdict and its words."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.errors import CheckError, ErrorCode, ErrorType
from heartbeat.monitors.http.checks import build_checks
from heartbeat.monitors.http.options import ExpectedOptions
from heartbeat.monitors.http.response import Body, Head, Response


def response(
    status: int = 200, body: bytes = b"", *headers: tuple[bytes, bytes]
) -> Response:
    """Return a response."""
    return Response(Head(status, headers), Body(body, len(body)))


def verdict(given: Response, **expected: Any) -> str | None:
    """Return what the checks say first, None if all is well."""
    for check in build_checks(ExpectedOptions.model_validate(expected)):
        if error := check(given):
            return error.message
    return None


def test_default_status_up() -> None:
    """Everything below 400 is up, and nothing else."""
    up = [each for each in range(100, 1000) if verdict(response(each)) is None]

    assert up == list(range(100, 400))


@pytest.mark.parametrize(
    ("status", "phrase"),
    [
        (400, "Bad Request"),
        (404, "Not Found"),
        (413, "Request Entity Too Large"),
        (418, "I'm a teapot"),
        (499, ""),
        (503, "Service Unavailable"),
        (999, ""),
    ],
)
def test_default_status_down(status: int, phrase: str) -> None:
    """From 400 on, the standard phrase names the error, nothing an unknown one."""
    (check,) = build_checks(ExpectedOptions.model_validate({}))

    assert check(response(status)) == CheckError(
        ErrorType.IO,
        f"Bad HTTP status {phrase} encountered",
        ErrorCode.BAD_HTTP_STATUS,
    )


@pytest.mark.parametrize(
    ("status", "accepted", "expected"),
    [
        (404, [200, 404], None),
        (404, [200, 201], "received status code 404 expecting [200 201]"),
        (200, 201, "received status code 200 expecting [201]"),
        (200, 0, "received status code 200 expecting [0]"),
        (404, [], "Bad HTTP status Not Found encountered"),
    ],
)
def test_status_list(status: int, accepted: Any, expected: str | None) -> None:
    """A list accepts exactly its members; an empty one means the default rule."""
    assert expected == verdict(response(status), status=accepted)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"x-a": "1"}, None),
        ({"X-A": "2"}, "header X-A is '1' expecting '2' "),
        ({"X-B": "1"}, "header X-B is '' expecting '1' "),
        ({"X-B": ""}, None),
        ({"X-A": "1", "X-C": "d", "X-B": "z"}, "header X-C is 'D' expecting 'd' "),
    ],
)
def test_headers(wanted: dict[str, str], expected: str | None) -> None:
    """The first value counts, exactly; the first fault is the first as written."""
    given = response(200, b"", (b"X-a", b"1"), (b"x-A", b"2"), (b"X-C", b"D"))

    assert expected == verdict(given, headers=wanted)


POSITIVE = "only positive pattern mismatch"
NEGATIVE = "only negative pattern mismatch"
NO_TYPE = (
    "no valid check type under check.body, only 'positive' or 'negative' is expected"
)
NO_PARAMETERS = "no valid check parameters under check.body"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("all ok", None),
        ("broken", POSITIVE),
        (["broken", "ok"], None),
        (["broken", 1], POSITIVE),
        ({"positive": ["ok"]}, None),
        ({"positive": ["broken"]}, POSITIVE),
        ({"negative": ["broken"]}, None),
        ({"negative": ["broken", "ok"]}, NEGATIVE),
        ({"positive": ["ok"], "negative": ["broken"]}, None),
        ({"positive": ["fine"], "negative": ["broken"]}, POSITIVE),
        ({"positive": ["ok"], "negative": ["all"]}, NEGATIVE),
        ({"positive": ["ok"], "other": ["x"]}, NO_TYPE),
        ([], NO_PARAMETERS),
        ([1], NO_PARAMETERS),
        ({"positive": "ok"}, NO_PARAMETERS),
        (17, "unsupported content under check.body"),
        (True, "unsupported content under check.body"),
    ],
)
def test_body(wanted: Any, expected: str | None) -> None:
    """One positive pattern must be found and no negative one."""
    assert expected == verdict(response(200, b"all ok"), body=wanted)


def test_mismatch_is_a_validation_error() -> None:
    """What is not as expected has no code and says it was validated."""
    _, check = build_checks(ExpectedOptions.model_validate({"body": "x"}))

    assert check(response()) == CheckError(ErrorType.VALIDATE, POSITIVE)


def test_order() -> None:
    """Status comes before headers, headers before the body."""
    expected = {"status": [200], "headers": {"X-A": "1"}, "body": "ok"}

    found = [
        verdict(response(500), **expected),
        verdict(response(200), **expected),
        verdict(response(200, b"", (b"X-A", b"1")), **expected),
        verdict(response(200, b"ok", (b"X-A", b"1")), **expected),
    ]

    assert found == [
        "received status code 500 expecting [200]",
        "header X-A is '' expecting '1' ",
        POSITIVE,
        None,
    ]


def test_json_comes_last() -> None:
    """Rules on JSON are checked when all else is well."""
    rules = [{"description": "d", "expression": "a == 2"}]
    given = response(200, b'{"a": 1}')

    assert verdict(given, json=rules, status=[201]) == (
        "received status code 200 expecting [201]"
    )
    assert (verdict(given, json=rules) or "").startswith("JSON body did not match 1 ")
