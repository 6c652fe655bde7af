"""The license of the cluster: looked at, told, and never in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.outputs.elasticsearch.license import AGAIN
from tests.support.bulk import Bulk, answer
from tests.support.records import numbered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput
    from tests.support.clock import FakeClock

EXPIRED = {"license": {"status": "expired", "expiry_date_in_millis": 1_790_000_000_000}}
NOTHING: Sequence[Any] = (
    answer({"license": {"status": "active"}}),
    answer({"license": {"status": "valid"}}),
    answer({"error": {"type": "security_exception"}}, status=403),
    answer({"error": "no handler"}, status=400),
    answer({}),
    answer(b"none"),
)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was said about the license."""
    messages = [record.getMessage() for record in caplog.records]
    return [message for message in messages if "license of the cluster" in message]


async def test_an_expired_license_is_told(
    make: Any, bulk: Bulk, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, however often we connect; events are sent all the same."""
    bulk.license = answer(EXPIRED)
    output: ElasticsearchOutput = make(bulk.url)
    for _ in range(2):
        await output.connect()
        await clock.advance(AGAIN)

    delivery = await output.publish(numbered(1, 1))

    (message,) = told(caplog)
    assert "is expired since 2026-09-21: events are stored" in message
    assert delivery.accepted == 1


@pytest.mark.parametrize("license_answer", NOTHING)
async def test_nothing_is_said_about_others(
    make: Any, bulk: Bulk, license_answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A good license, and one we cannot see, are no reason for words."""
    bulk.license = license_answer
    await make(bulk.url).connect()

    assert told(caplog) == []


async def test_connecting_again_need_not_ask_again(
    make: Any, bulk: Bulk, clock: FakeClock
) -> None:
    """A reconnect is one request; after an hour the license is looked at again."""
    output: ElasticsearchOutput = make(bulk.url)
    await output.connect()
    await output.connect()
    await clock.advance(AGAIN)
    await output.connect()

    paths = [one.path for one in bulk.requests]
    assert paths == ["/", "/_license", "/", "/", "/_license"]


async def test_a_serverless_project_has_no_license(make: Any, bulk: Bulk) -> None:
    """It is not asked for one."""
    version = {"number": "8.11.0", "build_flavor": "serverless"}
    bulk.root = answer({"version": version})
    await make(bulk.url).connect()

    assert [one.path for one in bulk.requests] == ["/"]


async def test_the_self_test_tells_it(make: Any, bulk: Bulk) -> None:
    """As a warning: events can be stored."""
    bulk.license = answer(EXPIRED)
    findings = [one async for one in make(bulk.url).test()]

    (finding,) = [one for one in findings if one.name == "license"]
    assert (finding.verdict, finding.text) == ("WARN", "expired since 2026-09-21")
