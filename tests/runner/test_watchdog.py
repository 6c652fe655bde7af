"""Checks that do what no check should."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from heartbeat.errors import CheckFailed
from tests.support import schema
from tests.support.schema import assert_document
from tests.support.stage import REFUSED, UP, Scripted, Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from heartbeat.clock import Deadline
    from heartbeat.event import Result


class TestFaults:
    """Checks that do what no check should."""

    @pytest.mark.parametrize(
        ("error", "message"),
        [
            (ValueError("odd answer"), "odd answer"),
            (KeyError(), "KeyError"),
            (CheckFailed.io("refused"), "refused"),
        ],
    )
    async def test_exception_is_a_failure(
        self, stage: Stage, error: Exception, message: str
    ) -> None:
        """Whatever a check raises becomes its error."""
        (document,) = await stage.run(stage.runner([error]))

        assert_document(
            document,
            schema.summary("down", "tcp"),
            schema.url("tcp://localhost:9200"),
            schema.error("io", message),
        )

    async def test_exception_keeps_its_code(self, stage: Stage) -> None:
        """A failure raised is worth as much as one returned."""
        (document,) = await stage.run(stage.runner([CheckFailed(REFUSED)]))

        assert document["error"]["code"] == "NET_COULD_NOT_CONNECT"

    async def test_exception_after_a_result(self, stage: Stage) -> None:
        """What was found before is kept."""
        documents = await stage.run(stage.runner([UP, ValueError("odd")]))

        assert [d["monitor"]["status"] for d in documents] == ["up", "down"]
        assert documents[1]["summary"]["status"] == "down"

    async def test_no_result_is_a_failure(self, stage: Stage) -> None:
        """A check has to say something."""
        (document,) = await stage.run(stage.runner([]))

        assert document["error"] == {
            "type": "io",
            "message": "the check ended without a result",
        }

    async def test_check_that_ignores_its_deadline_is_cut(self, stage: Stage) -> None:
        """A check cannot hold its place for ever."""
        run = asyncio.create_task(stage.run(stage.runner([None])))
        await stage.clock.advance(25)
        assert not run.done()
        await stage.clock.advance(10)
        (document,) = await run

        assert document["error"] == {
            "type": "io",
            "message": "the check did not end within 26 seconds",
        }

    async def test_check_that_ignores_its_cut(self, stage: Stage) -> None:
        """A check may end by itself all the same; its result counts."""

        class Stubborn(Scripted):
            async def run(self, deadline: Deadline) -> AsyncIterator[Result]:
                try:
                    async for result in Scripted.run(self, deadline):
                        yield result
                except asyncio.CancelledError:
                    yield UP

        check = Stubborn([[None]], stage.clock)
        run = asyncio.create_task(stage.run(stage.runners([check])[0]))
        await stage.clock.advance(60)
        (document,) = await run

        assert document["monitor"]["status"] == "up"

    async def test_watchdog_rests_when_nothing_runs(self, stage: Stage) -> None:
        """Its timer does not wake an idle process."""
        await stage.run(stage.runner([UP]))
        await stage.clock.advance(5)

        assert stage.clock.timers == 0

    async def test_cancelled_run_writes_nothing(self, stage: Stage) -> None:
        """A check that is cut from outside has no result."""
        run = asyncio.create_task(stage.run(stage.runner([None])))
        await stage.clock.advance(1)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)

        assert (run.cancelled(), stage.journal.records) == (True, [])

    async def test_cancelled_and_cut_at_once(self, stage: Stage) -> None:
        """A cancel from outside is not taken for the watchdog's."""

        class Crossed(Scripted):
            async def run(self, deadline: Deadline) -> AsyncIterator[Result]:
                try:
                    async for result in Scripted.run(self, deadline):
                        yield result
                except asyncio.CancelledError:
                    run.cancel()
                    raise

        check = Crossed([[None]], stage.clock)
        run = asyncio.create_task(stage.run(stage.runners([check])[0]))
        await stage.clock.advance(60)

        assert run.cancelled()

    async def test_waits_for_room(self, stage: Stage) -> None:
        """A store that blocks when full stops checks, not the loop."""
        stage.journal.has_room = asyncio.Event()
        run = asyncio.create_task(stage.run(stage.runner([UP])))
        await stage.clock.advance(1)
        assert stage.journal.records == []
        stage.journal.has_room.set()

        assert len(await run) == 1
