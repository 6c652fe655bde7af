"""`heartbeat export template|ilm-policy|index-pattern|dashboards|fields`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.elastic.dashboards.dataview import data_view
from heartbeat.elastic.dashboards.objects import as_lines
from heartbeat.elastic.dashboards.shipped import all_objects
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


@pytest.mark.parametrize(
    ("config", "title"),
    [(CONFIG, "heartbeat-*"), (f"{CONFIG}setup.dashboards.index: 'x-*'\n", "x-*")],
)
def test_data_view(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    config: str,
    title: str,
) -> None:
    """One line that Kibana imports, of the indices that the dashboards show."""
    assert command("export", "index-pattern", config=config) == 0

    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == data_view(title)


def test_dashboards(
    command: Callable[..., int], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A line for each object, what is referred to before what refers to it."""
    assert command("export", "dashboards", config=CONFIG) == 0
    assert capsysbinary.readouterr().out == as_lines(all_objects())


def test_dashboards_into_a_folder(
    command: Callable[..., int], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file has the ending without which Kibana does not take it."""
    assert command("export", "dashboards", "--dir", "out", config=CONFIG) == 0

    file = home / "out" / "kibana" / "dashboards.ndjson"
    assert file.read_bytes() == as_lines(all_objects())
    assert capsys.readouterr().out == "Writing to directory out\n"


def test_fields(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The page of all fields."""
    assert command("export", "fields") == 0
    assert capsys.readouterr().out == page()


@pytest.mark.parametrize(
    ("subject", "config", "expected"),
    [
        (
            "template",
            "setup: {ilm.enabled: true, dsl.enabled: true}\n",
            "one lifecycle counts",
        ),
        (
            "dashboards",
            "setup.dashboards: {only_index: true, only_dashboards: true}\n",
            "only_dashboards and only_index leave nothing to do",
        ),
    ],
)
def test_configuration_at_fault(
    command: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    subject: str,
    config: str,
    expected: str,
) -> None:
    """It is told instead."""
    assert command("export", subject, config=config) == 1
    assert expected in capsys.readouterr().err
