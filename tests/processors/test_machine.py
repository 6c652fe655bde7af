"""Processors of the machine: host, observer, agent and processes."""

from __future__ import annotations

import os
import platform
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from heartbeat.errors import ProcessorError
from heartbeat.net import Network
from heartbeat.processors import machine
from heartbeat.processors.cgroups import container_of
from heartbeat.processors.machine import Addresses, Machine, gathered
from tests.support.clock import FakeClock
from tests.support.processors import context, event, faults, processed, processor

if TYPE_CHECKING:
    from pathlib import Path

RELEASE = {
    "ID": "linuxmint",
    "ID_LIKE": "ubuntu debian",
    "NAME": "Mint",
    "VERSION": "22 (Wilma)",
    "VERSION_CODENAME": "wilma",
}


def interface(*addresses: tuple[int, str]) -> list[SimpleNamespace]:
    """Return an interface with these addresses."""
    return [SimpleNamespace(family=kind, address=text) for kind, text in addresses]


INTERFACES = {
    "lo": interface(
        (socket.AF_INET, "127.0.0.1"), (psutil.AF_LINK, "00:00:00:00:00:00")
    ),
    "eth0": interface(
        (socket.AF_INET, "192.0.2.7"),
        (socket.AF_INET6, "fe80::1%eth0"),
        (psutil.AF_LINK, "02:fc:00:00:00:0a"),
    ),
}


@pytest.fixture(autouse=True)
def interfaces(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Give the machine known interfaces and a known system."""
    found = dict(INTERFACES)
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: found)
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: RELEASE)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "release", lambda: "6.1.0")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(machine, "ID_FILES", ())
    return found


def test_host() -> None:
    """The machine is told with its system and addresses."""
    changed = processed("add_host_metadata", None, {}, context(hostname="Probe-1"))

    assert changed is not None
    del changed["host"]["containerized"]
    assert changed == {
        "host": {
            "name": "probe-1",
            "hostname": "Probe-1",
            "architecture": "x86_64",
            "ip": ["192.0.2.7", "fe80::1"],
            "mac": ["02-FC-00-00-00-0A"],
            "os": {
                "type": "linux",
                "platform": "linuxmint",
                "name": "Mint",
                "version": "22 (Wilma)",
                "family": "debian",
                "codename": "wilma",
                "kernel": "6.1.0",
            },
        }
    }


def test_host_without_addresses() -> None:
    """Addresses can be left out, by an option or by the environment."""
    off = context(environment={"ELASTIC_NETINFO": "false"})
    for options, within in (
        ({"netinfo": {"enabled": False}}, context()),
        ({}, off),
    ):
        changed = processed("add_host_metadata", options, {}, within)
        assert changed is not None
        assert not {"ip", "mac"} & changed["host"].keys()
    changed = processed("add_host_metadata", {"netinfo.enabled": True}, {}, off)
    assert changed is not None
    assert "ip" in changed["host"]


def test_host_of_the_event() -> None:
    """What an event tells of its host is completed, or left alone."""
    fields = {"host": {"name": "other", "uptime": 1}}

    changed = processed("add_host_metadata", {"name": "mine"}, fields)

    assert changed is not None
    assert (changed["host"]["name"], changed["host"]["uptime"]) == ("mine", 1)
    keep = {"replace_fields": False}
    assert processed("add_host_metadata", keep, fields) == fields
    changed = processed("add_host_metadata", keep, {"host": {"name": "other"}})
    assert changed is not None
    assert changed["host"]["hostname"] == "probe-1"


def test_geography() -> None:
    """The place is told as written; a location must be one."""
    geo = {"name": "lab", "location": "40.7128, -74.0060", "city_name": "New York"}

    changed = processed("add_host_metadata", {"geo": geo})

    assert changed is not None
    assert changed["host"]["geo"] == geo
    (fault,) = faults({"add_host_metadata": {"geo": {"location": "here"}}})
    assert fault.startswith("'here' is no place; write latitude and longitude")


def test_observer() -> None:
    """The observer is told unless the event has one."""
    options = {"geo": {"name": "lab"}}
    told = {
        "hostname": "probe-1",
        "ip": ["192.0.2.7", "fe80::1"],
        "mac": ["02-FC-00-00-00-0A"],
        "geo": {"name": "lab"},
    }
    other = {"observer": {"name": "x"}}

    assert processed("add_observer_metadata", options) == {"observer": told}
    assert processed("add_observer_metadata", options, other) == other
    forced = {**options, "overwrite": True}
    assert processed("add_observer_metadata", forced, other) == {
        "observer": {"name": "x", **told}
    }


def test_ttl(interfaces: dict[str, Any]) -> None:
    """Addresses are gathered anew when they are too old."""
    clock = FakeClock()
    here = Machine(Network(clock))
    before = here.addresses(300.0)
    interfaces.clear()
    clock.jump(299.0)
    assert here.addresses(300.0) is before
    clock.jump(1.0)
    assert here.addresses(300.0) == Addresses((), ())


def test_equal_addresses() -> None:
    """Addresses are told once."""
    one = INTERFACES["eth0"]

    assert gathered({"a": one, "b": one}) == gathered({"a": one})


def test_unknown_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that does not say what it is has its kernel's name."""

    def missing() -> dict[str, str]:
        raise OSError

    monkeypatch.setattr(platform, "freedesktop_os_release", missing)

    assert Machine(Network(FakeClock())).system["os"] == {
        "type": "linux",
        "kernel": "6.1.0",
        "platform": "linux",
        "name": "Linux",
    }


def test_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's id and being a container are told by files."""
    (tmp_path / "id").write_text("0123\n")
    (tmp_path / "cgroup").write_text("0::/docker/abc\n")
    monkeypatch.setattr(machine, "ID_FILES", (tmp_path / "none", tmp_path / "id"))
    monkeypatch.setattr(machine, "CONTAINER_MARKS", ())
    monkeypatch.setattr(machine, "CGROUPS", tmp_path / "cgroup")

    system = Machine(Network(FakeClock())).system

    assert (system["id"], system["containerized"]) == ("0123", True)
    monkeypatch.setattr(machine, "CGROUPS", tmp_path / "none")
    assert Machine(Network(FakeClock())).system["containerized"] is False


def test_agent() -> None:
    """The agent is told; what the event says of it stays."""
    within = context(agent={"name": "a", "type": "heartbeat"})

    assert processed("add_agent_metadata", None, {"agent": {"name": "b"}}, within) == {
        "agent": {"name": "b", "type": "heartbeat"}
    }


def test_process() -> None:
    """The process that an event names is told."""
    pid = os.getpid()

    changed = processed("add_process_metadata", None, {"process": {"pid": pid}})

    assert changed is not None
    found = changed["process"]
    own = psutil.Process()
    assert (found["pid"], found["parent"]["pid"]) == (pid, os.getppid())
    assert (found["executable"], found["args"]) == (own.exe(), own.cmdline())
    assert found["owner"]["id"] == str(os.getuid())
    assert "env" not in found


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"target": "t", "include_fields": ["process.parent"]}, {"parent"}),
        (
            {
                "target": "t",
                "include_fields": ["process.env", "process.pid"],
                "restricted_fields": True,
            },
            {"env", "pid"},
        ),
        ({"target": "t", "include_fields": ["process.env", "process.pid"]}, {"pid"}),
    ],
)
def test_process_fields(options: dict[str, Any], expected: set[str]) -> None:
    """Options say which facts go where; the environment must be allowed."""
    fields = {"process": {"pid": str(os.getpid())}}

    changed = processed("add_process_metadata", options, fields)

    assert changed is not None
    assert changed["t"]["process"].keys() == expected


