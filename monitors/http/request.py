"""The bytes of a request, built once for each check.

Owns which headers are sent and in what order, basic authentication, the compression of
the request body and the words of errors that name the request. Must not know how bytes
travel.
"""

from __future__ import annotations

import gzip
import platform
import re
import sys
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat import COMPATIBLE_VERSION
from heartbeat.monitors.http.text import canonical, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.monitors.http.options import HttpOptions, RequestOptions
    from heartbeat.monitors.http.url import Target

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
USER_AGENT = (
    f"Elastic-Heartbeat/{COMPATIBLE_VERSION} ({sys.platform}; "
    f"{_MACHINES.get(platform.machine(), platform.machine())}; "
    "unknown; 0001-01-01 00:00:00 +0000 UTC)"
)
"""Kept in the reference's form: servers and their logs tell probes by it."""

BODY_METHODS = frozenset({"POST", "PUT"})
"""Methods that announce their body even when it is empty."""

FRAMING = frozenset({"Content-Length", "Transfer-Encoding", "Trailer"})
"""Headers that follow from the body: nobody else may set them."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready to be sent.

    `title` opens the text of every error about it: `Get "http://h/": `.
    """

    method: str
    title: str
    data: bytes


def build_request(target: Target, options: HttpOptions) -> Request:
    """Return the request for a URL."""
    wanted = options.check.request
    body = _body(wanted)
    generated = _generated(target, options, wanted, body)
    headers = _replaced(generated, wanted.headers)
    line = f"{wanted.method} {_line_target(target, wanted.method)} HTTP/1.1"
    head = "\r\n".join([line, *(f"{name}: {value}" for name, value in headers), "", ""])
    title = f"{wanted.method.capitalize()} {quoted(target.full('***'))}: "
    data = head.encode("utf-8", "surrogateescape") + body
    return Request(wanted.method, title, data)


def _line_target(target: Target, method: str) -> str:
    if method == "CONNECT" and not target.path:
        return target.authority
    return target.request_target


def _generated(
    target: Target, options: HttpOptions, wanted: RequestOptions, body: bytes
) -> dict[str, str]:
    headers = {
        "Host": target.authority,
        "User-Agent": USER_AGENT,
        "Connection": "close",
    }
    if body or wanted.method in BODY_METHODS:
        headers["Content-Length"] = str(len(body))
    if authorization := _authorization(target, options):
        headers["Authorization"] = authorization
    if body and wanted.compression.type:
        headers["Content-Type"] = "application/json; charset=UTF-8"
        headers["Content-Encoding"] = "gzip"
    return headers


def _authorization(target: Target, options: HttpOptions) -> str:
    """Return the value of `Authorization`; the options win over those in the URL."""
    username, password = options.username, options.password
    if not username:
        username, password = target.username or "", target.password or ""
        if target.username is None:
            return ""
    pair = f"{username}:{password}".encode("utf-8", "surrogateescape")
    return f"Basic {b64encode(pair).decode()}"


def _replaced(
    generated: dict[str, str], written: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return all headers: those the operator wrote stand in for generated ones."""
    own = [(canonical(name), value) for name, value in written.items()]
    own = [(name, value) for name, value in own if name not in FRAMING]
    hosts = [(name, value) for name, value in own if name == "Host"]
    rest = [(name, value) for name, value in own if name != "Host"]
    names = {name for name, _ in own}
    kept = [(name, value) for name, value in generated.items() if name not in names]
    return [*hosts, *kept, *rest]


def check_header(name: str, value: str) -> None:
    """Raise `ValueError` for a header nobody may send."""
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"invalid header field name {quoted(name)}")
    if _BAD_VALUE.search(value):
        raise ValueError(f"invalid header field value for {quoted(name)}")


def _body(wanted: RequestOptions) -> bytes:
    body = wanted.body.encode("utf-8", "surrogateescape")
    if body and wanted.compression.type:
        return gzip.compress(body, wanted.compression.level, mtime=0)
    return body
