"""Requests: the bytes that are sent."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from heartbeat.config import Section
from heartbeat.monitors.http.options import HttpOptions
from heartbeat.monitors.http.request import USER_AGENT, Request, build_draft
from heartbeat.monitors.http.url import parse


def request(url: str = "http://host/", **options: Any) -> Request:
    """Return the request a monitor with these options sends."""
    section = Section({"urls": [url], **options})
    unpacked = section.unpack(HttpOptions)
    return build_draft(parse(url), unpacked, follows=False).request()


def sent(url: str = "http://host/", **wanted: Any) -> list[str]:
    """Return the lines of a request with these members of `check.request`."""
    data = request(url, check={"request": wanted}).data.decode()
    return data.split("\r\n")


def test_plain_request() -> None:
    """By default a GET asks for the connection to be closed."""
    expected = [
        "GET /x?y HTTP/1.1",
        "Host: host:81",
        f"User-Agent: {USER_AGENT}",
        "Connection: close",
        "",
        "",
    ]

    assert expected == sent("http://host:81/x?y#z")


def test_user_agent() -> None:
    """Probes are told by their user agent: it has the reference's form."""
    assert USER_AGENT.startswith("Elastic-Heartbeat/")


@pytest.mark.parametrize(
    ("method", "expected"),
    [("POST", True), ("PUT", True), ("DELETE", False), ("GET", False)],
)
def test_empty_body_is_announced(method: str, *, expected: bool) -> None:
    """Methods that usually have a body say that there is none."""
    assert expected == ("Content-Length: 0" in sent(method=method))


def test_body() -> None:
    """A body is sent with any method, without a content type."""
    lines = sent(body="grüße")

    assert lines[-4:] == ["Connection: close", "Content-Length: 7", "", "grüße"]


def test_compressed_body_is_whole() -> None:
    """A compressed body can be decompressed to its end."""
    data = request(
        check={"request": {"body": "a=1", "compression": {"type": "gzip"}}}
    ).data
    head, _, body = data.partition(b"\r\n\r\n")

    assert gzip.decompress(body) == b"a=1"
    assert b"Content-Encoding: gzip" in head
    assert b"Content-Type: application/json; charset=UTF-8" in head
    assert b"Content-Length: %d" % len(body) in head


def test_nothing_is_compressed_without_body() -> None:
    """Compression without a body changes nothing."""
    assert sent(compression={"type": "gzip"}) == sent()


def test_headers_replace_generated_ones() -> None:
    """What the operator writes is sent instead of the default, in any spelling."""
    lines = sent(
        headers={
            "host": "other",
            "user-agent": "me",
            "connection": "keep-alive",
            "x-own": "1",
        }
    )

    assert lines == [
        "GET / HTTP/1.1",
        "Host: other",
        "User-Agent: me",
        "Connection: keep-alive",
        "X-Own: 1",
        "",
        "",
    ]


def test_framing_headers_are_ours() -> None:
    """Nobody can announce another body than is sent."""
    lines = sent(headers={"content-length": "5", "Transfer-Encoding": "chunked"})

    assert lines == sent()


def test_content_type_replaces_that_of_compression() -> None:
    """A content type of one's own stands alone beside compression."""
    wanted = {
        "body": "x",
        "compression": {"type": "gzip", "level": 0},
        "headers": {"Content-Type": "t/t"},
    }
    head = request(check={"request": wanted}).data.partition(b"\r\n\r\n")[0]

    assert [
        line for line in head.split(b"\r\n") if line.startswith(b"Content-Type")
    ] == [b"Content-Type: t/t"]


@pytest.mark.parametrize(
    ("url", "options", "expected"),
    [
        ("http://h/", {"username": "u", "password": "p"}, "Basic dTpw"),
        ("http://u:p@h/", {}, "Basic dTpw"),
        ("http://u@h/", {}, "Basic dTo="),
        ("http://a:b@h/", {"username": "u", "password": "p"}, "Basic dTpw"),
        (
            "http://u:p@h/",
            {"check": {"request": {"headers": {"authorization": "Bearer t"}}}},
            "Bearer t",
        ),
        (
            "http://h/",
            {
                "username": "u",
                "check": {"request": {"headers": {"Authorization": "Bearer t"}}},
            },
            "Bearer t",
        ),
    ],
)
def test_authorization(url: str, options: dict[str, Any], expected: str) -> None:
    """A header wins over options, these win over the URL; it is sent once."""
    lines = request(url, **options).data.decode().split("\r\n")

    assert [f"Authorization: {expected}"] == [
        line for line in lines if line.startswith("Authorization")
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"auth": {"api_key": "aWQ6a2V5"}}, "ApiKey aWQ6a2V5"),
        ({"auth": {"username": "u", "password": "p"}}, "Basic dTpw"),
        ({"auth": {"username": "u", "password": "p", "api_key": "k"}}, "Basic dTpw"),
        ({"auth": {"headers": [{"key": "authorization", "value": "Own"}]}}, "Own"),
        ({"auth": {"username": "a"}, "username": "u", "password": "p"}, "Basic dTpw"),
    ],
)
def test_auth(options: dict[str, Any], expected: str) -> None:
    """The login of `auth` yields to the plain options, on both paths."""
    lines = request(**options).data.decode().split("\r\n")

    assert [f"Authorization: {expected}"] == [
        line for line in lines if line.startswith("Authorization")
    ]


def test_auth_headers() -> None:
    """Headers of `auth` yield to those of the request, and frame nothing."""
    auth = [
        {"key": "X-A", "value": "1"},
        {"key": "X-B", "value": "2"},
        {"key": "Content-Length", "value": "3"},
    ]
    made = request(
        auth={"headers": auth}, check={"request": {"headers": {"x-b": "own"}}}
    )

    lines = made.data.decode().split("\r\n")
    assert lines[4:6] == ["X-A: 1", "X-B: own"]
    assert lines[6:] == ["", ""]


def test_connect_asks_for_an_authority() -> None:
    """CONNECT without a path names host and port."""
    assert sent("http://h:81", method="CONNECT")[0] == "CONNECT h:81 HTTP/1.1"


def test_connect_with_path() -> None:
    """CONNECT with a path asks for it."""
    assert sent("http://h/x", method="CONNECT")[0] == "CONNECT /x HTTP/1.1"


def test_title() -> None:
    """Errors name method and URL, without the password."""
    made = request("http://u:p@h/x", check={"request": {"method": "OPTIONS"}})

    assert made.title == 'Options "http://u:***@h/x": '
