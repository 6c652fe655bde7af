"""Input that would take a careless loader's time, memory or stack."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from heartbeat.config import Request, load
from heartbeat.errors import ConfigError
from tests.support.config import KINDS, loaded

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 2
MEGABYTES = 200
LEVELS = 10_000
DEEP = "options are nested more than 64 levels deep"

LAUGHS = "".join(
    [f"a0: &a0 [{'x,' * 9}x]\n"]
    + [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)]
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200))
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, 200)
)


def limited(file: Path, *arguments: str) -> tuple[int, str]:
    """Return exit code and standard error of `test config`, tightly limited."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    report = file.with_name("peak")
    script = (
        "import sys; from heartbeat.cmd.root import execute\n"
        "code = execute(sys.argv[2:])\n"
        "peak = [l.split()[1] for l in open('/proc/self/status') if 'VmHWM' in l]\n"
        "open(sys.argv[1], 'w').write(peak[0])\n"
        "sys.exit(code)\n"
    )
    command = [sys.executable, "-c", script, str(report)]
    ended = subprocess.run(  # noqa: S603 - our own interpreter and script
        [*command, "test", "config", "-c", str(file), *arguments],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert int(report.read_text()) < MEGABYTES * 1024
    return ended.returncode, ended.stderr.replace(str(file), "FILE")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (LAUGHS, "yaml: document contains excessive aliasing"),
        (CHAIN, DEEP),
        (MERGES, DEEP),
        (f"a: {'[' * LEVELS}", DEEP),
        (f"a: {'{a: ' * LEVELS}", DEEP),
        ("- " * 1_000_000, DEEP),
        ("\n".join(f"{' ' * n}a:" for n in range(2000)), DEEP),
        (f"? {'.'.join('a' * LEVELS)}\n: 1\n", DEEP),
        (f"name: {'${' * 100_000}", "references are nested too deeply"),
        (b"name: \xff\xfe", "the file is no UTF-8 text"),
        ("name: @x".encode("utf-16"), "that begins with '@' must stand in quotes"),
        (b"name: \x00", "control characters are not allowed"),
    ],
    ids=range(12),
)
def test_content(tmp_path: Path, content: str | bytes, expected: str) -> None:
    """The command ends within 2 s of CPU and 200 MB, and says what is wrong."""
    file = tmp_path / "heartbeat.yml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)

    code, text = limited(file)

    assert code == 1
    assert expected in text
    assert "Traceback" not in text


@pytest.mark.slow
def test_large_file(tmp_path: Path) -> None:
    """A file of 100 MB is not read at all."""
    file = tmp_path / "heartbeat.yml"
    with file.open("wb") as sparse:
        sparse.truncate(100_000_000)

    code, text = limited(file)

    assert (code, text.splitlines()[0]) == (
        1,
        (
            "error: FILE: error loading config file: it has 100000000 bytes, more than"
            " 16777216"
        ),
    )


def endless(path: Path) -> None:
    """Make a link to a device that never ends."""
    path.symlink_to("/dev/zero")


def itself(path: Path) -> None:
    """Make a link that leads to itself."""
    path.symlink_to(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (Path.mkdir, "is a directory"),
        (os.mkfifo, "it is no regular file"),
        (endless, "it is no regular file"),
        (itself, "too many levels of symbolic links"),
    ],
    ids=["directory", "fifo", "device", "loop"],
)
def test_no_file(tmp_path: Path, make: Callable[[Path], object], expected: str) -> None:
    """What is no file is refused at once, and nobody waits for a writer."""
    file = tmp_path / "heartbeat.yml"
    make(file)

    code, text = limited(file)

    assert (code, text.splitlines()[0]) == (
        1,
        f"error: FILE: error loading config file: {expected}",
    )


def fault(folder: Path, text: str) -> str:
    """Return the one thing that is wrong with a configuration."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    (problem,) = [p for p in caught.value.problems if not p.is_warning]
    return problem.message


def doubling(last: str) -> str:
    """Return options of which each names the next one twice."""
    steps = "".join(f"o{n}: '${{o{n + 1}}}${{o{n + 1}}}'\n" for n in range(40))
    return f"name: ${{o0}}\n{steps}o40: '{last}'\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (doubling(""), "it takes more than 10000 references"),
        (doubling("x" * 5000), "it gets longer than 1048576 characters"),
        (
            "".join(f"o{n}: '${{o{n + 1}}}'\n" for n in range(1000))
            + "o1000: x\nname: ${o0}\n",
            "references are nested too deeply",
        ),
    ],
    ids=["many", "long", "deep"],
)
def test_references(tmp_path: Path, text: str, expected: str) -> None:
    """References that multiply or go on without end are cut off."""
    assert fault(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (f"{'.'.join('a' * LEVELS)}=1", DEEP),
        (f"a={'[' * LEVELS}", "brackets are nested too deeply"),
        ("a=\udcff", "an override is no UTF-8 text"),
        (f"a={'{b: ' * LEVELS}", "brackets are nested too deeply"),
    ],
    ids=["name", "list", "bytes", "mapping"],
)
def test_overrides(tmp_path: Path, override: str, expected: str) -> None:
    """An override is limited like a file."""
    file = tmp_path / "heartbeat.yml"
    file.touch()
    request = Request((str(file),), overrides=(override,), environment={})

    with pytest.raises(ConfigError) as caught:
        load(request, KINDS, needs_output=False)

    assert caught.value.problems[0].message == expected


def test_variable_of_brackets(tmp_path: Path) -> None:
    """A variable full of brackets is text."""
    settings = loaded(tmp_path, "name: ${X}\n", environment={"X": "[" * LEVELS})

    assert settings.options.name == "[" * LEVELS


def test_variable_of_bytes(tmp_path: Path) -> None:
    """A variable that is no UTF-8 is a fault where it is used."""
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "name: ${X}\n", environment={"X": "\udcff"})

    assert caught.value.problems[0].message == "the variable X is no UTF-8 text"


def test_number_without_end(tmp_path: Path) -> None:
    """A number beyond all bounds is infinite."""
    settings = loaded(tmp_path, f"fields: {{a: 1{'0' * 400}, b: -1{'0' * 400}}}\n")

    assert settings.options.fields == {"a": float("inf"), "b": float("-inf")}
