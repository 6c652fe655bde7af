"""From `hosts` and proxies as the operator wrote them to addresses of requests.

Owns the forms a host may be written in and which proxy leads to it. Must not connect.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from heartbeat.config.masking import MASK
from heartbeat.net.names import as_address
from heartbeat.net.wording import endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

PORT = 9200
SCHEMES = frozenset({"http", "https"})

CREDENTIALS = re.compile(r"^(\w+://)?.*@")
"""More than a URL's: a password that was not escaped must not be shown either."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for hosts that do not say."""

    protocol: str = "http"
    path: str = ""
    port: int = PORT


@dataclass(frozen=True, slots=True)
class Host:
    """One node; `user` is None where the host carries no credentials of its own."""

    scheme: str
    name: str
    port: int
    path: str = ""
    user: str | None = None
    password: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """Return the address of the node, without credentials or a slash at the end."""
        return f"{self.scheme}://{endpoint(self.name, self.port)}{self.path}"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy; `url` holds no credentials."""

    url: str
    user: str | None = None
    password: str = field(default="", repr=False)


def parse_host(text: str, defaults: Defaults) -> Host:
    """Return the node that a text names; raises `ValueError`."""
    is_bare = not text.startswith("[") and ":" in (as_address(text) or "")
    written = f"[{text}]" if is_bare else text
    parts = _split(written, defaults.protocol)
    if parts.query or parts.fragment:
        raise ValueError(f"'{_shown(text)}': write parameters into 'parameters'")
    path = parts.path.strip("/") or defaults.path.strip("/")
    return Host(
        parts.scheme,
        parts.hostname or "",
        parts.port or defaults.port,
        f"/{path}" if path else "",
        *_credentials(parts),
    )


def parse_proxy(text: str) -> Proxy:
    """Return the proxy that a text names; raises `ValueError`."""
    parts = _split(text, "http")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    place = endpoint(parts.hostname or "", port)
    return Proxy(f"{parts.scheme}://{place}", *_credentials(parts))


def proxy_of(host: Host) -> Proxy | None:
    """Return the proxy that the environment names for a host, if any.

    As in the reference, the machine itself is never asked for by way of a proxy.
    """
    if host.name == "localhost" or _is_loopback(host.name):
        return None
    found: Mapping[str, str] = getproxies_environment()
    if host.scheme not in found or proxy_bypass(endpoint(host.name, host.port)):
        return None
    return parse_proxy(found[host.scheme])


def _is_loopback(name: str) -> bool:
    address = as_address(name)
    return address is not None and ip_address(address).is_loopback


def _split(text: str, protocol: str) -> SplitResult:
    full = text if "://" in text else f"{protocol}://{text}"
    shown = _shown(text)
    try:
        parts = urlsplit(full)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"'{shown}' cannot be read as an address") from error
    if parts.scheme not in SCHEMES:
        raise ValueError(f"'{shown}' has neither http nor https as its protocol")
    if not parts.hostname or port == 0:
        raise ValueError(f"'{shown}' names no host")
    return parts


def _credentials(parts: SplitResult) -> tuple[str | None, str]:
    if not parts.username:
        return None, ""
    return unquote(parts.username), unquote(parts.password or "")


def _shown(text: str) -> str:
    return CREDENTIALS.sub(rf"\1{MASK}@", text)
