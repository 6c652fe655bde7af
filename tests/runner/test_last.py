"""What a runner remembers of its last attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.runner import seconds_by_phase
from heartbeat.runner.last import LastRun, last_run
from tests.support.stage import DOWN, REFUSED, UP

if TYPE_CHECKING:
    from heartbeat.event import Fields, Result
    from tests.support.stage import Stage

NOTHING = LastRun(7, 5, "", 0, "", (0, 0, 0, 0, 0))


class TestFacts:
    """What is kept."""

    def test_a_whole_document(self) -> None:
        """Status code, certificate and the phases, from where documents have them."""
        fields: Fields = {
            "http": {
                "response": {"status_code": 404},
                "rtt": {"response_header": {"us": 4}},
            },
            "tls": {
                "certificate_not_valid_after": "2027-01-01T00:00:00.000Z",
                "rtt": {"handshake": {"us": 3}},
            },
            "resolve": {"rtt": {"us": 1}},
            "tcp": {"rtt": {"connect": {"us": 2}}},
            "icmp": {"rtt": {"us": 5}},
        }

        assert last_run(fields, [(UP, 7)], 5) == LastRun(
            7, 5, "", 404, "2027-01-01T00:00:00.000Z", (1, 2, 3, 4, 5)
        )

    @pytest.mark.parametrize("fields", [{}, {"tcp": "odd"}, {"tls": None}])
    def test_what_is_not_there_is_nothing(self, fields: Fields) -> None:
        """Types of plug-ins may write what they like; that costs no check."""
        assert last_run(fields, [(UP, 7)], 5) == NOTHING

    def test_the_first_error_of_all_addresses(self) -> None:
        """One address that is down makes the target down, whichever it is."""
        outcomes: list[tuple[Result, int]] = [(UP, 1), (DOWN, 2), (UP, 3)]

        assert last_run({}, outcomes, 5).error == REFUSED.message


class TestPhases:
    """Phases as others read them."""

    def test_those_that_took_place(self) -> None:
        """In seconds, with the whole."""
        last = NOTHING._replace(duration_us=1_500_000, phases=(0, 250_000, 0, 0, 0))

        assert seconds_by_phase(last) == {"total": 1.5, "connect": 0.25}


class TestRunner:
    """When it is kept."""

    async def test_the_last_attempt_counts(self, stage: Stage) -> None:
        """The one that will be repeated is forgotten."""
        runner = stage.runner([DOWN], [UP], max_attempts=2)
        before = runner.last
        await stage.run(runner)

        assert (before, runner.last and runner.last.error) == (None, "")
