"""Options of an HTTP monitor: defaults, coercions, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.config import Section
from heartbeat.errors import ConfigError
from heartbeat.monitors.http.options import HttpOptions


def unpack(**options: Any) -> HttpOptions:
    """Return the options of a monitor that has at least a URL."""
    return Section({"urls": ["localhost"], **options}).unpack(HttpOptions)


def test_defaults() -> None:
    """Nothing but a URL is needed."""
    options = unpack()

    assert (
        options.timeout,
        options.max_redirects,
        options.check.request.method,
        options.check.response.status,
        options.check.response.body,
    ) == (16.0, 0, "GET", (), None)
    assert (
        options.response.include_headers,
        options.response.include_body,
        options.response.include_body_max_bytes,
    ) == (True, "on_error", 2048)


def test_nulls_are_defaults() -> None:
    """An explicit null is the same as nothing."""
    nothing = unpack(check=None, response=None, ssl=None, timeout=None)

    assert nothing == unpack()


def test_targets() -> None:
    """The URLs of `hosts` come before those of `urls`; a scalar is a list of one."""
    options = Section({"hosts": "a", "urls": ["b", "c"]}).unpack(HttpOptions)

    assert options.targets == ("a", "b", "c")


@pytest.mark.parametrize(
    ("ssl", "expected"),
    [(None, False), ({}, True), ({"enabled": True}, True), ({"enabled": False}, False)],
)
def test_uses_tls(ssl: dict[str, Any] | None, *, expected: bool) -> None:
    """TLS settings that are not switched off make https the default."""
    assert expected == unpack(ssl=ssl).uses_tls


def test_coercions() -> None:
    """Methods and body policies are taken in any case, numbers as text too."""
    options = unpack(
        check={
            "request": {"method": "pOsT", "headers": {"X-N": 1}},
            "response": {"status": "200"},
        },
        response={"include_body": "Always"},
    )

    assert options.check.request.method == "POST"
    assert options.check.request.headers == {"X-N": "1"}
    assert options.check.response.status == (200,)
    assert options.response.include_body == "always"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, True),
        ({"max_redirects": -1}, True),
        ({"max_redirects": 1}, False),
        ({"proxy_url": "proxy:3128"}, False),
        ({"proxy_url": "http://proxy", "proxy_disable": True}, True),
        ({"proxy_url": ""}, True),
    ],
)
def test_is_direct(options: dict[str, Any], *, expected: bool) -> None:
    """Redirects, and a proxy that is not switched off, take the client path."""
    assert expected == unpack(**options).is_direct


def test_proxy_without_scheme() -> None:
    """A proxy without a scheme speaks plain HTTP."""
    assert unpack(proxy_url="proxy:3128").proxy_url == "http://proxy:3128"


@pytest.mark.parametrize("where", ["request", "proxy"])
def test_list_of_headers(where: str) -> None:
    """A list where headers belong is accepted and names none."""
    written = ["X-A: b"]
    options = unpack(check={"request": {"headers": written}}, proxy_headers=written)

    found = {
        "request": options.check.request.headers,
        "proxy": options.proxy_headers,
    }
    assert found[where] == {}


@pytest.mark.parametrize("level", [0, 9])
def test_compression(level: int) -> None:
    """Compression has levels from 0 to 9."""
    options = unpack(
        check={"request": {"compression": {"type": "GZIP", "level": level}}}
    )

    assert level == options.check.request.compression.level


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"urls": []}, "hosts is a mandatory parameter"),
    ({"urls": ["http://h:x/"]}, "'x' is no valid port number in 'h:x'"),
    ({"mode": "some"}, "expecting 'any' or 'all', not 'some'"),
    ({"check": {"request": {"method": "PATCH"}}}, "HTTP method 'PATCH' not supported"),
    (
        {"check": {"request": {"headers": {"bad name": "x"}}}},
        'invalid header field name "bad name"',
    ),
    (
        {"check": {"request": {"headers": {"X-A": "a\r\nX-B: b"}}}},
        'invalid header field value for "X-A"',
    ),
    (
        {"check": {"request": {"compression": {"type": "br"}}}},
        "compression type 'br' not supported",
    ),
    (
        {"check": {"request": {"compression": {"type": "gzip", "level": 10}}}},
        "compression level 10 invalid",
    ),
    ({"check": {"response": {"body": "("}}}, "invalid pattern '(': missing ): ("),
    (
        {"response": {"include_body": "X"}},
        (
            "unknown option for `include_body`: 'X', "
            "please use one of 'always', 'on_error', 'never'"
        ),
    ),
    (
        {"response": {"include_body_max_bytes": 0}},
        "include_body_max_bytes must be a positive integer, got 0",
    ),
    ({"timeout": "-1s"}, "a timeout cannot be negative, but this is -1s"),
    ({"proxy_url": "gopher://proxy"}, "proxy: unknown scheme: gopher"),
    (
        {"proxy_headers": {"bad name": "x"}},
        'invalid header field name "bad name"',
    ),
    (
        {"auth": {"headers": [{"key": "X", "value": "a\nb"}]}},
        'invalid header field value for "X"',
    ),
    (
        {"auth": {"api_key": "a\nb"}},
        'invalid header field value for "Authorization"',
    ),
    (
        {"check": {"response": {"json": [{"expression": "$.[0]"}]}}},
        (
            "could not load JSON check: could not compile gval expression '$.[0]': "
            "parsing error: $.[0]\t:1:3 - 1:4 "
            'unexpected "[" while scanning JSON select expected Ident, "." or "*"'
        ),
    ),
    (
        {"check": {"response": {"json": [{"condition": {"has": 1}}]}}},
        (
            "could not load JSON check: could not load JSON condition '': "
            "missing or invalid condition"
        ),
    ),
    (
        {
            "check": {
                "response": {
                    "json": {
                        "description": "both",
                        "expression": "a",
                        "condition": {"has_fields": "a"},
                    }
                }
            }
        },
        "a list is needed here, but this is a mapping",
    ),
    (
        {
            "check": {
                "response": {
                    "json": [
                        {
                            "description": "both",
                            "expression": "a",
                            "condition": {"has_fields": "a"},
                        }
                    ]
                }
            }
        },
        (
            "only one of 'expression' or 'condition' can be specified "
            "for JSON check 'both'"
        ),
    ),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_refused(options: dict[str, Any], message: str) -> None:
    """What cannot work is refused with the reference's words."""
    with pytest.raises(ConfigError) as caught:
        unpack(**options)

    assert [message] == [problem.message for problem in caught.value.problems]


def test_problems_have_places() -> None:
    """Every fault names its option."""
    with pytest.raises(ConfigError) as caught:
        unpack(
            urls=["ok", "http://h:x/"],
            check={"request": {"method": "X"}, "response": {"body": "["}},
        )

    assert {"urls.1", "check.request.method", "check.response.body"} == {
        problem.path for problem in caught.value.problems
    }
