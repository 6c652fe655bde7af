"""What machine this is: its name, its system, its addresses.

Owns gathering these facts and how long they count. Must not know which processor shows
them.
"""

from __future__ import annotations

import platform
import socket
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from heartbeat.event import Fields
    from heartbeat.net import Network

ID_FILES: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
CONTAINER_MARKS: Final = (Path("/.dockerenv"), Path("/run/.containerenv"))
CGROUPS: Final = Path("/proc/1/cgroup")
CONTAINER_WORDS: Final = ("docker", "kubepods", "containerd", "lxc", "libpod")

FAMILIES: Final[Mapping[str, str]] = {
    name: family
    for family, names in {
        "alpine": ("alpine",),
        "arch": ("arch", "archarm", "antergos", "manjaro"),
        "debian": ("debian", "ubuntu", "raspbian", "linuxmint"),
        "redhat": (
            *("redhat", "rhel", "fedora", "centos", "rocky", "almalinux", "ol"),
            *("oraclelinux", "scientific", "amzn", "amazon", "mariner"),
        ),
        "suse": ("suse", "sles", "opensuse", "opensuse-leap", "opensuse-tumbleweed"),
    }.items()
    for name in names
}
"""Families of Linux by the name of the distribution."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of all interfaces but the loopback."""

    ips: Sequence[str]
    macs: Sequence[str]


class Machine:
    """The machine, looked at when asked. One for all processors of a process."""

    def __init__(self, network: Network) -> None:
        """Look at nothing yet."""
        self._clock = network.clock
        self._addresses: tuple[float, Addresses] | None = None

    @cached_property
    def system(self) -> Fields:
        """What does not change while the machine runs: members of `host`."""
        system: Fields = {"architecture": architecture(), "os": _system()}
        identity = _first_line(ID_FILES)
        if identity:
            system["id"] = identity
        if platform.system() == "Linux":
            system["containerized"] = _is_container()
        return system

    def addresses(self, ttl: float) -> Addresses:
        """Return addresses that were gathered no longer ago than `ttl` seconds."""
        now = self._clock.monotonic()
        if self._addresses is None or now - self._addresses[0] >= ttl:
            self._addresses = now, gathered(psutil.net_if_addrs())
        return self._addresses[1]


def architecture() -> str:
    """Return the architecture as documents name it."""
    return platform.machine()


def gathered(interfaces: Mapping[str, Iterable[Any]]) -> Addresses:
    """Return the addresses of interfaces that are not the loopback, each once."""
    ips: dict[str, None] = {}
    macs: dict[str, None] = {}
    for found in interfaces.values():
        entries = list(found)
        written = [e.address.partition("%")[0] for e in entries if _is_ip(e.family)]
        if any(ip_address(text).is_loopback for text in written):
            continue
        ips |= dict.fromkeys(written)
        links = [e.address for e in entries if e.family == psutil.AF_LINK]
        macs |= dict.fromkeys(text.upper().replace(":", "-") for text in links)
    return Addresses(tuple(ips), tuple(macs))


def _is_ip(family: int) -> bool:
    return family in {socket.AF_INET, socket.AF_INET6}


def _system() -> Fields:
    """Return the members of `host.os`."""
    kind = platform.system().lower()
    system: Fields = {"type": kind, "kernel": platform.release()}
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return {**system, "platform": kind, "name": platform.system()}
    name = release.get("ID", kind)
    alike = (name, *release.get("ID_LIKE", "").split())
    family = next((FAMILIES[one] for one in alike if one in FAMILIES), "")
    members = {
        "platform": name,
        "name": release.get("NAME", ""),
        "version": release.get("VERSION") or release.get("VERSION_ID", ""),
        "family": family,
        "codename": release.get("VERSION_CODENAME", ""),
    }
    return system | {key: text for key, text in members.items() if text}


def _is_container() -> bool:
    if any(mark.exists() for mark in CONTAINER_MARKS):
        return True
    try:
        groups = CGROUPS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(word in groups for word in CONTAINER_WORDS)


def _first_line(files: Iterable[Path]) -> str:
    for file in files:
        try:
            return file.read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            continue
    return ""
