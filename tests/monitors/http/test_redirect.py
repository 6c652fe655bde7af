"""Redirects: where they lead and what is asked there."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.config import Section
from heartbeat.errors import CheckFailed
from heartbeat.monitors.http.options import HttpOptions
from heartbeat.monitors.http.redirect import (
    LOCATION_LIMIT,
    Unfollowable,
    followed,
    location_of,
    resolved,
)
from heartbeat.monitors.http.request import Draft, build_draft
from heartbeat.monitors.http.response import Head
from heartbeat.monitors.http.url import parse

BASE = "http://h:81/a/b/c?q=1#f"


def draft(url: str = "http://h/", **options: Any) -> Draft:
    """Return the request of a monitor that follows redirects."""
    unpacked = Section({"urls": [url], **options}).unpack(HttpOptions)
    return build_draft(parse(url), unpacked, follows=True)


def onward(first: Draft, *hops: tuple[int, str]) -> Draft:
    """Return the request after hops, each a status and a location."""
    last = first
    for status, location in hops:
        target = resolved(last.target, location)
        last = followed(first, last, status, target)
    return last


def header(request: Draft, name: str) -> str | None:
    """Return the value of a header, None if it is not sent."""
    return dict(request.headers).get(name)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("https://other/x", "https://other/x"),
        ("HTTP://other", "http://other"),
        ("//other/x?y", "http://other/x?y"),
        ("/x", "http://h:81/x"),
        ("x", "http://h:81/a/b/x"),
        ("./x", "http://h:81/a/b/x"),
        ("../x/", "http://h:81/a/x/"),
        ("../../../x", "http://h:81/x"),
        ("..", "http://h:81/a/"),
        ("/x/./y/../z", "http://h:81/x/z"),
        ("http://o/a/../b", "http://o/b"),
        ("?z", "http://h:81/a/b/c?z"),
        ("#z", "http://h:81/a/b/c?q=1#z"),
        ("x?y#z", "http://h:81/a/b/x?y#z"),
        ("/grüße", "http://h:81/gr%C3%BC%C3%9Fe"),
        ("/a:b", "http://h:81/a:b"),
    ],
)
def test_resolved(location: str, expected: str) -> None:
    """A location is read as a reference from the URL that was asked."""
    assert expected == resolved(parse(BASE), location).full("")


def test_resolved_on_a_bare_host() -> None:
    """A relative path on a URL without one begins at the root."""
    assert resolved(parse("http://h"), "x").full("") == "http://h/x"


def test_login_stays_on_the_host() -> None:
    """A relative redirect keeps the login of the URL, an absolute one does not."""
    base = parse("http://u:p@h/")

    assert resolved(base, "/x").username == "u"
    assert resolved(base, "http://h/x").username is None


@pytest.mark.parametrize(
    ("location", "message"),
    [
        (
            "http://u:secret@h:x/",
            (
                'failed to parse Location header "http://u:***@h:x/": '
                'parse "http://u:***@h:x/": invalid port after host'
            ),
        ),
        (
            "//h:70000/",
            (
                'failed to parse Location header "//h:70000/": '
                "'70000' is no valid port number in 'h:70000'"
            ),
        ),
        (
            "/%zz",
            (
                'failed to parse Location header "/%zz": '
                'parse "http://host/%zz": invalid URL escape "%zz"'
            ),
        ),
        ("/" * (LOCATION_LIMIT + 1), "Location header is longer than 8192 bytes"),
    ],
)
def test_impossible_location(location: str, message: str) -> None:
    """What is no URL leads nowhere, and a password is not told."""
    with pytest.raises(CheckFailed) as caught:
        resolved(parse(BASE), location)

    assert message == str(caught.value)


def test_other_protocol() -> None:
    """Only HTTP is followed."""
    with pytest.raises(Unfollowable) as caught:
        resolved(parse(BASE), "FTP://u:p@h/")

    assert str(caught.value) == 'unsupported protocol scheme "ftp"'
    assert caught.value.shown == "FTP://u:***@h/"
    assert caught.value.title(draft()) == 'Get "FTP://u:***@h/": '


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (301, "", "/x"),
        (302, "", "/x"),
        (303, "b", "/x"),
        (307, "", "/x"),
        (308, "", "/x"),
        (307, "b", None),
        (308, "b", None),
        (300, "", None),
        (304, "", None),
        (200, "", None),
    ],
)
def test_location_of(status: int, body: str, expected: str | None) -> None:
    """Some statuses redirect, unless a body had to be sent again."""
    request = draft(check={"request": {"method": "POST", "body": body}})

    head = Head(status, ((b"location", b"/x"),))

    assert expected == location_of(head, request)


@pytest.mark.parametrize("headers", [(), ((b"Location", b""),)])
def test_no_location(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    """A redirect to nowhere is a result."""
    assert location_of(Head(302, headers), draft()) is None


@pytest.mark.parametrize(
    ("method", "status", "expected"),
    [
        ("GET", 302, "GET"),
        ("HEAD", 303, "HEAD"),
        ("POST", 301, "GET"),
        ("DELETE", 303, "GET"),
        ("DELETE", 307, "DELETE"),
        ("PUT", 308, "PUT"),
    ],
)
def test_method(method: str, status: int, expected: str) -> None:
    """Old redirects turn everything but HEAD into GET, new ones keep the method."""
    first = draft(check={"request": {"method": method}})

    assert expected == onward(first, (status, "/x")).method


def test_errors_name_the_first_method() -> None:
    """Whatever a request became, errors name what was asked for at first."""
    first = draft(check={"request": {"method": "POST"}})

    assert onward(first, (302, "/x")).title == 'Post "http://h/x": '


def test_body_is_dropped() -> None:
    """What becomes a GET leaves its body behind, and the headers of it."""
    wanted = {
        "method": "POST",
        "body": "b",
        "headers": {"Content-Type": "t/t", "X-Own": "1"},
    }

    request = onward(draft(check={"request": wanted}), (302, "/x"))

    assert request.body == b""
    assert header(request, "Content-Type") is None
    assert header(request, "X-Own") == "1"


@pytest.mark.parametrize(
    ("hops", "is_kept"),
    [
        ([(302, "/x")], True),
        ([(302, "http://h:82/")], True),
        ([(302, "http://sub.h/")], True),
        ([(302, "http://other/")], False),
        ([(302, "http://xh/")], False),
        ([(302, "http://other/"), (302, "http://h/")], False),
    ],
)
def test_authorization(hops: list[tuple[int, str]], *, is_kept: bool) -> None:
    """A login goes to the domain it was meant for, and once dropped stays dropped."""
    wanted = {"headers": {"Cookie": "c"}}
    first = draft(username="u", password="p", check={"request": wanted})

    request = onward(first, *hops)

    assert is_kept == request.has("Authorization")
    assert is_kept == request.has("Cookie")


@pytest.mark.parametrize(
    ("url", "location", "expected"),
    [
        ("http://u:p@h/x?y#z", "/n", "http://h/x?y"),
        ("http://h/", "https://h/", "http://h/"),
        ("https://h/", "http://h/", None),
    ],
)
def test_referer(url: str, location: str, expected: str | None) -> None:
    """The next server learns where we come from, but no login and no secrets of TLS."""
    assert expected == header(onward(draft(url), (302, location)), "Referer")


def test_referer_of_every_hop() -> None:
    """The referer is always the last URL."""
    request = onward(draft(), (302, "/one"), (302, "/two"))

    assert header(request, "Referer") == "http://h/one"


def test_own_referer() -> None:
    """A referer that the operator wrote stays."""
    first = draft(check={"request": {"headers": {"Referer": "me"}}})

    assert header(onward(first, (302, "/x")), "Referer") == "me"


@pytest.mark.parametrize(
    ("location", "expected"), [("/x", b"virtual"), ("http://o/", b"o")]
)
def test_host(location: str, expected: bytes) -> None:
    """A host header of one's own is for the same host only."""
    first = draft(check={"request": {"headers": {"Host": "virtual"}}})

    data = onward(first, (302, location)).request().data

    assert b"\r\nHost: %s\r\n" % expected in data
