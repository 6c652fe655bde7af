"""A proxy as the operator names it.

Owns the value and its URL form. Must not do I/O: `tunnel` speaks to proxies.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from heartbeat.net.tls import TlsContext

MAX_PORT = 65_535

_URL = re.compile(
    r"""(?P<scheme> [A-Za-z][A-Za-z0-9+.-]* ) ://
        (?: (?P<user> [^:@/?#]* ) (?: :(?P<password> [^/?#]* ) )? @ )?
        (?: \[ (?P<v6> [0-9A-Fa-f:.]+ (?:%[^\]\s]+)? ) \]
          | (?P<name> [^:@/?#\[\]\s]+ ) )
        (?: :(?P<port> [0-9]{1,5} ) )? /?""",
    re.VERBOSE,
)


class ProxyKind(StrEnum):
    """How a proxy is spoken to: in plain HTTP, in HTTP over TLS, in SOCKS 5."""

    HTTP = "http"
    HTTPS = "https"
    SOCKS5 = "socks5"


PORTS = {ProxyKind.HTTP: 80, ProxyKind.HTTPS: 443, ProxyKind.SOCKS5: 1080}
"""Where a proxy listens that is named without a port."""

SCHEMES = {"http": ProxyKind.HTTP, "https": ProxyKind.HTTPS} | dict.fromkeys(
    ("socks5", "socks5h"), ProxyKind.SOCKS5
)


@dataclass(frozen=True, slots=True)
class Proxy:
    """What stands between us and the target.

    `user` is None where no login is wanted. `headers` go out with `CONNECT` as they
    are, so whoever takes them from the operator has to check them. `tls` is for the
    connection to a proxy of kind `https` and must be there for one.
    """

    kind: ProxyKind
    host: str
    port: int
    user: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    tls: TlsContext | None = None

    @property
    def authority(self) -> str:
        """Host and port, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def authorization(self) -> str | None:
        """The value of `Proxy-Authorization`, None where no login is wanted."""
        if self.user is None:
            return None
        login = f"{self.user}:{self.password}"
        return f"Basic {b64encode(login.encode('utf-8', 'surrogateescape')).decode()}"


def parse_proxy(url: str, kinds: Container[ProxyKind] = tuple(ProxyKind)) -> Proxy:
    """Return the proxy that a URL names; raises `ValueError`.

    `socks5h` is the same as `socks5`: who looks names up is an option of the monitor.
    Errors never show what the URL says of a login.
    """
    parts = _URL.fullmatch(url)
    if parts is None:
        raise ValueError(
            "a proxy is written scheme://[user:password@]host[:port], "
            f"which '{_without_login(url)}' is not"
        )
    scheme = parts["scheme"].lower()
    kind = SCHEMES.get(scheme)
    if kind is None or kind not in kinds:
        raise ValueError(f"proxy: unknown scheme: {scheme}")
    port = int(parts["port"] or PORTS[kind])
    if not 0 < port <= MAX_PORT:
        raise ValueError(f"proxy: {port} is no port")
    user = parts["user"]
    return Proxy(
        kind,
        parts["v6"] or parts["name"],
        port,
        user=None if user is None else _decoded(user),
        password=_decoded(parts["password"] or ""),
    )


def _without_login(url: str) -> str:
    scheme, mark, rest = url.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def _decoded(text: str) -> str:
    return unquote(text, errors="surrogateescape")
