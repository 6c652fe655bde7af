"""A worker as the supervisor sees it."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from heartbeat.errors import BadQuery
from heartbeat.partition import NOTHING
from heartbeat.supervisor import child as module
from heartbeat.supervisor.child import Child, Silent
from tests.support.program import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.supervisor.conftest import Hired

ANSWERING = """
say(event="ready")
while (asked := hear()) is not None:
    match asked["path"]:
        case "/pid": say(answer=asked["question"], content=os.getpid())
        case "/bad": say(answer=asked["question"], error="which?")
        case "/env": say(answer=asked["question"], content=dict(os.environ, told=told))
        case "/die": os.kill(os.getpid(), signal.SIGKILL)
"""


async def again(child: Child, process: int) -> int:
    """Return the id of the next process once it is ready."""

    def is_back() -> bool:
        return child.is_ready and child.process_id != process

    await asyncio.to_thread(until, is_back, "the next life")
    return child.process_id


class TestTalk:
    """Questions and answers."""

    async def test_answer(self, hired: Callable[..., Hired]) -> None:
        """Each question has its own."""
        async with hired(ANSWERING).running() as child:
            assert await child.ask("/pid") == child.process_id
            with pytest.raises(BadQuery, match=r"which\?"):
                await child.ask("/bad")

    async def test_what_it_is_started_with(self, hired: Callable[..., Hired]) -> None:
        """The environment of the supervisor, but not its service manager."""
        async with hired(ANSWERING).running() as child:
            found = await child.ask("/env")

        assert found["KEPT"] == "yes"
        assert "NOTIFY_SOCKET" not in found
        assert found["told"]["name"] == "worker-1"
        assert found["told"]["agent_id"] == "1-2-3"

    async def test_silence(
        self, hired: Callable[..., Hired], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever gives no answer in time is told by name."""
        monkeypatch.setattr(module, "PATIENCE", 0.01)
        async with hired(ANSWERING).running() as child:
            with pytest.raises(Silent, match="worker-1 does not answer"):
                await child.ask("/nothing")

    async def test_before_and_after(self, hired: Callable[..., Hired]) -> None:
        """There is nobody to ask then."""
        worker = hired(ANSWERING)
        with pytest.raises(Silent, match="worker-1 is not running"):
            await worker.child.ask("/pid")
        async with worker.running() as child:
            pass
        with pytest.raises(Silent, match="worker-1 is not running"):
            await child.ask("/pid")

    async def test_death_is_an_answer(self, hired: Callable[..., Hired]) -> None:
        """Nobody waits for one who has been killed."""
        async with hired(ANSWERING).running() as child:
            with pytest.raises(Silent, match="worker-1 has ended"):
                await child.ask("/die")


class TestLives:
    """Who ends is started again, unless that is no use."""

    async def test_killed(
        self, hired: Callable[..., Hired], caplog: pytest.LogCaptureFixture
    ) -> None:
        """At once, with a line on how it ended."""
        async with hired(ANSWERING).running() as child:
            first = child.process_id
            os.kill(first, signal.SIGKILL)
            second = await again(child, first)

            assert await child.ask("/pid") == second
            assert child.restarts == 1
        assert (
            f"worker-1 (process {first}) ended by SIGKILL; it is started again at once"
        ) in caplog.text

    @pytest.mark.slow
    async def test_dies_over_and_over(
        self,
        hired: Callable[..., Hired],
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """The pauses become longer, up to a limit."""
        monkeypatch.setattr(module, "PAUSES", (0.0, 0.1, 0.2))
        program = 'say(event="ready"); os._exit(0)'
        async with hired(program).running() as child:
            await asyncio.to_thread(until, lambda: child.restarts > 2, "three deaths")
        endings = [one.rpartition("again ")[2] for one in caplog.messages]

        assert endings[:3] == ["at once", "in 0.1s", "in 0.2s"]

    async def test_fault_before_it_is_ready(self, hired: Callable[..., Hired]) -> None:
        """It would come again: everything ends, with its words."""
        worker = hired('say(event="fault", text="no", is_final=False); os._exit(1)')

        await worker.ended()

        assert worker.faults == ["no"]

    async def test_end_before_it_is_ready(self, hired: Callable[..., Hired]) -> None:
        """Without a word: the exit code is told."""
        worker = hired("os._exit(3)")

        assert await worker.ended() == 3
        assert worker.faults == ["worker-1 ended with exit code 3 before it was ready"]

    async def test_final_fault(self, hired: Callable[..., Hired]) -> None:
        """Also of one that was ready."""
        text = 'say(event="ready"); say(event="fault", text="no", is_final=True)'
        worker = hired(f"{text}\nhear()")

        assert await worker.ended() == 0
        assert worker.faults == ["no"]

    @pytest.mark.slow
    async def test_fault_of_a_later_life(
        self,
        hired: Callable[..., Hired],
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """The others go on; it is said, and it is started again."""
        lives = tmp_path / "lives"
        lives.touch()
        program = f"""
with open({str(lives)!r}, "a+") as file:
    file.write("x"); file.seek(0)
    if file.read() == "xx":
        say(event="fault", text="no", is_final=False)
        os._exit(1)
"""
        worker = hired(program + ANSWERING)
        async with worker.running() as child:
            os.kill(child.process_id, signal.SIGKILL)
            await asyncio.to_thread(
                until, lambda: child.is_ready and child.restarts == 2, "the third life"
            )

            assert worker.faults == []
        assert "worker-1: no" in caplog.text

    async def test_once(
        self, hired: Callable[..., Hired], caplog: pytest.LogCaptureFixture
    ) -> None:
        """Who runs once is not started again, however it ended."""
        program = 'say(event="ready"); os.kill(os.getpid(), signal.SIGKILL)'

        assert await hired(program, is_once=True).ended() == -signal.SIGKILL
        assert "worker-1 ended by SIGKILL" in caplog.text

    async def test_emptying_a_store(self, hired: Callable[..., Hired]) -> None:
        """It is over when that is done."""
        assert await hired('say(event="ready")', NOTHING).ended() == 0


class TestSignals:
    """What a worker is told."""

    async def test_reload_ends_when_it_has_read(
        self, hired: Callable[..., Hired]
    ) -> None:
        """That takes a while, and the service manager hears of it."""
        program = """
def reload(*_):
    say(event="reloading"); say(event="reloaded")
signal.signal(signal.SIGHUP, reload)
"""
        async with hired(program + ANSWERING).running() as child:
            await asyncio.wait_for(child.reload(), 5)

            assert await child.ask("/pid") == child.process_id

    async def test_reload_of_one_that_begins(self, hired: Callable[..., Hired]) -> None:
        """It may have read what has changed since, so it is told once it is ready."""
        program = """
signal.signal(signal.SIGHUP, lambda *_: say(event="fault", text="heard", is_final=True))
"""
        worker = hired(program + ANSWERING)
        await worker.child.reload()
        await worker.ended()

        assert worker.faults == ["heard"]

    async def test_nothing_before_it_is_ready(
        self, hired: Callable[..., Hired]
    ) -> None:
        """A signal would end it that it does not know yet."""
        worker = hired(ANSWERING)
        worker.child.tell(signal.SIGUSR1)
        async with worker.running() as child:
            assert child.restarts == 0
