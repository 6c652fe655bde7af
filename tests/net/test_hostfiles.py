"""The machine's files about names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.net.hostfiles import (
    LOCAL,
    HostFiles,
    Servers,
    parse_hosts,
    parse_resolv_conf,
)

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


def test_hosts() -> None:
    """Names are found in any case, addresses stay in order, oddities are left out."""
    found = parse_hosts(
        "127.0.0.1 localhost LocalHost.\n"
        "::1\tlocalhost ip6-localhost # a comment\n"
        "127.0.0.1 localhost\n"
        "\n# 10.0.0.1 gone\n"
        "nonsense here\n10.0.0.9\n"
    )

    assert found == {
        "localhost": ("127.0.0.1", "::1"),
        "ip6-localhost": ("::1",),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Servers()),
        ("nameserver 10.0.0.53", Servers(("10.0.0.53:53",))),
        (
            "nameserver ::1\nnameserver\nnameserver x\nnameserver fe80::1%eth0",
            Servers(("[::1]:53", "[fe80::1%eth0]:53")),
        ),
        (
            "\n".join(f"nameserver 10.0.0.{n}" for n in range(5)),
            Servers(("10.0.0.0:53", "10.0.0.1:53", "10.0.0.2:53")),
        ),
        ("search a.test b.test. .", Servers(search=("a.test", "b.test"))),
        ("search a.test\ndomain c.test d.test", Servers(search=("c.test",))),
        (
            "options ndots:5 timeout:2 attempts:3 rotate use-vc edns0",
            Servers(dots=5, timeout=2, attempts=3, rotates=True, uses_tcp=True),
        ),
        (
            "options ndots:99 timeout:0 attempts:x\noptions attempts:99 usevc",
            Servers(dots=15, timeout=1, attempts=5, uses_tcp=True),
        ),
        ("; nameserver 10.0.0.1\nnameserver 10.0.0.2 ; no", Servers(("10.0.0.2:53",))),
    ],
)
def test_resolv_conf(text: str, expected: Servers) -> None:
    """The file's keywords and options, within sensible bounds."""
    assert parse_resolv_conf(text) == expected


@pytest.mark.parametrize(
    ("hostname", "text", "expected"),
    [
        ("web.corp.test", "", ("corp.test",)),
        ("web", "", ()),
        ("web.corp.test", "search a.test", ("a.test",)),
        ("web.corp.test", "search .", ()),
    ],
)
def test_the_domain_of_the_machine(
    hostname: str, text: str, expected: tuple[str, ...]
) -> None:
    """The machine's own domain is searched if the file does not say otherwise."""
    assert parse_resolv_conf(text, hostname).search == expected


@pytest.mark.parametrize(
    ("name", "dots", "expected"),
    [
        ("web", 1, ["web.a.test.", "web.b.test.", "web."]),
        ("web.x", 1, ["web.x.", "web.x.a.test.", "web.x.b.test."]),
        ("web.x", 2, ["web.x.a.test.", "web.x.b.test.", "web.x."]),
        ("web.", 5, ["web."]),
        ("a" * 60 + ".b" * 96, 1, ["a" * 60 + ".b" * 96 + "."]),
    ],
)
def test_candidates(name: str, dots: int, expected: list[str]) -> None:
    """A name with dots enough is tried as it is first, one with a last dot only so."""
    servers = Servers(search=("a.test", "b.test"), dots=dots)

    assert list(servers.candidates(name)) == expected


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """Return a hosts file."""
    path = tmp_path / "hosts"
    path.write_text("10.0.0.1 web\n")
    return path


def test_a_change_is_seen(clock: FakeClock, hosts: Path, tmp_path: Path) -> None:
    """Files are looked at every few seconds and read when they have changed."""
    resolv_conf = tmp_path / "resolv.conf"
    files = HostFiles(clock, hosts, resolv_conf)
    before = files.hosts["web"], files.servers.addresses

    hosts.write_text("10.0.0.22 web\n")
    resolv_conf.write_text("nameserver 10.0.0.53\n")
    at_once = files.hosts["web"], files.servers.addresses
    clock.jump(5)
    later = files.hosts["web"], files.servers.addresses

    assert before == at_once == (("10.0.0.1",), LOCAL)
    assert later == (("10.0.0.22",), ("10.0.0.53:53",))


def test_files_that_have_not_changed_are_not_read(
    clock: FakeClock, hosts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look costs no reading."""
    files = HostFiles(clock, hosts, tmp_path / "missing")
    known = files.hosts
    monkeypatch.setattr(Path, "read_text", None)
    clock.jump(60)

    assert files.hosts is known


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(clock: FakeClock, hosts: Path) -> None:
    """A file that cannot be read is as good as none."""
    hosts.chmod(0)

    assert HostFiles(clock, hosts).hosts == {}


@given(st.text(max_size=100))
def test_any_text_is_read(text: str) -> None:
    """No file can make reading fail."""
    assert all(parse_hosts(text).values())
    assert parse_resolv_conf(f"options {text}\nsearch {text}\n{text}").addresses
