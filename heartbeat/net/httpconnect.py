"""HTTP CONNECT: asking a proxy for a connection (RFC 9110, 9.3.6).

Owns the bytes and the reference's words for refusals. Must not do I/O.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from heartbeat.net.dialogue import Inbox, Refused
from heartbeat.net.wording import endpoint

if TYPE_CHECKING:
    from heartbeat.net.dialogue import Dialogue
    from heartbeat.net.proxy import Proxy

HEAD_LIMIT = 65_536
"""The most bytes of the proxy's answer."""

SHOWN = 200
"""So many bytes of an answer are told."""

_STATUS = re.compile(rb"HTTP/1\.[0-9] +([0-9]{3})(?: +([^\r\n]*))?\r?\n")


def connect_by_http(proxy: Proxy, host: str, port: int) -> Dialogue:
    """Ask for a connection to a literal address, or to a name the proxy looks up."""
    inbox = Inbox()
    yield _request(proxy, endpoint(host, port))
    line = yield from inbox.until(b"\n", HEAD_LIMIT)
    status = _STATUS.fullmatch(line)
    if status is None:
        shown = repr(line[:SHOWN].rstrip())[2:-1]
        raise Refused(f'malformed HTTP response "{shown}"')
    if not status[1].startswith(b"2"):
        raise Refused(_refusal(status))
    while line.strip(b"\r\n"):
        line = yield from inbox.until(b"\n", HEAD_LIMIT)
    return bytes(inbox.data)


def _request(proxy: Proxy, target: str) -> bytes:
    headers = {"Host": target}
    if proxy.authorization is not None:
        headers["Proxy-Authorization"] = proxy.authorization
    given = {name.lower() for name in proxy.headers}
    kept = {name: value for name, value in headers.items() if name.lower() not in given}
    lines = [f"CONNECT {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in (kept | {**proxy.headers}).items()]
    return "\r\n".join((*lines, "", "")).encode("utf-8", "surrogateescape")


def _refusal(status: re.Match[bytes]) -> str:
    """Return the reason the proxy gives, which is all the reference tells."""
    reason = (status[2] or b"")[:SHOWN].decode("utf-8", "replace").strip()
    return reason or f"unknown status code {status[1].decode()}"
