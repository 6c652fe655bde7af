"""What the operating system knows about this process, and what it is asked for.

Owns reading CPU time, memory, descriptors and load, and raising limits at start. Must
not know what the process does.
"""

from __future__ import annotations

import os
import platform
import pwd
import resource
import socket
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")
PING_GROUPS = Path("/proc/sys/net/ipv4/ping_group_range")
CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")
CAP_NET_RAW = 13
DESCRIPTORS = Path("/proc/self/fd")


def hostname() -> str:
    """Return the host's name as the system gives it, without asking a name server."""
    return socket.gethostname()


def raise_file_limit() -> int:
    """Allow as many open descriptors as the system grants; return how many.

    Checks in flight = rate x timeout, and the usual soft limit of 1,024 is met by a few
    hundred monitors of a network that is down.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def rights() -> str:
    """Return as whom we run and what we may, in words for the log."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    user = os.geteuid()
    name = username(user) and f" ({username(user)})"
    raw = "with" if has_net_raw() else "without"
    return (
        f"running as uid {user}{name}, gid {os.getegid()}, {raw} CAP_NET_RAW,"
        f" at most {soft} open files"
    )


def username(user: int) -> str:
    """Return the name of a user, empty if there is none."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return ""


def has_net_raw() -> bool:
    """Return whether we may send any packet; root may where the system does not say."""
    try:
        lines = STATUS.read_text(encoding="ascii").splitlines()
        mask = next(x.split()[1] for x in lines if x.startswith("CapEff:"))
    except (OSError, StopIteration):
        return os.geteuid() == 0
    return bool(int(mask, 16) >> CAP_NET_RAW & 1)


def may_ping() -> bool:
    """Return whether echo requests can be sent at all."""
    if has_net_raw():
        return True
    try:
        lowest, highest = map(int, PING_GROUPS.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return True
    groups = {os.getegid(), *os.getgroups()}
    return any(lowest <= group <= highest for group in groups)


def usable_processors() -> int:
    """Return how many processors this process may keep busy, one at least.

    That is what its affinity allows, or less where a control group limits its time.
    """
    allowed = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    try:
        quota, period = CPU_LIMIT.read_text(encoding="ascii").split()
        return max(min(allowed, int(quota) // int(period)), 1)
    except (OSError, ValueError):  # no such group, or "max" for no limit
        return allowed


def host_facts() -> dict[str, Any]:
    """Return the members of `host` in `/state`."""
    return {
        "hostname": hostname(),
        "architecture": platform.machine(),
        "os": {
            "family": os.name,
            "kernel": platform.release(),
            "name": platform.system(),
            "platform": platform.system().lower(),
            "version": platform.version(),
        },
    }


def usage(uptime_seconds: float) -> dict[str, Any]:
    """Return the members of `beat` in `/stats`: CPU, memory, descriptors, uptime."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    user, system = int(used.ru_utime * 1000), int(used.ru_stime * 1000)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return {
        "cpu": {
            "user": _cpu(user),
            "system": _cpu(system),
            "total": {**_cpu(user + system), "value": user + system},
        },
        "memstats": _memory(used.ru_maxrss * 1024),
        "handles": {"open": _open_files(), "limit": {"soft": soft, "hard": hard}},
        "uptime": {"ms": int(uptime_seconds * 1000)},
    }


def system() -> dict[str, Any]:
    """Return the members of `system` in `/stats`: cores and load."""
    cores = os.cpu_count() or 1
    loads = dict(zip(("1", "5", "15"), os.getloadavg(), strict=True))
    norm = {k: round(v / cores, 4) for k, v in loads.items()}
    return {"cpu": {"cores": cores}, "load": {**loads, "norm": norm}}


def _cpu(milliseconds: int) -> dict[str, Any]:
    return {"ticks": milliseconds, "time": {"ms": milliseconds}}


def _memory(peak: int) -> dict[str, int]:
    """Return memory in bytes; only the peak where the present is not told.

    `memory_alloc` is what the process alone has in memory, `memory_sys` what it has
    asked the system for: the nearest there is to the reference's figures.
    """
    try:
        lines = STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return {"rss": peak}
    known = {name: rest for name, _, rest in (line.partition(":") for line in lines)}
    return {
        name: int(known[line].split()[0]) * 1024
        for name, line in (
            ("rss", "VmRSS"),
            ("memory_alloc", "RssAnon"),
            ("memory_sys", "VmData"),
        )
        if line in known
    }


def _open_files() -> int:
    try:
        return sum(1 for _ in DESCRIPTORS.iterdir())
    except OSError:
        return -1
