"""SOCKS 5: asking a proxy for a connection (RFC 1928), with a login if need be (1929).

Owns the bytes and the reference's words for refusals. Must not do I/O.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from heartbeat.net.dialogue import Inbox, Refused

if TYPE_CHECKING:
    from collections.abc import Generator

    from heartbeat.net.dialogue import Dialogue
    from heartbeat.net.proxy import Proxy

VERSION = 5
LOGIN_VERSION = 1
CONNECT = 1
NO_LOGIN, LOGIN, NOTHING_ACCEPTABLE = 0, 2, 0xFF
IPV4, NAME, IPV6 = 1, 3, 4
ADDRESS_SIZES = {IPV4: 4, IPV6: 16}
PORT_SIZE = 2
LONGEST = 255
"""The most bytes of a name, a user or a password."""

REPLIES = {
    1: "general SOCKS server failure",
    2: "connection not allowed by ruleset",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "TTL expired",
    7: "command not supported",
    8: "address type not supported",
}


def connect_by_socks(proxy: Proxy, host: str, port: int) -> Dialogue:
    """Ask for a connection to a literal address, or to a name the proxy looks up."""
    inbox = Inbox()
    yield from _agree_on_login(inbox, proxy)
    yield bytes((VERSION, CONNECT, 0)) + _address(host) + port.to_bytes(PORT_SIZE)
    version, reply, reserved, kind = yield from inbox.exactly(4)
    _require_version(version)
    if reply:
        known = REPLIES.get(reply, f"unknown code: {reply}")
        raise Refused(f"unknown error {known}")
    if reserved:
        raise Refused("non-zero reserved field")
    size = ADDRESS_SIZES.get(kind)
    if kind == NAME:
        (size,) = yield from inbox.exactly(1)
    if size is None:
        raise Refused(f"unknown address type {kind}")
    yield from inbox.exactly(size + PORT_SIZE)
    return bytes(inbox.data)


def _agree_on_login(inbox: Inbox, proxy: Proxy) -> Generator[bytes | None, bytes, None]:
    methods = (NO_LOGIN,) if proxy.user is None else (NO_LOGIN, LOGIN)
    yield bytes((VERSION, len(methods), *methods))
    version, method = yield from inbox.exactly(2)
    _require_version(version)
    if method == NOTHING_ACCEPTABLE:
        raise Refused("no acceptable authentication methods")
    if method not in methods:
        raise Refused(f"unsupported authentication method {method}")
    if method == LOGIN:
        yield bytes((LOGIN_VERSION,)) + _text(proxy.user or "") + _text(proxy.password)
        version, status = yield from inbox.exactly(2)
        if version != LOGIN_VERSION:
            raise Refused("invalid username/password version")
        if status:
            raise Refused("username/password authentication failed")


def _require_version(version: int) -> None:
    if version != VERSION:
        raise Refused(f"unexpected protocol version {version}")


def _text(text: str) -> bytes:
    encoded = text.encode("utf-8", "surrogateescape")
    if len(encoded) > LONGEST:
        raise Refused("invalid username/password")
    return bytes((len(encoded),)) + encoded


def _address(host: str) -> bytes:
    try:
        address = ip_address(host)
    except ValueError:
        name = host.encode("utf-8", "surrogateescape")
        if len(name) > LONGEST:
            raise Refused("FQDN too long") from None
        return bytes((NAME, len(name))) + name
    kind = IPV4 if address.version == 4 else IPV6  # noqa: PLR2004 - IP's versions
    return bytes((kind,)) + address.packed
