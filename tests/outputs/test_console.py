"""`output.console`: documents on a descriptor that may be slow, full or gone."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.config import Section
from heartbeat.errors import ConfigError, OutputClosed, OutputUnavailable
from heartbeat.net import Network
from heartbeat.outputs.base import Finding, OutputContext
from heartbeat.outputs.codec import JsonCodec, JsonOptions
from heartbeat.outputs.console import ConsoleOutput, build
from tests.outputs.contract import OutputContract
from tests.support.program import until
from tests.support.records import ids, numbered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.clock import FakeClock


@pytest.fixture
def context(clock: FakeClock) -> OutputContext:
    """Return what outputs are built with."""
    return OutputContext(Network(clock))


def on(descriptor: int, context: OutputContext) -> ConsoleOutput:
    """Return an output that writes to a descriptor."""
    return ConsoleOutput(JsonCodec(JsonOptions(), context), descriptor)


class ConsoleRig:
    """A console output whose terminal is a file; a read-only one is the failure."""

    def __init__(self, context: OutputContext, path: Path) -> None:
        self.is_closed = False
        self._path = path
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.output = on(self.descriptor, context)

    async def received(self) -> list[str]:
        """Return the ids in the file."""
        lines = self._path.read_bytes().splitlines()
        return [orjson.loads(line)["@metadata"]["_id"] for line in lines]

    async def fail(self) -> None:
        """Let every write find a full device."""
        self._swap("/dev/full", os.O_WRONLY)

    async def recover(self) -> None:
        """Let writes reach the file again."""
        self._swap(str(self._path), os.O_WRONLY | os.O_APPEND)

    def _swap(self, path: str, flags: int) -> None:
        other = os.open(path, flags)
        os.dup2(other, self.descriptor)
        os.close(other)


class TestContract(OutputContract):
    """The console output keeps what every output keeps."""

    @pytest.fixture
    async def rig(
        self, context: OutputContext, tmp_path: Path
    ) -> AsyncIterator[ConsoleRig]:
        """Return a console output on an empty file."""
        rig = ConsoleRig(context, tmp_path / "terminal")
        yield rig
        if not rig.is_closed:
            await rig.output.close()
        os.close(rig.descriptor)


async def test_a_slow_reader_does_not_stop_the_loop(context: OutputContext) -> None:
    """More than a pipe holds is written while the loop goes on."""
    reader, writer = os.pipe()
    output = on(writer, context)
    batch = numbered(1, 2000)
    publishing = asyncio.create_task(output.publish(batch))
    received = b""
    while received.count(b"\n") < len(batch):
        received += await asyncio.to_thread(os.read, reader, 1 << 16)
    delivery = await publishing
    await output.close()
    os.close(reader)
    os.close(writer)

    lines = [orjson.loads(line) for line in received.splitlines()]
    assert delivery.accepted == 2000
    assert [line["@metadata"]["_id"] for line in lines] == ids(batch)


async def test_a_non_blocking_descriptor_is_waited_for(context: OutputContext) -> None:
    """Whatever others did to the terminal, all lines are written."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    output = on(writer, context)
    publishing = asyncio.create_task(output.publish(numbered(1, 2000)))
    received = b""
    while received.count(b"\n") < 2000:
        received += await asyncio.to_thread(os.read, reader, 1 << 16)
    await publishing
    await output.close()
    os.close(reader)
    os.close(writer)

    assert received.count(b"\n") == 2000


async def test_a_reader_that_is_gone_ends_the_output(context: OutputContext) -> None:
    """Nobody will ever read from a broken pipe again."""
    reader, writer = os.pipe()
    os.close(reader)
    output = on(writer, context)
    text = "cannot write to standard output: broken pipe"
    with pytest.raises(OutputClosed, match=text):
        await output.publish(numbered(1, 1))
    await output.close()
    os.close(writer)


