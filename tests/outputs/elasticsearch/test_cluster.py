"""Who is there: the handshake, several hosts, and failing over between them."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.base import Delivery
from tests.support.bulk import Bulk, answer, break_off, bulk_server, hang_up
from tests.support.records import numbered

STREAM = f"heartbeat-{COMPATIBLE_VERSION}"


@pytest.mark.parametrize(
    ("root", "words"),
    [
        (
            answer({"error": {"type": "security_exception"}}, status=401),
            (
                "URL: authentication failed (401): check username/password or api_key:"
                " security_exception"
            ),
        ),
        (
            answer({"error": {"reason": "granted by [monitor]"}}, status=403),
            (
                "URL: permission denied (403): grant what is missing to the user or API"
                " key: granted by [monitor]"
            ),
        ),
        (
            answer({"error": "no handler"}, status=404),
            "URL: not found (404): is the path of the host right?: no handler",
        ),
        (
            answer(b"<html>", content_type="text/html"),
            (
                "URL: this is not Elasticsearch: it answers with text/html that names"
                " no version"
            ),
        ),
        (
            answer([]),
            (
                "URL: this is not Elasticsearch: it answers with application/json that"
                " names no version"
            ),
        ),
        (
            answer({"version": {"number": "2.1.0", "distribution": "opensearch"}}),
            "URL: this is opensearch, not Elasticsearch",
        ),
    ],
)
async def test_connect_wants_an_elasticsearch(
    make: Any, bulk: Bulk, root: Any, words: str
) -> None:
    """Whoever else answers, or refuses us, is named."""
    bulk.root = root

    with pytest.raises(OutputUnavailable) as caught:
        await make(bulk.url).connect()

    assert str(caught.value).replace(bulk.url, "URL") == words


@pytest.mark.parametrize(
    "version",
    [
        {"number": COMPATIBLE_VERSION},
        {"number": "8.11.0", "build_flavor": "serverless"},
    ],
)
async def test_our_version_is_new_enough(
    make: Any, bulk: Bulk, version: dict[str, str]
) -> None:
    """Also with allow_older_versions off; a serverless project is never old."""
    bulk.root = answer({"version": version})

    await make(bulk.url, allow_older_versions=False).connect()

    assert bulk.requests[0].path == "/"


async def test_older_servers_can_be_excluded(make: Any, bulk: Bulk) -> None:
    """With allow_older_versions off they are refused, with the reference's words."""
    bulk.root = answer({"version": {"number": "8.19.13"}})

    with pytest.raises(OutputUnavailable) as caught:
        await make(bulk.url, allow_older_versions=False).connect()

    assert str(caught.value) == (
        "Elasticsearch is too old. Please upgrade the instance. If you would like to"
        " connect to older instances set output.elasticsearch.allow_older_versions to"
        f" true. ES=8.19.13, Beat={COMPATIBLE_VERSION}"
    )


async def test_the_load_is_shared(make: Any) -> None:
    """With several hosts each gets its part of the requests."""
    async with bulk_server() as one, bulk_server() as other:
        output = make(one.url, other.url)
        await output.connect()
        for number in range(1, 5):
            await output.publish(numbered(number, number))

        assert (len(one.requests) > 1, len(other.requests) > 1) == (True, True)


async def test_without_loadbalance_the_first_host_is_used(make: Any) -> None:
    """Others are for when it fails."""
    async with bulk_server() as one, bulk_server() as other:
        output = make(one.url, other.url, loadbalance=False)
        await output.connect()
        await output.publish(numbered(1, 1))

        assert (len(one.bulks), len(other.requests)) == (1, 0)


@pytest.mark.parametrize("trouble", [answer({}, status=503), hang_up, break_off])
async def test_another_host_takes_over(make: Any, trouble: Any) -> None:
    """A host that fails costs no event and no second attempt."""
    async with bulk_server() as one, bulk_server() as other:
        output = make(one.url, other.url, loadbalance=False)
        await output.connect()
        one.script.append(trouble)

        delivery = await output.publish(numbered(1, 1))

        assert delivery == Delivery(1, [], [])
        assert other.taken == [(STREAM, "id-1")]


async def test_a_failing_host_is_announced(
    make: Any, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Its failure and its return are told where the others hide them."""
    async with bulk_server() as one, bulk_server() as other:
        output = make(one.url, other.url, loadbalance=False)
        one.is_down = True
        await output.connect()
        one.is_down, other.is_down = False, True
        clock.jump(30)
        await output.publish(numbered(1, 1))

        messages = [record.getMessage() for record in caplog.records]
    assert messages[0].startswith(f"cannot use {one.url}: ")
    assert f"{one.url} works again after 30s" in messages


async def test_all_hosts_are_named_when_none_works(make: Any) -> None:
    """The operator sees what went wrong at each."""
    output = make("127.0.0.1:1", "127.0.0.1:2", loadbalance=False)

    with pytest.raises(OutputUnavailable) as caught:
        await output.connect()

    assert str(caught.value) == (
        "http://127.0.0.1:1: dial: connection refused;"
        " http://127.0.0.1:2: dial: connection refused"
    )
