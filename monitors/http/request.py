"""Requests: what the options make of them, and their bytes.

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
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

from heartbeat import COMPATIBLE_VERSION
from heartbeat.monitors.http.text import canonical, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from heartbeat.monitors.http.options import HttpOptions, RequestOptions
    from heartbeat.monitors.http.url import Target
    from heartbeat.net import Proxy

Headers: TypeAlias = "tuple[tuple[str, str], ...]"
"""Canonical names and their values, in the order they are sent."""

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


class Gzip(Enum):
    """When a response that says it is compressed is taken to be so."""

    ALWAYS = auto()
    """Whenever it says so: nobody asked for it, but the reference looks inside."""

    ASKED = auto()
    """As the answer to our own wish, of which documents say nothing."""

    NEVER = auto()
    """Not at all: the operator asked for it and gets what came."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request ready to be sent.

    `title` opens the text of every error about it: `Get "http://h/": `.
    """

    method: str
    title: str
    data: bytes
    gzip: Gzip = Gzip.ALWAYS


@dataclass(frozen=True, slots=True)
class Draft:
    """A request before it is bytes, so that the next hop can ask the same elsewhere.

    `headers` are in their order, without those that follow from the rest; `host` is
    None where the target names it. `verb` is the method that errors name: the first
    one, whatever became of it on the way.
    """

    verb: str
    method: str
    target: Target
    headers: Headers = ()
    host: str | None = None
    body: bytes = b""
    gzip: Gzip = Gzip.ALWAYS

    @property
    def title(self) -> str:
        """What opens the text of every error about this request."""
        return f"{self.verb.capitalize()} {quoted(self.target.full('***'))}: "

    def has(self, name: str) -> bool:
        """Tell whether a header is set, the name in its canonical form."""
        return any(present == name for present, _ in self.headers)

    def request(self, proxy: Proxy | None = None) -> Request:
        """Return the bytes, for the target or for a proxy that is to ask it."""
        target = self.target
        host = target.authority if self.host is None else self.host
        lines = [f"{self.method} {self._line_target(proxy)} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self._all_headers(proxy)]
        head = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
        return Request(self.method, self.title, head + self.body, self.gzip)

    def _line_target(self, proxy: Proxy | None) -> str:
        target = self.target
        if self.method == "CONNECT" and not target.path:
            return target.authority
        if proxy is not None:
            return f"{target.scheme}://{target.authority}{target.request_target}"
        return target.request_target

    def _all_headers(self, proxy: Proxy | None) -> Iterator[tuple[str, str]]:
        yield from self.headers
        if self.body or self.method in BODY_METHODS:
            yield "Content-Length", str(len(self.body))
        login = self.target.username, self.target.password
        if login[0] is not None and not self.has("Authorization"):
            yield "Authorization", basic(login[0], login[1] or "")
        if proxy is not None and proxy.authorization:
            yield "Proxy-Authorization", proxy.authorization


def build_draft(target: Target, options: HttpOptions, *, follows: bool) -> Draft:
    """Return the request for a URL.

    With `follows` it is one of the client path, which asks for compression by itself.
    """
    wanted = options.check.request
    body = _body(wanted)
    generated = {"User-Agent": USER_AGENT, "Connection": "close"}
    if body and wanted.compression.type:
        generated["Content-Type"] = "application/json; charset=UTF-8"
        generated["Content-Encoding"] = "gzip"
    generated |= _authorization(options)
    headers = _replaced(generated, wanted.headers)
    host = next((value for name, value in headers if name == "Host"), None)
    headers = [(name, value) for name, value in headers if name != "Host"]
    gzip_mode = _gzip_mode(wanted.method, headers) if follows else Gzip.ALWAYS
    if gzip_mode is Gzip.ASKED:
        headers.append(("Accept-Encoding", "gzip"))
    method = wanted.method
    return Draft(method, method, target, tuple(headers), host, body, gzip_mode)


def _gzip_mode(method: str, headers: Iterable[tuple[str, str]]) -> Gzip:
    names = {name for name, _ in headers}
    if method == "HEAD" or not names.isdisjoint({"Accept-Encoding", "Range"}):
        return Gzip.NEVER
    return Gzip.ASKED


def _authorization(options: HttpOptions) -> dict[str, str]:
    """Return the headers of the login; plain options win over those of `auth`."""
    auth = options.auth
    headers = {canonical(header.key): header.value for header in auth.headers}
    headers = {name: text for name, text in headers.items() if name not in FRAMING}
    if options.username:
        headers["Authorization"] = basic(options.username, options.password)
    elif auth.username:
        headers["Authorization"] = basic(auth.username, auth.password)
    elif auth.api_key:
        headers["Authorization"] = f"ApiKey {auth.api_key}"
    return headers


def basic(username: str, password: str) -> str:
    """Return the value of `Authorization` for a name and password."""
    pair = f"{username}:{password}".encode("utf-8", "surrogateescape")
    return f"Basic {b64encode(pair).decode()}"


def _replaced(
    generated: Mapping[str, str], written: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return all headers: those the operator wrote stand in for generated ones."""
    own = [(canonical(name), value) for name, value in written.items()]
    own = [(name, value) for name, value in own if name not in FRAMING]
    names = {name for name, _ in own}
    kept = [(name, value) for name, value in generated.items() if name not in names]
    return [*kept, *own]


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
