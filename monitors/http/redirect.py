"""Redirects: whether one is followed, where it leads, and what is asked there.

Owns the rules of the client path for the next hop: method, body, headers, resolution of
`Location`. No I/O. Must not know connections or how many hops are allowed.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from heartbeat.errors import CheckError, CheckFailed, ErrorType
from heartbeat.monitors.http.text import quoted
from heartbeat.monitors.http.url import (
    DEFAULT_PORTS,
    ascii_host,
    parse,
    without_password,
)

if TYPE_CHECKING:
    from heartbeat.monitors.http.request import Draft
    from heartbeat.monitors.http.response import Head
    from heartbeat.monitors.http.url import Target

REWRITING = frozenset({301, 302, 303})
"""After these, anything but HEAD becomes a GET without a body."""

REPEATING = frozenset({307, 308})
"""These ask for the same request again; one with a body is not sent twice."""

SENSITIVE = frozenset(
    {
        "Authorization",
        "Cookie",
        "Cookie2",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Www-Authenticate",
    }
)
"""Headers that are for the domain of the first hop only."""

OF_THE_BODY = frozenset(
    {"Content-Encoding", "Content-Language", "Content-Location", "Content-Type"}
)
"""Headers that go where the body goes."""

LOCATION_LIMIT = 8 << 10
"""So many characters a URL to be followed may have: each of them is told."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")


class Unfollowable(CheckFailed):
    """A redirect to where no HTTP is spoken; `shown` is its URL, without a password."""

    def __init__(self, scheme: str, location: str) -> None:
        """Keep the URL: it is told like any other redirect."""
        text = f"unsupported protocol scheme {quoted(scheme)}"
        super().__init__(CheckError(ErrorType.IO, text))
        self.shown = without_password(location)

    def title(self, draft: Draft) -> str:
        """Return what opens the text of an error about the request it would take."""
        return f"{draft.verb.capitalize()} {quoted(self.shown)}: "


def location_of(head: Head, draft: Draft) -> str | None:
    """Return where the response to a request sends us, None if it is final."""
    is_followed = head.status in REWRITING or (
        head.status in REPEATING and not draft.body
    )
    location = head.raw("Location").decode("utf-8", "surrogateescape")
    return location if is_followed and location else None


def resolved(base: Target, location: str) -> Target:
    """Return the URL that `Location` means, seen from the URL of the response.

    Raises `CheckFailed`, `Unfollowable` where no HTTP is spoken; its text never shows a
    password.
    """
    if len(location) > LOCATION_LIMIT:
        raise CheckFailed.io(f"Location header is longer than {LOCATION_LIMIT} bytes")
    scheme = _SCHEME.match(location)
    if scheme and scheme[1].lower() not in DEFAULT_PORTS:
        raise Unfollowable(scheme[1].lower(), location)
    try:
        if scheme:
            return _without_dots(parse(location))
        if location.startswith("//"):
            return _without_dots(parse(f"{base.scheme}:{location}"))
        return _relative(base, location)
    except ValueError as error:
        shown = quoted(without_password(location))
        text = f"failed to parse Location header {shown}: {error}"
        raise CheckFailed.io(text) from error


def followed(first: Draft, last: Draft, status: int, target: Target) -> Draft:
    """Return the request for the next hop.

    `first` is the one the operator asked for, `last` the one that was redirected: what
    was dropped once stays dropped.
    """
    method, body, dropped = last.method, last.body, frozenset[str]()
    if status in REWRITING:
        method = "HEAD" if method == "HEAD" else "GET"
        body, dropped = b"", OF_THE_BODY
    if not _is_within(target, first.target):
        dropped |= SENSITIVE
    headers = tuple(header for header in last.headers if header[0] not in dropped)
    referer = _referer(last.target, target)
    if referer and not first.has("Referer"):
        kept = (header for header in headers if header[0] != "Referer")
        headers = (*kept, ("Referer", referer))
    is_same_host = target.authority == last.target.authority
    return replace(
        last,
        method=method,
        target=target,
        headers=headers,
        host=last.host if is_same_host else None,
        body=body,
    )


def _is_within(target: Target, first: Target) -> bool:
    """Tell whether a host is that of the first hop or one below it."""
    host, domain = ascii_host(target.host).lower(), ascii_host(first.host).lower()
    is_below = host.endswith(f".{domain}") and ":" not in host and "%" not in host
    return host == domain or is_below


def _referer(last: Target, target: Target) -> str:
    """Return where we come from, nothing if that was safer than where we go."""
    if last.scheme == "https" and target.scheme == "http":
        return ""
    return replace(last, username=None, password=None, fragment=None).shown


def _relative(base: Target, location: str) -> Target:
    """Return a URL on the same host, which keeps the login of the base."""
    path = re.split(r"[?#]", location, maxsplit=1)[0]
    rest = location[len(path) :]
    if not path:
        path = base.path
        if not rest.startswith("?") and base.query is not None:
            rest = f"?{base.query}{rest}"
    elif not path.startswith("/"):
        path = (base.path[: base.path.rfind("/") + 1] or "/") + path
    there = parse(f"{base.scheme}://host{path}{rest}")
    return replace(
        base, path=_dotless(there.path), query=there.query, fragment=there.fragment
    )


def _without_dots(target: Target) -> Target:
    return replace(target, path=_dotless(target.path))


def _dotless(path: str) -> str:
    """Return an absolute path without `.` and `..`; none stays none."""
    if "/." not in path:
        return path
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/" + "/".join(kept)
