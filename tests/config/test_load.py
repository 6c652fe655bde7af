"""Loading a whole configuration, and the monitors in files of their own."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from heartbeat.config import Location, Request, load, load_monitor_files
from heartbeat.errors import ConfigError, Problem
from tests.support.config import KINDS, loaded, written

if TYPE_CHECKING:
    from pathlib import Path

MONITOR = "- {type: icmp, schedule: '@every 5s', id: %s}\n"
EXTERNAL = "heartbeat.config.monitors.path: monitors.d/*.yml\n"


def faults(folder: Path, text: str) -> list[str]:
    """Return why a configuration cannot be run, files without their folder."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return [str(p).replace(f"{folder}/", "") for p in caught.value.problems]


def test_minimal(tmp_path: Path) -> None:
    """A monitor and an output are enough."""
    text = f"heartbeat.monitors:\n{MONITOR % 'a'}output.console: ~\n"

    settings = load(Request((written(tmp_path, text),), environment={}), KINDS)

    assert [spec.id for spec in settings.monitors] == ["a"]
    assert list(settings.outputs) == ["console"]
    assert settings.options.http.port == 5066
    assert settings.source is None
    assert settings.problems == ()


def test_no_output(tmp_path: Path) -> None:
    """A configuration without output cannot be run."""
    request = Request((written(tmp_path, ""),))

    with pytest.raises(ConfigError) as caught:
        load(request, KINDS)

    message = "no outputs are defined, please define one under the output section"
    assert caught.value.problems == (Problem(message),)


def test_everything_at_once(tmp_path: Path) -> None:
    """Faults of options, outputs and monitors and all warnings come in one go."""
    text = """\
name: ${NOT_SET}
names: x
output.kafka: {}
heartbeat.monitors:
- type: icmp
- {type: dns, schedule: '@every 5s'}
"""

    found = faults(tmp_path, text)

    assert [line.partition(": ")[0] for line in found] == [
        "heartbeat.yml:3:1",
        "heartbeat.yml:1:1",
        "heartbeat.yml:5:3",
        "heartbeat.yml:6:4",
        "heartbeat.yml:2:1",
    ]


def test_unreadable_file_beside_others(tmp_path: Path) -> None:
    """A file that cannot be read does not hide what is doubtful in another."""
    doubtful = written(tmp_path, "name: a\nname: b\n", "a.yml")
    broken = written(tmp_path, "a: [\n", "b.yml")

    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "", files=(doubtful, broken))

    assert [problem.file for problem in caught.value.problems] == [broken, doubtful]


def test_each_problem_once(tmp_path: Path) -> None:
    """What is a fault is not doubted as well."""
    assert faults(tmp_path, "queue.spool: {}\nname: ${\n") == [
        "heartbeat.yml:2:1: missing '}' for the '${' at 1 accessing 'name'",
        "heartbeat.yml:1:1: unrecognized queue type 'spool' accessing 'queue.spool'",
    ]


def test_duplicate_path_is_a_fault(tmp_path: Path) -> None:
    """One path in two spellings stops the start, every time."""
    assert faults(tmp_path, "path.data: /a\npath: {data: /b}\n") == [
        "heartbeat.yml:2:8: duplicate key, first set in line 1 accessing 'path.data'"
    ]


@pytest.mark.parametrize("text", ["heartbeat.monitors: ~\n", "heartbeat: ~\n", ""])
def test_no_monitors(tmp_path: Path, text: str) -> None:
    """Monitors need not be here."""
    assert loaded(tmp_path, text).monitors == ()


def test_monitors_as_mapping(tmp_path: Path) -> None:
    """A single monitor without a dash is a fault, not silently nothing."""
    assert faults(tmp_path, "heartbeat.monitors: {type: icmp}\n") == [
        (
            "heartbeat.yml:1:1: a list is needed here: begin each monitor with '- '"
            " accessing 'heartbeat.monitors'"
        )
    ]


