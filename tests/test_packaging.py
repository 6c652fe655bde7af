"""What is shipped: links, tables, the package list, the wheel, the pins."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from heartbeat import monitors, outputs, processors
from heartbeat.cmd import root

TREE = Path(__file__).parent.parent
LINKS = ("cmd", "monitors", "outputs")
PROJECT: dict[str, Any] = tomllib.loads((TREE / "pyproject.toml").read_text("utf-8"))
ENTRIES = [
    *monitors.TABLE.values(),
    *outputs.TABLE.values(),
    *processors.TABLE.values(),
    *root.COMMANDS.values(),
    PROJECT["project"]["scripts"]["heartbeat"],
]
DATA = {"heartbeat/py.typed", "heartbeat/processors/prelude.js"}
PINS = ("build", "run", "test", "dev")


def modules() -> set[str]:
    """Return every module of the tree as the path that a wheel has it under."""
    found = {path.relative_to(TREE) for path in (TREE / "heartbeat").rglob("*.py")}
    for link in LINKS:
        found |= {
            Path("heartbeat") / path.relative_to(TREE)
            for path in (TREE / link).rglob("*.py")
        }
    return {path.as_posix() for path in found}


def pinned(name: str) -> dict[str, list[str]]:
    """Return the hashes of each requirement in a file of pins, by distribution."""
    text = (TREE / "requirements" / f"{name}.txt").read_text("utf-8")
    return {
        entry.partition("==")[0]: re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry)
        for entry in text.replace("\\\n", "").splitlines()
    }


@pytest.mark.parametrize("name", LINKS)
def test_link_leads_to_the_folder_at_the_top(name: str) -> None:
    """Each linked sub-package is the folder of that name at the top."""
    link = TREE / "heartbeat" / name

    assert Path("..") / name == link.readlink()
    assert link.is_dir()


def test_cmd_does_not_hide_the_standard_library() -> None:
    """From the root of the checkout `pdb` still finds the standard `cmd`."""
    command = (sys.executable, "-c", "import pdb")

    finished = subprocess.run(command, cwd=TREE, check=False)  # noqa: S603 - ourselves

    assert finished.returncode == 0


@pytest.mark.parametrize("entry", ENTRIES)
def test_table_entry_can_be_imported(entry: str) -> None:
    """Every name in a table leads to something that can be called."""
    module, _, attribute = entry.partition(":")

    assert callable(getattr(importlib.import_module(module), attribute))


def test_every_package_is_listed() -> None:
    """The list in pyproject.toml has every folder with modules, and no other."""
    folders = {Path(module).parent.as_posix().replace("/", ".") for module in modules()}

    assert sorted(folders) == PROJECT["tool"]["setuptools"]["packages"]


@pytest.mark.slow
def test_wheel_has_the_modules_and_nothing_else(tmp_path: Path) -> None:
    """A wheel holds every module once, under `heartbeat`, without help of the links."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TREE / name, source)
    others = shutil.ignore_patterns(*LINKS)
    shutil.copytree(TREE / "heartbeat", source / "heartbeat", ignore=others)
    for name in LINKS:
        shutil.copytree(TREE / name, source / name)

    build = "from setuptools.build_meta import build_wheel as b; b('.')"
    command = (sys.executable, "-c", build)
    subprocess.run(command, cwd=source, check=True, capture_output=True)  # noqa: S603

    with zipfile.ZipFile(next(source.glob("*.whl"))) as wheel:
        files = [name for name in wheel.namelist() if ".dist-info/" not in name]
    assert sorted(files) == sorted({*modules(), *DATA})


@pytest.mark.parametrize("name", PINS)
def test_pins_have_hashes_and_no_address(name: str) -> None:
    """Every requirement is hashed, and no file says where it was fetched from."""
    text = (TREE / "requirements" / f"{name}.txt").read_text("utf-8")

    assert all(pinned(name).values())
    assert re.findall(r"://|^--|#|^\s*/", text, re.MULTILINE) == []


def test_every_dependency_is_pinned() -> None:
    """What the package asks for is in the pins that it is installed from."""
    names = {
        re.split(r"[^\w.-]", requirement)[0].lower()
        for requirement in PROJECT["project"]["dependencies"]
    }

    assert names - pinned("run").keys() == set()


@pytest.mark.parametrize(("smaller", "larger"), [("run", "test"), ("test", "dev")])
def test_pins_agree(smaller: str, larger: str) -> None:
    """The larger set has everything of the smaller one, in the same version."""
    few, many = pinned(smaller), pinned(larger)

    assert few == {name: many.get(name) for name in few}
