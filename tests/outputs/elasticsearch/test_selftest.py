"""`test output`: every step, up to the first that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.net import Lookup
from heartbeat.outputs.elasticsearch import selftest
from tests.support import certificates
from tests.support.bulk import Bulk, answer, bulk_server

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.outputs.base import Finding
    from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput

STREAM = f"heartbeat-{COMPATIBLE_VERSION}"


async def findings(output: ElasticsearchOutput) -> list[str]:
    """Return the lines of the test, indented."""
    return [line(finding) async for finding in output.test()]


def line(one: Finding) -> str:
    """Return a finding as a line."""
    return f"{'  ' * (one.depth - 1)}{one.name}... {one.verdict} {one.text}".rstrip()


async def test_all_steps(make: Any, bulk: Bulk) -> None:
    """Nothing but GET and a question about privileges, and no document."""
    granted = {"index": {STREAM: {"create_doc": True, "auto_configure": True}}}
    bulk.privileges = answer(granted)

    assert await findings(make(bulk.url)) == [
        f"{bulk.url}...",
        "  parse url... OK",
        "  connection...",
        "    parse host... OK",
        "    dns lookup... OK",
        "    addresses... INFO 127.0.0.1",
        "    dial up... OK",
        "  TLS... WARN secure connection disabled",
        "  talk to server... OK",
        "  version... INFO 9.4.3",
        f"  may write to {STREAM}... OK",
    ]
    assert [request.path for request in bulk.requests] == [
        "/",
        "/_license",
        "/_security/user/_has_privileges",
    ]


async def test_every_index_that_rules_name_is_asked_for(make: Any, bulk: Bulk) -> None:
    """Those that only events can name are told to be open."""
    both = {"create_doc": True, "auto_configure": True}
    bulk.privileges = answer({"index": {"one": both, "rest": {}}})
    when = {"equals": {"monitor.id": "a"}}
    rules = [{"index": "one", "when": when}, {"index": "%{[monitor.id]}"}]

    found = await findings(make(bulk.url, indices=rules, index="rest"))

    assert orjson.loads(bulk.requests[-1].body)["index"][0]["names"] == ["one", "rest"]
    assert found[-3:] == [
        "  may write to one... OK",
        "  may write to rest... ERROR the privilege create_doc is missing",
        ("indices... INFO some depend on the event, their privileges are not known"),
    ]


@pytest.mark.parametrize(
    ("privileges", "expected"),
    [
        ({"create_doc": False}, "ERROR the privilege create_doc is missing"),
        ({}, "ERROR the privilege create_doc is missing"),
        (
            {"create_doc": True, "auto_configure": False},
            (
                "WARN the privilege auto_configure is missing:"
                f" {STREAM} must exist already"
            ),
        ),
    ],
)
async def test_missing_privileges(
    make: Any, bulk: Bulk, privileges: dict[str, bool], expected: str
) -> None:
    """Whether documents could be written is known before the first one."""
    bulk.privileges = answer({"index": {STREAM: privileges}})

    assert (await findings(make(bulk.url)))[-1] == (
        f"  may write to {STREAM}... {expected}"
    )


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (answer({"error": "no handler"}, status=400), "no handler"),
        (answer(b"", status=405), "it answered 405"),
    ],
)
async def test_privileges_may_be_unknown(
    make: Any, bulk: Bulk, act: Any, why: str
) -> None:
    """A server without security does not answer that question."""
    bulk.privileges = act

    assert (await findings(make(bulk.url)))[-1] == (
        f"  may write to {STREAM}... WARN the server does not say (is its security"
        f" off?): {why}"
    )


@pytest.mark.parametrize(
    ("mode", "security"),
    [("full", "INFO {} enabled"), ("none", "WARN {} disabled")],
)
async def test_tls_is_shown(make: Any, mode: str, security: str) -> None:
    """The version and whether certificates are checked."""
    tls = certificates.server_context(certificates.good())
    options = {
        "certificate_authorities": [certificates.root().pem],
        "verification_mode": mode,
    }
    async with bulk_server(tls=tls) as bulk:
        found = await findings(make(bulk.url, ssl=options))

    checked = security.format("server's certificate chain verification is")
    assert found[7:12] == [
        "  TLS...",
        f"    security... {checked}",
        "    handshake... OK",
        "    TLS version... INFO TLSv1.3",
        "  talk to server... OK",
    ]


@pytest.mark.parametrize(
    ("host", "options", "last"),
    [
        (
            "127.0.0.1:1",
            {},
            (
                "    dial up... ERROR Could not connect to '127.0.0.1:1' with error:"
                " dial tcp 127.0.0.1:1: connect: connection refused"
            ),
        ),
        ("a..b", {}, "    dns lookup... ERROR lookup a..b: no such host"),
        (
            "http://es.example",
            {"proxy_url": "127.0.0.1:1"},
            (
                "  talk to server... ERROR http://es.example:9200: proxy: connection"
                " refused"
            ),
        ),
    ],
)
async def test_the_first_error_is_the_last_line(
    make: Any, host: str, options: Mapping[str, str], last: str
) -> None:
    """There is no point in trying what needs the step that failed."""
    assert (await findings(make(host, **options)))[-1] == last


async def test_a_bad_certificate(make: Any) -> None:
    """The handshake says what is wrong with it."""
    tls = certificates.server_context(certificates.unknown_authority())
    trust = {"certificate_authorities": [certificates.root().pem]}
    async with bulk_server(tls=tls) as bulk:
        found = await findings(make(bulk.url, ssl=trust))

    assert found[-1] == (
        "    handshake... ERROR x509: certificate signed by unknown authority"
    )


async def test_every_host_is_tried(make: Any, bulk: Bulk) -> None:
    """A host that fails does not hide the next one."""
    found = await findings(make("127.0.0.1:1", bulk.url))

    assert [one for one in found if not one.startswith(" ")] == [
        "http://127.0.0.1:1...",
        f"{bulk.url}...",
    ]


async def test_every_address_is_tried(
    make: Any, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One address that answers is enough."""

    async def found(*_arguments: object) -> Lookup:
        return Lookup(("127.0.0.2", "127.0.0.1"))

    monkeypatch.setattr(selftest, "resolve", found)

    lines = await findings(make(bulk.url))

    assert lines[5:7] == [
        "    addresses... INFO 127.0.0.2, 127.0.0.1",
        "    dial up... OK",
    ]


async def test_a_name_without_addresses(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing to dial is an error too."""

    async def found(*_arguments: object) -> Lookup:
        return Lookup(())

    monkeypatch.setattr(selftest, "resolve", found)

    lines = await findings(make("es.example"))

    assert lines[-1] == "    dial up... ERROR lookup es.example: no address"