def test_directories(tmp_path: Path) -> None:
    """Directories build on each other and end up absolute."""
    paths = loaded(tmp_path, "path.home: /srv\npath.logs: log\n").paths

    assert paths.model_dump() == {
        "home": "/srv",
        "config": "/srv",
        "data": "/srv/data",
        "logs": "/srv/log",
    }


def test_context_of_monitors(tmp_path: Path) -> None:
    """Zone and place of the process reach the monitors."""
    text = "heartbeat: {scheduler.location: Asia/Tokyo, run_from.id: here}\n"
    source = loaded(tmp_path, text + EXTERNAL).source

    assert source is not None
    assert source.context.zone == ZoneInfo("Asia/Tokyo")


def test_limits_from_the_environment(tmp_path: Path) -> None:
    """Limits of job types may come from the environment."""
    environment = {"SYNTHETICS_LIMIT_HTTP": "4"}

    options = loaded(tmp_path, "", environment=environment).options

    assert options.heartbeat.jobs["http"].limit == 4


def external(folder: Path, text: str = "", **files: str) -> list[str]:
    """Return ids of the monitors of a main file and of files of their own."""
    for name, content in files.items():
        written(folder, content, f"monitors.d/{name}.yml")
    settings = loaded(folder, EXTERNAL + text, paths={"home": str(folder)})
    return [spec.id for spec in settings.monitors]


def test_monitor_files(tmp_path: Path) -> None:
    """Monitors of files come after those of the main file."""
    inline = f"heartbeat.monitors:\n{MONITOR % 'x'}"
    files = {"b": MONITOR % "b", "a": MONITOR % "a" + MONITOR % "a2", "c": "# none\n"}

    assert external(tmp_path, inline, **files) == ["x", "a", "a2", "b"]


@pytest.mark.parametrize(
    "text", [f"{EXTERNAL}heartbeat.config.monitors.enabled: false\n", "name: a\n"]
)
def test_monitor_files_are_off(tmp_path: Path, text: str) -> None:
    """Without the section, or with it off, no file is read."""
    written(tmp_path, MONITOR % "a", "monitors.d/a.yml")

    settings = loaded(tmp_path, text, paths={"home": str(tmp_path)})

    assert (settings.source, settings.monitors) == (None, ())


def test_broken_monitor_files(tmp_path: Path) -> None:
    """A broken file or monitor is reported and harms no other."""
    files = {
        "a": "- {type: dns, schedule: '@every 5s'}\n" + MONITOR % "good",
        "b": "type: icmp\n",
        "c": "- {\n",
        "d": "- type: icmp\n  name: ${\n",
        "e": "- {a.b: 1, a: {b: 2}}\n",
    }
    for name, content in files.items():
        written(tmp_path, content, f"monitors.d/{name}.yml")
    folder = str(tmp_path / "monitors.d")

    settings = loaded(tmp_path, EXTERNAL, paths={"home": str(tmp_path)})

    assert [spec.id for spec in settings.monitors] == ["good"]
    broken = {f"{folder}/{name}.yml" for name in "bcde"}
    assert settings.files.unreadable == broken
    found = [str(problem).replace(f"{folder}/", "") for problem in settings.problems]
    assert found[0] == (
        "b.yml:1:1: a file of monitors holds a list: begin each monitor with '- '"
    )
    assert found[2:] == [
        "d.yml:2:3: missing '}' for the '${' at 1 accessing 'name'",
        "e.yml:1:16: duplicate key, first set in line 1 accessing '0.a.b'",
        (
            "a.yml:1:4: monitor type dns does not exist, valid types are"
            " [http, icmp, tcp]"
            " accessing 'type'"
        ),
    ]


