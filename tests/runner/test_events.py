"""The documents of a run, as the contract has them."""

from __future__ import annotations

from heartbeat.errors import CheckError, ErrorType
from heartbeat.event import Result
from heartbeat.monitors.base import BrokenCheck
from heartbeat.schedule import Tick, parse
from tests.support import schema
from tests.support.clock import START_NS
from tests.support.schema import assert_document
from tests.support.stage import DOWN, REFUSED, TCP_URL, UP, Stage, Wrote

SECOND = 1_000_000_000


class TestDocuments:
    """What a run writes."""

    async def test_up(self, stage: Stage) -> None:
        """A check with one result writes one document, which is the summary."""
        facts = Wrote(
            {
                "resolve": {"ip": "127.0.0.1", "rtt": {"us": 310}},
                "tcp": {"rtt": {"connect": {"us": 140}}},
            }
        )
        runner = stage.runner([Result("127.0.0.1", None, [facts])])
        (document,) = await stage.run(runner)

        assert_document(
            document,
            schema.summary("up", "tcp"),
            schema.url("tcp://localhost:9200"),
            schema.address("127.0.0.1"),
            schema.resolve("127.0.0.1"),
            schema.tcp(),
        )

    async def test_down(self, stage: Stage) -> None:
        """A failure brings its error, and no facts that were not learned."""
        (document,) = await stage.run(stage.runner([DOWN]))

        assert_document(
            document,
            schema.summary("down", "tcp"),
            schema.url("tcp://localhost:9200"),
            schema.address("127.0.0.1"),
            schema.error("io", REFUSED.message, "NET_COULD_NOT_CONNECT"),
        )

    async def test_failure_before_an_address_is_known(self, stage: Stage) -> None:
        """A failed lookup has neither an address nor a code."""
        error = CheckError(ErrorType.IO, "lookup no.such.host: no such host")
        (document,) = await stage.run(stage.runner([Result(error=error)]))

        assert_document(
            document,
            schema.summary("down", "tcp"),
            schema.url("tcp://localhost:9200"),
            schema.error("io", "lookup no.such.host: no such host"),
        )

    async def test_several_addresses(self, stage: Stage) -> None:
        """Each address has its document; a failed one sums up what became of all.

        Its status is what Kibana shows of the monitor.
        """
        down, up = Result("192.0.2.1", REFUSED), Result("192.0.2.2")
        first, last = await stage.run(stage.runner([down, up]))

        assert_document(
            first,
            schema.common("up", "tcp"),
            schema.url("tcp://localhost:9200"),
            schema.address("192.0.2.2"),
        )
        assert_document(
            last,
            schema.summary("down", "tcp", up=1, down=1),
            schema.state("down"),
            schema.url("tcp://localhost:9200"),
            schema.address("192.0.2.1"),
            schema.error("io", REFUSED.message, "NET_COULD_NOT_CONNECT"),
        )
        assert first["monitor"]["check_group"] == last["monitor"]["check_group"]

    async def test_several_addresses_are_kept_together(self, stage: Stage) -> None:
        """Everything of an attempt goes into one transaction."""
        await stage.run(stage.runner([UP, DOWN, UP]))

        assert stage.journal.appends == [3]

    async def test_broken_monitor(self, stage: Stage) -> None:
        """A monitor that cannot work says so, once a run, whatever it may repeat."""
        check = BrokenCheck("hosts is a mandatory parameter")
        (runner,) = stage.runners([check], max_attempts=3, type="http")
        (document,) = await stage.run(runner)

        message = "job could not be initialized: hosts is a mandatory parameter"
        assert_document(
            document,
            schema.summary("down", "http"),
            schema.error("io", message),
        )

    async def test_duration_is_that_of_the_whole_attempt(self, stage: Stage) -> None:
        """It ends when the check has ended, not with its last result."""
        (document,) = await stage.run(stage.runner([0.25, UP, 0.5]))

        assert document["monitor"]["duration"] == {"us": 750_000}

    async def test_time_is_when_the_result_was_there(self, stage: Stage) -> None:
        """`@timestamp` and the start of the timespan are the end of the check."""
        (document,) = await stage.run(stage.runner([0.25, UP]))

        assert document["@timestamp"] == "2026-09-21T14:13:20.250Z"
        assert document["monitor"]["timespan"] == {
            "gte": "2026-09-21T14:13:20.250Z",
            "lt": "2026-09-21T14:13:30.250Z",
        }

    async def test_timespan_is_no_shorter_than_the_timeout(self, stage: Stage) -> None:
        """A timeout as written counts where it is longer than the interval."""
        (document,) = await stage.run(stage.runner([UP], timeout=60.0))

        assert document["monitor"]["timespan"]["lt"] == "2026-09-21T14:14:20.000Z"

    async def test_timespan_of_a_schedule_at_its_end(self, stage: Stage) -> None:
        """Without a next moment the timeout alone counts."""
        schedule = parse("13 14 21 9 * 2026", now_ns=START_NS - 86_400 * SECOND)
        runner = stage.runner([UP], schedule=schedule, timeout=1.0)
        (document,) = await stage.run(runner)

        assert document["monitor"]["timespan"]["lt"] == "2026-09-21T14:13:21.000Z"

    async def test_origin(self, stage: Stage) -> None:
        """Where a monitor comes from stands beside its id."""
        (document,) = await stage.run(stage.runner([UP], origin="ui"))

        assert document["monitor"]["origin"] == "ui"

    async def test_step_of_the_wall_clock_is_noted(self, stage: Stage) -> None:
        """A reader of odd times is told why they are odd."""
        runner = stage.runner([UP], [UP])
        (document,) = await stage.run(runner, Tick(START_NS, step=-3600.0))
        (next_one,) = await stage.run(runner)

        assert document["heartbeat"] == {"clock": {"step": {"us": -3_600_000_000}}}
        assert "heartbeat" not in next_one

    async def test_documents_share_nothing_that_changes(self, stage: Stage) -> None:
        """What one check writes into a common part does not stay there."""
        redirected = Wrote({"url": {"path": "/new"}, "event": {"kind": "odd"}})
        runner = stage.runner([Result("1.1.1.1", None, [redirected])], [UP])
        (first,) = await stage.run(runner)
        (second,) = await stage.run(runner)

        assert first["url"] == {**TCP_URL, "path": "/new"}
        assert second["url"] == TCP_URL
        assert second["event"] == {"dataset": "tcp", "type": "heartbeat/summary"}
