"""`heartbeat export template|ilm-policy|index-pattern|fields`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.elastic.page import page
from heartbeat.elastic.plan import POLICY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONFIG = "output.console: ~\n"
NAME = f"heartbeat-{COMPATIBLE_VERSION}"


@pytest.mark.parametrize(
    ("flags", "lifecycle"), [((), {"name": "heartbeat"}), (("--noilm",), None)]
)
def test_template(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    flags: tuple[str, ...],
    lifecycle: object,
) -> None:
    """JSON with sorted keys, with or without the policy."""
    assert command("export", "template", *flags, config=CONFIG) == 0

    said = capsys.readouterr().out
    body = json.loads(said)
    assert said.startswith('{\n  "data_stream": {},\n')
    assert body["index_patterns"] == [NAME]
    assert body["template"]["settings"]["index"].get("lifecycle") == lifecycle


def test_template_of_a_stream(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """What a monitor's own data stream needs, whether or not there is such a one."""
    arguments = ("export", "template", "--stream", "synthetics-http")

    assert command(*arguments, config=CONFIG) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["index_patterns"] == ["synthetics-http-*"]
    assert body["priority"] == 150


def test_no_stream(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that is none is told."""
    assert command("export", "template", "--stream", "x", config=CONFIG) == 1
    assert "'x' is no type and dataset" in capsys.readouterr().err


def test_policy(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The policy that setup installs."""
    assert command("export", "ilm-policy", config=CONFIG) == 0
    assert json.loads(capsys.readouterr().out) == POLICY


def test_into_a_folder(
    command: Callable[..., int], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each has its place there."""
    command("export", "template", "--dir", "out", config=CONFIG)
    command("export", "ilm-policy", "--dir", "out")

    assert capsys.readouterr().out == "Writing to directory out\n" * 2
    found = sorted(p.relative_to(home / "out") for p in (home / "out").rglob("*.json"))
    assert [path.as_posix() for path in found] == [
        "policy/heartbeat.json",
        f"template/{NAME}.json",
    ]


def test_folder_that_cannot_be(
    command: Callable[..., int], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The fault is one line."""
    (home / "out").write_text("a file", encoding="utf-8")

    assert command("export", "ilm-policy", "--dir", "out", config=CONFIG) == 1
    assert "out/policy/heartbeat.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("version", "expected"),
    [("7.17.0", "Elasticsearch 8 or newer is needed"), ("x", "'x' is no version")],
)
def test_version(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    version: str,
    expected: str,
) -> None:
    """Older clusters would not take it."""
    arguments = ("export", "template", "--es.version", version)

    assert command(*arguments, config=CONFIG) == 1
    assert expected in capsys.readouterr().err


def test_data_view(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line that Kibana imports, under an id of our own."""
    assert command("export", "index-pattern") == 0

    (line,) = capsys.readouterr().out.splitlines()
    view = json.loads(line)
    formats = json.loads(view["attributes"]["fieldFormatMap"])
    assert (view["type"], view["id"]) == ("index-pattern", "heartbeat-data-view")
    assert view["coreMigrationVersion"] == "8.8.0"
    assert view["typeMigrationVersion"] == "8.0.0"
    assert view["attributes"]["title"] == "heartbeat-*"
    assert formats["monitor.duration.us"]["id"] == "duration"


def test_fields(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The page of all fields."""
    assert command("export", "fields") == 0
    assert capsys.readouterr().out == page()


def test_configuration_at_fault(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told instead."""
    config = "setup: {ilm.enabled: true, dsl.enabled: true}\n"

    assert command("export", "template", config=config) == 1
    assert "one lifecycle counts" in capsys.readouterr().err
