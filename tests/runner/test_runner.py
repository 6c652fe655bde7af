"""Attempts, states and endpoints: what a run of a healthy check does."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from heartbeat.config import Confirm
from heartbeat.runner import Site, runners
from heartbeat.schedule import Tick, Window
from tests.support import schema
from tests.support.clock import START_NS
from tests.support.schema import assert_document
from tests.support.stage import DOWN, IDENTITY, UP, Stage, spec_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.clock import Deadline
    from heartbeat.event import Fields, Result


class TestAttempts:
    """When a failure is tried again, and what is counted then."""

    @staticmethod
    def verdicts(documents: Sequence[Fields]) -> list[tuple[str, int, bool, str]]:
        """Return status, attempt, finality and state of every document."""
        return [
            (
                document["summary"]["status"],
                document["summary"]["attempt"],
                document["summary"]["final_attempt"],
                document["state"]["status"],
            )
            for document in documents
        ]

    async def test_failure_that_passes(self, stage: Stage) -> None:
        """From up: one failed attempt, then success; the state stays up."""
        runner = stage.runner([UP], [DOWN], [UP], max_attempts=2)
        await stage.run(runner)

        assert self.verdicts(await stage.run(runner)) == [
            ("down", 1, False, "up"),
            ("up", 2, True, "up"),
        ]
        assert stage.pauses == [1.0]

    async def test_failure_that_stays(self, stage: Stage) -> None:
        """From up: every attempt allowed is made before the state changes."""
        runner = stage.runner([UP], [DOWN], [DOWN], [DOWN], max_attempts=3)
        await stage.run(runner)

        assert self.verdicts(await stage.run(runner)) == [
            ("down", 1, False, "up"),
            ("down", 2, False, "up"),
            ("down", 3, True, "down"),
        ]

    async def test_new_monitor_gets_all_its_attempts(self, stage: Stage) -> None:
        """A first failure is tried as often as any other."""
        runner = stage.runner([DOWN], [DOWN], [DOWN], max_attempts=3)

        assert self.verdicts(await stage.run(runner)) == [
            ("down", 1, False, "down"),
            ("down", 2, False, "down"),
            ("down", 3, True, "down"),
        ]

    async def test_target_known_to_be_down_is_tried_once(self, stage: Stage) -> None:
        """There is nothing left to confirm."""
        runner = stage.runner([DOWN], [DOWN], [DOWN], max_attempts=2)
        await stage.run(runner)

        assert self.verdicts(await stage.run(runner)) == [("down", 1, True, "down")]

    async def test_attempts_share_their_group(self, stage: Stage) -> None:
        """The check group is the retry group with the attempt behind it."""
        documents = await stage.run(stage.runner([DOWN], [UP], max_attempts=2))
        group = documents[0]["summary"]["retry_group"]

        assert [d["summary"]["retry_group"] for d in documents] == [group] * 2
        assert [d["monitor"]["check_group"] for d in documents] == [
            f"{group}-1",
            f"{group}-2",
        ]
        assert {d["summary"]["max_attempts"] for d in documents} == {2}

    async def test_runs_have_groups_of_their_own(self, stage: Stage) -> None:
        """Two runs in the same instant do not mix."""
        runner = stage.runner([UP], [UP])
        documents = await stage.run(runner) + await stage.run(runner)

        assert len({d["summary"]["retry_group"] for d in documents}) == 2

    async def test_attempt_has_a_deadline_of_its_own(self, stage: Stage) -> None:
        """A retry has the whole timeout again, and no timer stays behind."""
        check = stage.check([5.0, DOWN], [UP])
        (runner,) = stage.runners([check], max_attempts=2)
        await stage.run(runner)

        first, second = check.deadlines
        assert first is not second
        assert stage.clock.timers <= 1  # the watchdog's

    async def test_no_attempts_written_is_one(self, stage: Stage) -> None:
        """`max_attempts: 0` behaves as 1."""
        (document,) = await stage.run(stage.runner([DOWN], max_attempts=0))

        assert document["summary"]["max_attempts"] == 1

    async def test_attempt_is_kept_before_the_pause(self, stage: Stage) -> None:
        """A crash during the pause loses nothing."""
        kept: list[int] = []
        runner = stage.runner([DOWN], [UP], max_attempts=2)

        async def pause(_: float) -> None:
            kept.append(len(stage.journal.records))

        await runner.run(Tick(START_NS), pause)

        assert kept == [1]


class TestState:
    """What survives the process."""

    async def test_state_goes_on_after_a_restart(self, stage: Stage) -> None:
        """A new runner continues where the last one was."""
        await stage.run(stage.runner([DOWN], timeout=1.0))
        runner = stage.runner([DOWN], timeout=2.0)
        (document,) = await stage.run(runner)

        assert_document(
            {"state": document["state"]}, schema.state("down", checks=2, down=2)
        )

    async def test_last_tick(self, stage: Stage) -> None:
        """The tick is known before and after a restart."""
        runner = stage.runner([UP])
        assert runner.last_tick_ns is None
        await stage.run(runner, Tick(START_NS + 7))

        assert runner.last_tick_ns == START_NS + 7
        assert stage.runner([UP]).last_tick_ns == START_NS + 7

    @pytest.mark.parametrize(("result", "is_up"), [(UP, True), (DOWN, False)])
    async def test_is_up(self, stage: Stage, result: Result, *, is_up: bool) -> None:
        """A runner can tell how its target is."""
        runner = stage.runner([result])
        assert not runner.is_up
        await stage.run(runner)

        assert runner.is_up is is_up

    async def test_endpoints_have_states_of_their_own(self, stage: Stage) -> None:
        """One host down does not make its neighbour of the same monitor down."""
        checks = [
            stage.check([DOWN], url={"full": "tcp://a"}),
            stage.check([UP], url={"full": "tcp://b"}),
        ]
        statuses = [
            (await stage.run(runner))[0]["state"]["status"]
            for runner in stage.runners(checks)
        ]

        assert statuses == ["down", "up"]


class TestEndpoints:
    """How the endpoints of a monitor are called."""

    def test_one_endpoint_has_the_id_of_the_monitor(self, stage: Stage) -> None:
        """Nothing is appended where there is nothing to tell apart."""
        assert [runner.id for runner in stage.runners([stage.check()])] == [
            "my-monitor"
        ]

    async def test_several_have_a_hash_of_their_url(self, stage: Stage) -> None:
        """The ids are those the reference gives."""
        urls = ["http://127.0.0.1:18080/", "http://127.0.0.1:18080/html"]
        checks = [stage.check([UP], url={"full": url}) for url in urls]
        documents = [
            (await stage.run(runner))[0] for runner in stage.runners(checks, id="three")
        ]

        assert [document["monitor"]["id"] for document in documents] == [
            "three-70da60c21f35b7e0",
            "three-a549b2c4359637c7",
        ]

    async def test_urls_documents_cannot_tell_apart(self, stage: Stage) -> None:
        """Both are checked and delivered, though their documents name one monitor."""
        checks = [stage.check([UP]), stage.check([UP])]
        first, second = stage.runners(checks)
        documents = await stage.run(first) + await stage.run(second)

        assert first.id != second.id
        assert len({document["monitor"]["id"] for document in documents}) == 1
        assert len({record.routing.id for record in stage.journal.records}) == 2

    def test_without_a_url(self, stage: Stage) -> None:
        """The hash is then that of `n/a`."""
        checks = [stage.check(url=None), stage.check()]

        assert stage.runners(checks)[0].id == "my-monitor-d8b0e7186b8aa465"

    def test_schedule_and_type_are_those_of_the_monitor(self, stage: Stage) -> None:
        """The type is the one that was written."""
        (runner,) = stage.runners([stage.check()], type="synthetics/tcp")

        assert runner.type == "synthetics/tcp"
        assert runner.schedule.interval == 10.0


async def test_what_was_lost_is_not_part_of_the_duration(stage: Stage) -> None:
    """A target is not slow because we were busy when it answered."""

    def answered_two_seconds_ago(deadline: Deadline) -> None:
        deadline.lose(2.0)

    runner = stage.runner([3.0, answered_two_seconds_ago, UP])
    (document,) = await stage.run(runner)

    assert document["monitor"]["duration"] == {"us": 1_000_000}


async def test_finished_run_is_logged_for_debugging(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """One line for each run, on its final attempt."""
    runner = stage.runner([DOWN], [0.25, UP], max_attempts=2)
    with caplog.at_level(logging.DEBUG, "heartbeat.runner"):
        await stage.run(runner)

    (line,) = caplog.records
    assert (line.message, vars(line)["event"], vars(line)["monitor"]) == (
        "Monitor finished",
        {"action": "monitor.run"},
        {
            "id": "my-monitor",
            "type": "tcp",
            "status": "up",
            "attempt": 2,
            "duration": {"ms": 250},
        },
    )


class TestConfirmation:
    """Changes that are looked at again before they are believed."""

    DOWN_TWICE = Confirm(down=2, interval=3.0)

    async def test_change_is_looked_at_again(self, stage: Stage) -> None:
        """After the interval of the confirmation, with documents of its own."""
        runner = stage.runner([UP], [DOWN], [DOWN], confirm=self.DOWN_TWICE)
        await stage.run(runner)
        documents = await stage.run(runner)

        assert stage.pauses == [3.0]
        assert [document["state"]["status"] for document in documents] == ["up", "down"]
        assert [d["summary"]["status"] for d in documents] == ["down", "down"]
        assert len({record.routing.id for record in stage.journal.records[-2:]}) == 2

    async def test_change_that_passes_is_none(self, stage: Stage) -> None:
        """The state stays as it was."""
        runner = stage.runner([UP], [DOWN], [UP], confirm=self.DOWN_TWICE)
        await stage.run(runner)
        documents = await stage.run(runner)

        assert {document["state"]["status"] for document in documents} == {"up"}

    async def test_next_tick_is_soon_enough(self, stage: Stage) -> None:
        """A run must not go on into the next tick."""
        confirm = Confirm(down=2, interval=10.0)
        runner = stage.runner([UP], [DOWN], confirm=confirm)
        await stage.run(runner)

        assert len(await stage.run(runner)) == 1

    async def test_without_an_interval_ticks_confirm(self, stage: Stage) -> None:
        """Each run on schedule counts."""
        runner = stage.runner([UP], [DOWN], [DOWN], confirm=Confirm(down=2))
        states = [(await stage.run(runner))[0]["state"]["status"] for _ in range(3)]

        assert states == ["up", "up", "down"]

    async def test_delay_between_attempts(self, stage: Stage) -> None:
        """It is a second unless written."""
        runner = stage.runner([DOWN], [UP], max_attempts=2, retry_delay=0.25)
        await stage.run(runner)

        assert stage.pauses == [0.25]


def always_open() -> Window:
    """Return a window that is open for as long as there are clocks."""
    return Window([datetime(1970, 1, 1, tzinfo=UTC)], 1e9 * 9)


class TestMaintenance:
    """Runs that fall into a window."""

    async def test_nothing_is_run_or_written(self, stage: Stage) -> None:
        """No document, no state; only a count."""
        runner = stage.runner(maintenance=(always_open(),))

        assert await stage.run(runner) == []
        assert runner.rests
        assert runner.last_tick_ns is None

    async def test_skipped_runs_are_counted(self, stage: Stage) -> None:
        """Whoever wonders where the documents are finds them there."""
        site = Site.of(stage.clock, stage.journal, IDENTITY)
        spec = spec_of(maintenance=(always_open(),))
        (runner,) = runners(spec, [stage.check()], site, {})
        await stage.run(runner)

        assert site.counts.skipped == 1

    async def test_closed_windows_are_no_reason(self, stage: Stage) -> None:
        """A window that is over changes nothing."""
        runner = stage.runner([UP], maintenance=(Window([], 1.0),))

        assert len(await stage.run(runner)) == 1


class TestHost:
    """Whom a runner talks to."""

    def test_is_that_of_the_url(self, stage: Stage) -> None:
        """As documents have it."""
        assert stage.runner([UP]).host == "localhost"

    def test_is_empty_without_a_url(self, stage: Stage) -> None:
        """A check that has none counts for no host."""
        (runner,) = stage.runners([stage.check([UP], url=None)])

        assert runner.host == ""
