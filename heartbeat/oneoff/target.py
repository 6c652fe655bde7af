"""What is to be checked, told from how it is written.

Owns which kind of monitor a text stands for, and its form for that kind. Must not know
what the monitor does with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from heartbeat.errors import ConfigError
from heartbeat.monitors.addresses import is_address

if TYPE_CHECKING:
    from collections.abc import Mapping

HTTP, TCP, ICMP = "http", "tcp", "icmp"
KINDS: Final = (HTTP, TCP, ICMP)

SCHEMES: Final[Mapping[str, str]] = {
    "http": HTTP,
    "https": HTTP,
    "tcp": TCP,
    "plain": TCP,
    "tls": TCP,
    "ssl": TCP,
    "icmp": ICMP,
    "ping": ICMP,
}
ENCRYPTED: Final = frozenset({"https", "tls", "ssl"})
USUAL_PORTS: Final = {"http": "80", "https": "443"}

_WRITTEN = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<rest>.*)")
_AUTHORITY = re.compile(
    r"(?:.*@)?(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[^:]*))?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Target:
    """A target and the kind of monitor that checks it; `place` in that kind's form."""

    kind: str
    place: str


def target_of(text: str, kind: str = "") -> Target:
    """Return what a URL, a host with a port or a host stands for; raises `ConfigError`.

    `kind` is what the monitor is to be, whatever the text looks like.
    """
    written = _WRITTEN.fullmatch(text)
    if not text or written is None:
        raise ConfigError(f"'{text}' is no URL, host:port or host")
    scheme, rest = (written["scheme"] or "").lower(), written["rest"]
    if scheme and scheme not in SCHEMES:
        known = ", ".join(SCHEMES)
        raise ConfigError(f"nothing checks '{scheme}://': use one of {known}")
    if is_address(rest) and ":" in rest:
        rest = f"[{rest}]"
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or not parts["host"]:
        raise ConfigError(f"'{text}' names no host")
    natural = SCHEMES.get(scheme) or _kind_of(authority, rest, parts["port"])
    chosen = kind or natural
    if chosen == natural:
        return Target(chosen, _as_meant(text, rest, scheme, parts))
    return Target(chosen, _turned(chosen, scheme, rest, parts))


def _kind_of(authority: str, rest: str, port: str | None) -> str:
    if authority != rest:
        return HTTP
    return ICMP if port is None else TCP


def _as_meant(text: str, rest: str, scheme: str, parts: re.Match[str]) -> str:
    if SCHEMES.get(scheme) == ICMP or (not scheme and parts["port"] is None):
        return rest if "/" in rest else parts["host"]
    return text


def _turned(kind: str, scheme: str, rest: str, parts: re.Match[str]) -> str:
    """Return the target in the form of a kind that it was not written for."""
    if kind == ICMP:
        return parts["host"]
    is_encrypted = scheme in ENCRYPTED
    if kind == HTTP:
        return f"{'https' if is_encrypted else 'http'}://{rest}"
    port = parts["port"] or USUAL_PORTS.get(scheme, "")
    place = f"{parts['host']}:{port}" if port else parts["host"]
    return f"{'tls' if is_encrypted else 'tcp'}://{place}"