async def test_a_full_device_may_recover(context: OutputContext) -> None:
    """A disk behind a redirection can get room again."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    output = on(descriptor, context)
    with pytest.raises(OutputUnavailable, match="no space left on device"):
        await output.publish(numbered(1, 1))
    await output.close()
    os.close(descriptor)


async def test_a_reader_that_stands_still_does_not_keep_the_process(
    context: OutputContext,
) -> None:
    """Cancelling works while the thread is stuck, and the thread is a daemon."""
    reader, writer = os.pipe()
    output = on(writer, context)
    publishing = asyncio.create_task(output.publish(numbered(1, 2000)))
    await asyncio.to_thread(os.read, reader, 1)
    publishing.cancel()
    await asyncio.wait((publishing,))
    (stuck,) = [one for one in threading.enumerate() if one.name == "console"]
    is_daemon = stuck.daemon
    await output.close()
    os.close(reader)
    await asyncio.to_thread(stuck.join)
    os.close(writer)

    assert publishing.cancelled()
    assert is_daemon


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ({}, 1),
        ({"pretty": True}, 13),
        ({"codec": {"json": {"pretty": True}}}, 13),
        ({"pretty": True, "codec": {"json": {}}}, 1),
        ({"human": True}, 1),
    ],
)
async def test_pretty_is_an_option(
    context: OutputContext,
    capfd: pytest.CaptureFixture[str],
    options: dict[str, Any],
    lines: int,
) -> None:
    """`pretty` spreads a document over lines, unless a codec says otherwise."""
    output = build(Section(options), context)
    await output.publish(numbered(1, 1))
    await output.close()

    assert len(capfd.readouterr().out.splitlines()) == lines


@pytest.mark.parametrize(
    ("options", "is_human"),
    [
        ({"human": True}, True),
        ({"human": True, "codec": {"json": {}}}, False),
    ],
)
async def test_people_get_lines_of_their_own(
    context: OutputContext,
    capfd: pytest.CaptureFixture[str],
    options: dict[str, Any],
    *,
    is_human: bool,
) -> None:
    """Without colours where there is no terminal; a codec comes first."""
    output = build(Section(options), context)
    await output.publish(numbered(1, 1))
    await output.close()

    assert capfd.readouterr().out.endswith("  -     m1\n") is is_human


def test_two_forms_at_once(context: OutputContext) -> None:
    """One has to be chosen."""
    with pytest.raises(ConfigError, match="cannot set both pretty and human"):
        build(Section({"pretty": True, "human": True}), context)


async def test_the_self_test_sees_a_closed_terminal(context: OutputContext) -> None:
    """Without a standard output nothing can be written."""
    descriptor = os.open("/dev/null", os.O_WRONLY)
    os.close(descriptor)
    output = on(descriptor, context)
    findings = [finding async for finding in output.test()]
    await output.close()

    assert findings == [Finding("standard output", "ERROR", "bad file descriptor")]


class TestGuard:
    """Several processes on one standard output."""

    @pytest.fixture
    def shared(
        self, context: OutputContext, tmp_path: Path
    ) -> Iterator[tuple[ConsoleOutput, Path]]:
        """Return an output that others write beside, and its file."""
        path = tmp_path / "terminal"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        codec = JsonCodec(JsonOptions(), context)
        yield ConsoleOutput(codec, descriptor, tmp_path / "lock"), path
        os.close(descriptor)

    async def test_waits_for_its_turn(
        self, shared: tuple[ConsoleOutput, Path], tmp_path: Path
    ) -> None:
        """Nothing is written while another holds the lock."""
        output, path = shared
        other = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(other, fcntl.LOCK_EX)
        writing = asyncio.create_task(output.publish(numbered(1, 2)))
        await asyncio.to_thread(until_waited_for, tmp_path / "lock")

        assert path.read_bytes() == b""
        os.close(other)
        assert (await writing).accepted == 2
        assert len(path.read_bytes().splitlines()) == 2
        await output.close()

    async def test_ends_the_line_of_one_who_was_killed(
        self, shared: tuple[ConsoleOutput, Path], tmp_path: Path
    ) -> None:
        """Only that line is lost to readers; after that all is well again."""
        output, path = shared
        (tmp_path / "lock").write_bytes(b"1")
        path.write_bytes(b'{"half":')
        for first in (1, 2):
            await output.publish(numbered(first, first))
        await output.close()
        half, *lines = path.read_bytes().splitlines()

        assert half == b'{"half":'
        assert [orjson.loads(line)["monitor"]["id"] for line in lines] == ["m1", "m2"]

    async def test_failure_is_told(
        self, context: OutputContext, tmp_path: Path
    ) -> None:
        """As without others."""
        descriptor = os.open("/dev/full", os.O_WRONLY)
        codec = JsonCodec(JsonOptions(), context)
        output = ConsoleOutput(codec, descriptor, tmp_path / "lock")
        with pytest.raises(OutputUnavailable, match="no space left on device"):
            await output.publish(numbered(1, 1))
        await output.close()
        os.close(descriptor)


def until_waited_for(lock: Path) -> None:
    """Return when somebody waits for a lock, as the system's table of them tells."""
    number = lock.stat().st_ino

    def is_waited_for() -> bool:
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
        return any("->" in line and f":{number} " in line for line in lines)

    until(is_waited_for, "somebody who waits")
