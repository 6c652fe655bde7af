"""`heartbeat export`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.config import written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MONITORS = """\
heartbeat.config.monitors.path: monitors.d/*.yml
heartbeat.monitors:
- {type: synthetics/http, id: a, schedule: '@every 90s', hosts: [h], urls: "http://u/x"}
- {type: tcp, id: b, schedule: '0 12 * * *', hosts: [t], ports: ["81", 82], enabled: on}
- {type: icmp, enabled: off, schedule: never, id: off}
- {type: dns, name: 7, schedule: '@every 5s'}
"""
MORE = (
    "- {type: icmp, id: d, schedule: '@every 5s', hosts: ['::1'], wait: '${SECRET}'}\n"
)


def test_config(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The configuration as it counts, variables resolved or not."""
    config = "output.console: ~\nname: ${path.home:}x\n"

    assert command("export", "config", "-E", "path.home=/h", config=config) == 0
    assert "name: /hx\n" in capsys.readouterr().out
    assert command("export", "config", "--unresolved", "--origin") == 0
    assert 'name: "${path.home:}x"  # heartbeat.yml:2\n' in capsys.readouterr().out


def test_config_at_fault(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """What is at fault is told instead."""
    assert command("export", "config", config="http.port: x\n") == 1
    assert "'x' is no whole number" in capsys.readouterr().err


def test_monitors(
    command: Callable[..., int],
    home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every monitor, one JSON object a line, in the order of the files."""
    monkeypatch.setenv("SECRET", "soon")
    file = written(home, MORE, "monitors.d/m.yml")

    code = command(
        "export", "monitors", "--from", "2026-01-01T13:00:00", config=MONITORS
    )

    said = capsys.readouterr()
    lines = [json.loads(line) for line in said.out.splitlines()]
    schedule = {"every_s": 90.0, "timeout_s": 16.0, "enabled": True}
    assert code == 0
    assert lines[0] == schedule | {
        "id": "a",
        "type": "http",
        "configured_type": "synthetics/http",
        "name": "",
        "schedule": "@every 90s",
        "endpoints": ["http://h", "http://u/x"],
        "opts": {"hosts": ["h"], "urls": ["http://u/x"]},
        "file": "heartbeat.yml",
        "line": 3,
    }
    assert lines[1]["endpoints"] == ["tcp://t:81", "tcp://t:82"]
    assert lines[1]["opts"] == {"hosts": ["t"], "ports": [81, 82]}
    assert lines[1]["next"] == [f"2026-01-0{n}T12:00:00.000Z" for n in (2, 3, 4)]
    assert lines[2] == {
        "id": "false",
        "type": "icmp",
        "configured_type": "icmp",
        "name": "",
        "schedule": "never",
        "enabled": False,
        "file": "heartbeat.yml",
        "line": 5,
    }
    assert (lines[3]["type"], lines[3]["name"]) == (None, "7")
    assert lines[3]["bad_config"].startswith("monitor type dns does not exist")
    assert lines[4]["bad_config"].startswith("invalid duration 'soon'")
    assert (lines[4]["file"], lines[4]["line"]) == (file, 1)
    assert len(lines) == 5
    assert "heartbeat.yml:6:4: monitor type dns does not exist" in said.err


@pytest.mark.parametrize("zone", ["", "Z", "+00:00"])
def test_moment(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str], zone: str
) -> None:
    """The moment is UTC unless it says otherwise."""
    config = (
        "heartbeat.scheduler.location: UTC\nheartbeat.monitors:\n"
        "- {type: icmp, schedule: '30 0 0 31 12 * 2026', hosts: a}\n"
    )

    command(
        "export",
        "monitors",
        "--from",
        f"2026-12-30{zone and 'T00:00'}{zone}",
        config=config,
    )

    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["next"] == ["2026-12-31T00:00:30.000Z"]


def test_bad_moment(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """A moment nobody can read is a usage error."""
    assert command("export", "monitors", "--from", "soon", config=MONITORS) == 1
    assert "'soon' is no time such as" in capsys.readouterr().err


def test_monitors_of_no_file(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a configuration there is nothing to tell."""
    assert command("export", "monitors") == 1
    assert "no such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("subject", "begin"),
    [
        ("schema", '{\n  "$schema"'),
        ("reference", "# Every option"),
        ("options", "# Configuration\n"),
    ],
)
def test_options(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    *,
    subject: str,
    begin: str,
) -> None:
    """All options there are, without any configuration."""
    assert command("export", subject) == 0
    assert capsys.readouterr().out.startswith(begin)


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_help(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
) -> None:
    """Without a subject its help is shown."""
    assert command("export", *arguments) == 0
    assert "monitors" in capsys.readouterr().out


def test_unknown_subject(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown subject is a usage error."""
    assert command("export", "dashboard") == 1
    assert "No such command 'dashboard'" in capsys.readouterr().err


def test_permissions_from_the_environment(
    command: Callable[..., int], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BEAT_STRICT_PERMS=false switches the check of permissions off."""
    written(home, "")
    (home / "heartbeat.yml").chmod(0o666)

    assert command("export", "config") == 1
    monkeypatch.setenv("BEAT_STRICT_PERMS", "false")
    assert command("export", "config") == 0
