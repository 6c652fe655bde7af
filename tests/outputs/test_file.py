"""`output.file`: options, verdicts, and what a disk may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.config import Section
from heartbeat.errors import ConfigError, OutputUnavailable
from heartbeat.event import Record
from heartbeat.net import Network
from heartbeat.outputs.base import Finding, OutputContext
from heartbeat.outputs.file import FileOutput, build
from tests.outputs.contract import RejectingContract
from tests.support.records import numbered, record, unfit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.clock import FakeClock


def made(clock: FakeClock, **options: Any) -> FileOutput:
    """Return an output with these options."""
    return build(Section(options), OutputContext(Network(clock)))


def names(folder: Path) -> list[str]:
    """Return the names of the files."""
    return sorted(file.name for file in folder.iterdir())


def documents(folder: Path) -> list[Any]:
    """Return the documents in the files of a folder, which may not be there."""
    return [
        orjson.loads(line)
        for path in sorted(folder.glob("*.ndjson"))
        for line in path.read_bytes().splitlines()
    ]


class FileRig:
    """A file output; a plain file in the way of its folder is the failure."""

    def __init__(self, output: FileOutput, folder: Path) -> None:
        self.output = output
        self.is_closed = False
        self.unfit = unfit(a="b" * 20_000)
        self._folder = folder

    async def received(self) -> list[str]:
        """Return the ids in the files."""
        return [one["@metadata"]["_id"] for one in documents(self._folder)]

    async def fail(self) -> None:
        """Put something in the way."""
        self._folder.write_text("in the way")

    async def recover(self) -> None:
        """Put it out of the way."""
        self._folder.unlink()


class TestContract(RejectingContract):
    """The file output keeps what every output keeps."""

    @pytest.fixture
    async def rig(self, clock: FakeClock, tmp_path: Path) -> AsyncIterator[FileRig]:
        """Return a file output in an empty folder."""
        output = made(clock, path=str(tmp_path / "out"), rotate_every_kb=10)
        rig = FileRig(output, tmp_path / "out")
        yield rig
        if not rig.is_closed:
            await output.close()


async def test_the_name_and_the_date_can_be_chosen(
    clock: FakeClock, tmp_path: Path
) -> None:
    """`filename` begins the name, a date in `path` is that of the start."""
    output = made(clock, path=f"{tmp_path}/%{{+yyyy.MM}}", filename="up")
    await output.publish(numbered(1, 1))
    await output.close()

    assert (tmp_path / "2026.09" / "up-20260921.ndjson").is_file()


async def test_a_line_larger_than_a_file_is_rejected(
    clock: FakeClock, tmp_path: Path
) -> None:
    """Such a record never fits; the others are written."""
    output = made(clock, path=str(tmp_path), rotate_every_kb=1)
    large = record(1, size=2000)
    batch = [Record(large.body, large.routing, large.timestamp, 1), *numbered(2, 2)]
    delivery = await output.publish(batch)
    await output.close()

    assert [one.record.sequence for one in delivery.rejected] == [1]
    assert "more than rotate_every_kb allows" in delivery.rejected[0].reason
    assert [one["monitor"]["id"] for one in documents(tmp_path)] == ["m2"]


async def test_the_system_says_what_is_wrong(clock: FakeClock, tmp_path: Path) -> None:
    """The error names the folder and the system's reason."""
    (tmp_path / "file").write_text("")
    output = made(clock, path=str(tmp_path / "file"))

    with pytest.raises(
        OutputUnavailable, match=r"cannot write to .*/file: file exists"
    ):
        await output.publish(numbered(1, 1))
    await output.close()


async def test_fsync_and_continuing_can_be_chosen(
    clock: FakeClock, tmp_path: Path
) -> None:
    """Both options lead to the same documents in one file."""
    options = {"path": str(tmp_path), "rotate_on_startup": False, "fsync": True}
    for number in (1, 2):
        output = made(clock, **options)
        await output.publish(numbered(number, number))
        await output.close()

    assert [one["monitor"]["id"] for one in documents(tmp_path)] == ["m1", "m2"]
    assert not (tmp_path / "heartbeat-20260921-1.ndjson").exists()


async def test_files_are_as_many_and_as_open_as_wanted(
    clock: FakeClock, tmp_path: Path
) -> None:
    """`number_of_files` are kept beside the active one, all with `permissions`."""
    output = made(
        clock,
        path=str(tmp_path / "out"),
        rotate_every_kb=1,
        number_of_files=2,
        permissions=0o640,
    )
    for number in range(1, 7):
        await output.publish([record(number, size=700)])
    await output.close()

    files = list((tmp_path / "out").iterdir())
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o640}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "path format string is nil; check if `path` option is configured"),
        ({"number_of_files": 1}, "should be between 2 and 1024"),
        ({"number_of_files": 1025}, "should be between 2 and 1024"),
        ({"rotate_every_kb": 0}, "requires value >= 1"),
        ({"permissions": "0o1777"}, "requires value <= 511"),
        ({"path": "%{[agent.name]}"}, "only dates"),
        ({"path": "x", "codec": {"xml": {}}}, "'xml' output codec is not available"),
    ],
)
def test_wrong_options_are_refused(
    clock: FakeClock, options: dict[str, Any], message: str
) -> None:
    """Each mistake is named."""
    with pytest.raises(ConfigError, match=message):
        made(clock, **options)


async def test_the_self_test_looks_at_the_folder(
    clock: FakeClock, tmp_path: Path
) -> None:
    """A folder that is yet to be made is fine if it can be made."""
    folder = tmp_path / "new" / "er"
    output = made(clock, path=str(folder))
    findings = [finding async for finding in output.test()]
    await output.close()

    assert findings == [Finding("path", "INFO", str(folder)), Finding("writable")]
    assert not folder.exists()


async def test_the_self_test_sees_a_file_in_the_way(
    clock: FakeClock, tmp_path: Path
) -> None:
    """A path through a file cannot work."""
    (tmp_path / "file").write_text("")
    output = made(clock, path=str(tmp_path / "file" / "x"))
    findings = [finding async for finding in output.test()]
    await output.close()

    place = tmp_path / "file"
    assert findings[1] == Finding("writable", "ERROR", f"{place} is not a folder")


async def test_the_self_test_sees_missing_permission(
    clock: FakeClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of somebody else cannot be written."""

    def denied(_path: object, _mode: int) -> bool:
        return False

    monkeypatch.setattr("os.access", denied)
    output = made(clock, path=str(tmp_path))
    findings = [finding async for finding in output.test()]
    await output.close()

    text = f"no permission to write in {tmp_path}"
    assert findings[1] == Finding("writable", "ERROR", text)


async def test_name_of_one_of_several(clock: FakeClock, tmp_path: Path) -> None:
    """Workers that write to one folder have files of their own."""
    context = OutputContext(Network(clock), suffix="-worker-1")
    output = build(Section({"path": str(tmp_path), "filename": "told"}), context)
    await output.publish(numbered(1, 1))
    await output.close()

    assert names(tmp_path)[0].startswith("told-worker-1-")