def test_processes_that_are_none() -> None:
    """Numbers of no process are left alone; without a number options decide."""
    fields = {"process": {"pid": 2**40}}
    assert processed("add_process_metadata", None, fields) == fields
    assert processed("add_process_metadata", None, {}) == {}
    with pytest.raises(ProcessorError, match="none of the fields in match_pids found"):
        processed("add_process_metadata", {"ignore_missing": False}, {})


def test_process_overwriting() -> None:
    """Other facts of a process are overwritten only if options say so."""
    fields = {"process": {"pid": os.getpid(), "name": "other"}}
    with pytest.raises(ProcessorError, match=r"'process\.name' already"):
        processed("add_process_metadata", None, fields)
    changed = processed("add_process_metadata", {"overwrite_keys": True}, fields)
    assert changed is not None
    assert changed["process"]["name"] == psutil.Process().name()


def test_bad_process_field() -> None:
    """Only facts that there are can be asked for."""
    (fault,) = faults({"add_process_metadata": {"include_fields": ["process.mood"]}})

    assert fault.startswith("field 'process.mood' not found")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"0::/system.slice/docker-{'ab' * 32}.scope\n", "ab" * 32),
        (f"12:cpu:/kubepods/pod{'c' * 8}/{'de' * 32}\n", "de" * 32),
        ("0::/user.slice\n", None),
    ],
)
def test_containers(tmp_path: Path, text: str, expected: str | None) -> None:
    """Control groups tell the container of a process."""
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/cgroup").write_text(text)

    assert container_of(7, str(tmp_path)) == expected
    assert container_of(8, str(tmp_path)) is None


def test_facts_are_shared() -> None:
    """All processors of a process look at one machine."""
    within = context()
    for name in ("add_host_metadata", "add_observer_metadata"):
        found: Any = processor(name, within=within)
        assert found(event()) is not None
    assert within.network.shared(Machine) is within.network.shared(Machine)