def test_monitor_files_are_read_again(tmp_path: Path) -> None:
    """A source gives what its files hold now; its warnings are its own."""
    written(tmp_path, MONITOR % "a", "monitors.d/a.yml")
    settings = loaded(tmp_path, EXTERNAL, paths={"home": str(tmp_path)})
    written(
        tmp_path,
        "- {type: icmp, type: tcp, schedule: '@every 5s', id: b}\n",
        "monitors.d/a.yml",
    )
    assert settings.source is not None

    files = load_monitor_files(settings.source)

    assert [(spec.id, spec.type) for spec in files.monitors] == [("b", "tcp")]
    assert [problem.is_warning for problem in files.problems] == [True]
    assert settings.problems == ()


def test_permissions_of_monitor_files(tmp_path: Path) -> None:
    """Files of monitors must be as safe as the main file, unless told otherwise."""
    path = written(tmp_path, MONITOR % "a", "monitors.d/a.yml")
    (tmp_path / "monitors.d/a.yml").chmod(0o666)
    request = {"paths": {"home": str(tmp_path)}}

    strict = loaded(tmp_path, EXTERNAL, **request)
    relaxed = loaded(tmp_path, EXTERNAL, strict_permissions=False, **request)

    assert strict.files.unreadable == {path}
    assert [spec.id for spec in relaxed.monitors] == ["a"]


def test_ids_across_files(tmp_path: Path) -> None:
    """The first monitor of an id stays, main file first; the others are faults."""
    inline = f"heartbeat.monitors:\n{MONITOR % 'a'}"
    for name in ("x", "y"):
        written(tmp_path, MONITOR % "a" + MONITOR % "b", f"monitors.d/{name}.yml")

    settings = loaded(tmp_path, EXTERNAL + inline, paths={"home": str(tmp_path)})

    folder = str(tmp_path)
    assert [
        str(spec.options.place).replace(folder, "") for spec in settings.monitors
    ] == ["/heartbeat.yml:3", "/monitors.d/x.yml:2"]
    text = "is configured for multiple monitors! IDs should be unique values, but"
    assert [str(p).replace(folder, "") for p in settings.problems] == [
        f"/{file}:{line}:39: monitor ID {name} {text} {other} has the same"
        " accessing 'id'"
        for file, line, name, other in (
            ("monitors.d/x.yml", 1, "a", "/heartbeat.yml:3"),
            ("monitors.d/y.yml", 1, "a", "/heartbeat.yml:3"),
            ("monitors.d/y.yml", 2, "b", "/monitors.d/x.yml:2"),
        )
    ]
    assert not any(problem.is_warning for problem in settings.problems)


def test_ids_of_the_main_file(tmp_path: Path) -> None:
    """Two monitors of one id in the main file stop the start."""
    (found,) = faults(tmp_path, f"heartbeat.monitors:\n{MONITOR % 'a' * 2}")

    assert found.startswith("heartbeat.yml:3:39: monitor ID a is configured for")
    assert found.endswith(
        "heartbeat.yml:2 has the same accessing 'heartbeat.monitors.1.id'"
    )


def test_location_of_the_process_reaches_files(tmp_path: Path) -> None:
    """Monitors in files run where the process runs."""
    written(tmp_path, MONITOR % "a", "monitors.d/a.yml")
    text = f"{EXTERNAL}heartbeat.run_from: {{id: here}}\n"

    settings = loaded(tmp_path, text, paths={"home": str(tmp_path)})

    assert settings.monitors[0].location == Location("here", {})


def test_warnings_of_plug_ins_join(tmp_path: Path) -> None:
    """What a plug-in finds later is among the problems."""
    written(tmp_path, MONITOR % "a", "monitors.d/a.yml")
    text = f"{EXTERNAL}heartbeat.monitors:\n- type: icmp\n  schedule: '@every 5s'\n"
    settings = loaded(tmp_path, text, paths={"home": str(tmp_path)})

    for spec in settings.monitors:
        spec.options.warn("odd")

    assert [problem.message for problem in settings.problems] == ["odd", "odd"]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(tmp_path: Path, *, enabled: bool) -> None:
    """Loading pauses the garbage collector and puts it back, come what may."""
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(ConfigError):
            loaded(tmp_path, "path: text\n")

        assert gc.isenabled() is enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
