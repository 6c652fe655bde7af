"""What the machine says about names: `/etc/hosts` and `/etc/resolv.conf`.

Owns the syntax of both files and their renewal when they change. Must not ask any
server.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.net.names import as_address
from heartbeat.net.stamp import stamp
from heartbeat.net.wording import endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from heartbeat.clock import Clock

HOSTS = Path("/etc/hosts")
RESOLV_CONF = Path("/etc/resolv.conf")
DNS_PORT = 53

LOOK_EVERY = 5.0
"""Seconds between two looks at whether a file has changed."""

LONGEST_NAME = 254
LOCAL = ("127.0.0.1:53",)
MAX_SERVERS = 3

Hosts: TypeAlias = "Mapping[str, tuple[str, ...]]"
"""Name in lower case → addresses in the order of the file."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Whom to ask, and how.

    `addresses` are `ip:port`; `timeout` is in seconds; a name with fewer dots than
    `dots` is tried in the `search` domains first.
    """

    addresses: tuple[str, ...] = LOCAL
    search: tuple[str, ...] = ()
    dots: int = 1
    timeout: float = 5.0
    attempts: int = 2
    rotates: bool = False
    uses_tcp: bool = False

    def candidates(self, name: str) -> Iterator[str]:
        """Yield the absolute names that a name may stand for, likeliest first."""
        if name.endswith("."):
            yield name
            return
        within = [f"{name}.{domain}." for domain in self.search]
        first = name.count(".") >= self.dots
        for candidate in [f"{name}.", *within] if first else [*within, f"{name}."]:
            if len(candidate) <= LONGEST_NAME:
                yield candidate


def parse_hosts(text: str) -> Hosts:
    """Return the names of a hosts file; lines that make no sense are passed over."""
    found: dict[str, dict[str, None]] = {}
    for words in _lines(text, "#"):
        address = as_address(words[0])
        if address is not None:
            for name in words[1:]:
                found.setdefault(name.lower().removesuffix("."), {})[address] = None
    return {name: tuple(addresses) for name, addresses in found.items()}


def parse_resolv_conf(text: str, hostname: str = "") -> Servers:
    """Return what a resolv.conf says.

    The domain of `hostname` is searched where the file does not say otherwise.
    """
    addresses: list[str] = []
    search = tuple(filter(None, [hostname.partition(".")[2].strip(".")]))
    options: dict[str, str] = {}
    for keyword, *words in _lines(text, "#;"):
        if keyword == "nameserver" and words and as_address(words[0]) is not None:
            addresses.append(endpoint(words[0], DNS_PORT))
        elif keyword in {"search", "domain"}:
            count = 1 if keyword == "domain" else None
            search = tuple(filter(None, (word.strip(".") for word in words[:count])))
        elif keyword == "options":
            pairs = (word.partition(":") for word in words)
            options |= {name: value for name, _, value in pairs}
    return Servers(
        tuple(addresses[:MAX_SERVERS]) or LOCAL,
        search,
        dots=_number(options.get("ndots"), 1, range(16)),
        timeout=_number(options.get("timeout"), 5, range(1, 31)),
        attempts=_number(options.get("attempts"), 2, range(1, 6)),
        rotates="rotate" in options,
        uses_tcp="use-vc" in options or "usevc" in options,
    )


def _lines(text: str, marks: str) -> Iterator[list[str]]:
    """Yield the words of every line that has any, without comments."""
    for line in text.splitlines():
        for mark in marks:
            line = line.partition(mark)[0]  # noqa: PLW2901 - cut step by step
        if words := line.split():
            yield words


def _number(text: str | None, default: int, allowed: range) -> int:
    """Return a number, moved into what is allowed."""
    if text is None or not (text.isascii() and text.isdigit()):
        return default
    return min(max(int(text), allowed.start), allowed.stop - 1)


class HostFiles:
    """Both files as they are now, give or take a few seconds."""

    def __init__(
        self, clock: Clock, hosts: Path = HOSTS, resolv_conf: Path = RESOLV_CONF
    ) -> None:
        """Read nothing before somebody asks."""
        self._clock = clock
        self._paths = hosts, resolv_conf
        self._stamps: list[object] | None = None
        self._looked_at = 0.0
        self._hosts: Hosts = {}
        self._servers = Servers()

    @property
    def hosts(self) -> Hosts:
        """The names of the hosts file."""
        self._refresh()
        return self._hosts

    @property
    def servers(self) -> Servers:
        """Whom to ask for other names."""
        self._refresh()
        return self._servers

    def _refresh(self) -> None:
        now = self._clock.monotonic()
        if self._stamps is not None and now < self._looked_at + LOOK_EVERY:
            return
        self._looked_at = now
        stamps = [stamp(path) for path in self._paths]
        if stamps != self._stamps:
            self._stamps = stamps
            hosts, resolv_conf = map(_content, self._paths)
            self._hosts = parse_hosts(hosts)
            self._servers = parse_resolv_conf(resolv_conf, socket.gethostname())


def _content(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
