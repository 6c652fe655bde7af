"""What is known about the process."""

import os
import pwd
import resource
from pathlib import Path

import pytest

from heartbeat import process


def limits(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int
) -> list[tuple[int, int]]:
    """Pretend these limits; return the list of what will be asked for."""
    asked: list[tuple[int, int]] = []

    def get(_: int) -> tuple[int, int]:
        return soft, hard

    def set_to(_: int, wanted: tuple[int, int]) -> None:
        asked.append(wanted)

    monkeypatch.setattr(resource, "getrlimit", get)
    monkeypatch.setattr(resource, "setrlimit", set_to)
    return asked


class TestUsage:
    """The figures of `/stats`."""

    def test_total_is_user_and_system(self) -> None:
        """The parts add up."""
        cpu = process.usage(1.0)["cpu"]
        parts = cpu["user"]["ticks"] + cpu["system"]["ticks"]

        assert cpu["total"]["value"] == parts

    def test_uptime_is_milliseconds(self) -> None:
        """Seconds come in, milliseconds go out."""
        assert process.usage(1.5)["uptime"] == {"ms": 1500}

    def test_resident_memory_is_bytes(self) -> None:
        """A Python process has more than five and less than ten thousand megabytes."""
        assert 5_000_000 < process.usage(0)["memstats"]["rss"] < 10_000_000_000

    def test_memory_falls_back_to_the_peak(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where the system does not tell the present, the peak is shown."""
        monkeypatch.setattr(process, "STATUS", Path("/no/such/file"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

        assert process.usage(0)["memstats"]["rss"] >= peak

    def test_open_files_are_counted(self) -> None:
        """One more file is one more."""
        before = process.usage(0)["handles"]["open"]
        with Path(__file__).open():
            during = process.usage(0)["handles"]["open"]

        assert during == before + 1

    def test_open_files_may_be_unknown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the system does not tell, the figure says so."""
        monkeypatch.setattr(process, "DESCRIPTORS", Path("/no/such/directory"))

        assert process.usage(0)["handles"]["open"] == -1


class TestSystem:
    """The figures of the host."""

    def test_load_is_also_told_per_core(self) -> None:
        """`norm` is the load divided by the cores."""
        system = process.system()
        load = system["load"]

        assert load["norm"]["1"] == round(load["1"] / system["cpu"]["cores"], 4)

    def test_host_has_a_name(self) -> None:
        """`/state` names the host."""
        assert process.host_facts()["hostname"] == process.hostname()


class TestLimits:
    """What is asked of the system."""

    def test_the_soft_file_limit_rises_to_the_hard_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As many checks may be in flight as the system grants."""
        asked = limits(monkeypatch, 1024, 4096)
        process.raise_file_limit()

        assert asked == [(4096, 4096)]

    def test_a_limit_that_is_high_enough_is_left(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing is set that is so already."""
        asked = limits(monkeypatch, 4096, 4096)
        process.raise_file_limit()

        assert asked == []


class TestRights:
    """As whom we run, and what we may."""

    def test_are_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """One line for the log: who, and how much."""
        limits(monkeypatch, 1024, 4096)
        monkeypatch.setattr(process, "has_net_raw", lambda: False)
        monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
        monkeypatch.setattr(os, "getegid", lambda: 7)

        assert process.rights() == (
            "running as uid 4000000, gid 7, without CAP_NET_RAW, at most 1024 open"
            " files"
        )

    def test_a_user_is_named(self) -> None:
        """Where the system knows it."""
        name = pwd.getpwuid(os.geteuid()).pw_name

        assert f"({name})" in process.rights()

    @pytest.mark.parametrize(
        ("mask", "expected"), [("0000000000002000", True), ("0000000000001fff", False)]
    )
    def test_raw_packets_are_a_capability(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        mask: str,
        expected: bool,  # noqa: FBT001 - a parameter
    ) -> None:
        """What counts is the effective set, not who we are."""
        (tmp_path / "status").write_text(f"Name:\tx\nCapEff:\t{mask}\n")
        monkeypatch.setattr(process, "STATUS", tmp_path / "status")

        assert process.has_net_raw() is expected

    def test_without_proc_root_may(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Elsewhere it is the user that counts."""
        monkeypatch.setattr(process, "STATUS", tmp_path / "absent")
        monkeypatch.setattr(os, "geteuid", lambda: 0)

        assert process.has_net_raw()

    @pytest.mark.parametrize(
        ("groups", "expected"),
        [("0\t2147483647", True), ("1\t0", False), ("odd", True)],
    )
    def test_a_group_may_ping(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        groups: str,
        expected: bool,  # noqa: FBT001 - a parameter
    ) -> None:
        """Without the capability the kernel's range of groups decides."""
        (tmp_path / "range").write_text(groups)
        monkeypatch.setattr(process, "PING_GROUPS", tmp_path / "range")
        monkeypatch.setattr(process, "has_net_raw", lambda: False)

        assert process.may_ping() is expected


class TestProcessors:
    """How many processors there are for us."""

    @pytest.fixture
    def limit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Return the file of the control group; eight processors are allowed."""
        monkeypatch.setattr(process, "CPU_LIMIT", tmp_path / "cpu.max")
        allowed = {0: set(range(8))}
        monkeypatch.setattr(os, "sched_getaffinity", allowed.__getitem__)
        return tmp_path / "cpu.max"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("max 100000\n", 8),
            ("250000 100000\n", 2),
            ("50000 100000\n", 1),
            ("1600000 100000\n", 8),
            ("odd\n", 8),
        ],
    )
    def test_limit_of_a_container(self, limit: Path, text: str, expected: int) -> None:
        """Time for two processors and a half keeps two busy."""
        limit.write_text(text)

        assert process.usable_processors() == expected

    @pytest.mark.usefixtures("limit")
    def test_no_limit(self) -> None:
        """Those that the process may run on."""
        assert process.usable_processors() == 8
