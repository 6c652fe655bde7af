"""Requests on the wire: headers, credentials, queries, TLS, proxies."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.errors import ConfigError, OutputUnavailable
from heartbeat.outputs.base import Delivery
from heartbeat.outputs.elasticsearch.access import TlsUnavailable
from tests.support import certificates
from tests.support.bulk import Bulk, answer, bulk_server, read_request
from tests.support.records import numbered, records
from tests.support.servers import full_port, say, serve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.bulk import Request


def headers_of(request: Request, *names: str) -> dict[str, str | None]:
    """Return some headers of a request."""
    return {name: request.headers.get(name) for name in names}


async def test_requests_look_like_the_references(connected: Any, bulk: Bulk) -> None:
    """Headers and the filter of the answer are those proxies and people know."""
    output = await connected(parameters={"a": 1}, path="/es")
    await output.publish(numbered(1, 2))

    root, _, request = bulk.requests
    told = dict(request.headers)
    agent = told.pop("user-agent")
    told.pop("content-length")
    assert agent.startswith(f"Elastic-heartbeat/{COMPATIBLE_VERSION} (linux; ")
    assert agent.endswith("; Standalone)")
    assert told == {
        "host": bulk.url.removeprefix("http://"),
        "connection": "keep-alive",
        "accept": "application/json",
        "content-type": "application/json; charset=UTF-8",
        "content-encoding": "gzip",
        "x-elastic-product-origin": "beats",
        "x-elastic-event-count": "2",
        "x-elastic-uncompressed-request-length": str(len(request.body)),
    }
    assert root.target == "/es/?a=1"
    assert request.target == (
        "/es/_bulk?a=1&filter_path=errors%2Citems.%2A.error%2Citems.%2A.status"
        "%2Citems.%2A.failure_store"
    )


async def test_connections_are_kept(connected: Any, bulk: Bulk) -> None:
    """Batches that follow each other use one connection."""
    output = await connected()
    await output.publish(numbered(1, 1))
    await output.publish(numbered(2, 2))

    assert bulk.connections == 1


async def test_large_plain_bodies_arrive(connected: Any, bulk: Bulk) -> None:
    """Megabytes without compression are sent in parts."""
    output = await connected(compression_level=0)

    delivery = await output.publish(records(20, size=100_000))

    assert delivery == Delivery(20, [], [])
    assert len(bulk.bulks[0].body) > 2_000_000
    assert "content-encoding" not in bulk.bulks[0].headers


@pytest.mark.parametrize(
    ("credentials", "options", "header"),
    [
        ("", {"username": "me", "password": "pw"}, "Basic bWU6cHc="),
        ("", {"headers": {"Authorization": "Own x"}}, "Own x"),
        ("", {"service_token": "st"}, "Bearer st"),
        ("", {"api_key": "id:key"}, "ApiKey aWQ6a2V5"),
        ("", {"auth": {"api_key": "b64"}}, "ApiKey b64"),
        ("", {"auth": {"username": "me", "password": "pw"}}, "Basic bWU6cHc="),
        (
            "",
            {"auth": {"headers": [{"key": "Authorization", "value": "Own y"}]}},
            "Own y",
        ),
        (
            "",
            {"auth": {"api_key": "b64"}, "headers": {"Authorization": "Own x"}},
            "Own x",
        ),
        (
            "",
            {"auth": {"api_key": "b64"}, "username": "me", "password": "pw"},
            "Basic bWU6cHc=",
        ),
        ("you:two@", {"username": "me", "password": "pw"}, "Basic eW91OnR3bw=="),
    ],
)
async def test_hosts_are_told_who_we_are(
    make: Any, bulk: Bulk, credentials: str, options: Mapping[str, Any], header: str
) -> None:
    """Credentials in a host come before those of the output."""
    output = make(bulk.url.replace("//", f"//{credentials}"), **options)
    await output.connect()

    assert bulk.requests[0].headers["authorization"] == header


async def test_the_same_host_twice_is_one(make: Any, bulk: Bulk) -> None:
    """A host that is listed twice is no second one."""
    output = make(bulk.url, f"{bulk.url}/")

    assert output.limits.concurrency == 1


async def test_credentials_are_in_no_text(make: Any) -> None:
    """Errors name the host, not the password."""
    with pytest.raises(OutputUnavailable) as caught:
        await make("http://me:secret@127.0.0.1:1").connect()

    assert str(caught.value) == "http://127.0.0.1:1: dial: connection refused"


async def test_a_name_that_does_not_exist(make: Any) -> None:
    """The lookup is what failed."""
    with pytest.raises(OutputUnavailable, match=r"^http://no such:9200: "):
        await make("no such").connect()


async def test_a_connection_that_does_not_come_about(make: Any) -> None:
    """A host that drops packets is told from one that is slow to answer."""
    with full_port() as port:
        output = make(f"127.0.0.1:{port}", timeout="20ms")
        with pytest.raises(OutputUnavailable) as caught:
            await output.connect()

    assert f"http://127.0.0.1:{port}: no " in str(caught.value)


async def test_something_that_speaks_no_http(make: Any) -> None:
    """Another service on the port is recognised as such."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"220 mail ESMTP\r\n")
        await writer.drain()

    async with serve(greet) as port:
        with pytest.raises(OutputUnavailable, match="the answer cannot be used"):
            await make(f"127.0.0.1:{port}").connect()


@pytest.mark.parametrize(
    "options",
    [
        {"verification_mode": "none"},
        {"certificate_authorities": [certificates.root().pem]},
        {
            "certificate_authorities": [certificates.root().pem],
            "supported_protocols": ["TLSv1.3"],
            "verification_mode": "strict",
        },
    ],
)
async def test_tls(make: Any, options: Mapping[str, Any]) -> None:
    """Batches travel encrypted, checked as the options say."""
    tls = certificates.server_context(certificates.good())
    async with bulk_server(tls=tls) as bulk:
        output = make(bulk.url, ssl=options)
        await output.connect()

        assert await output.publish(numbered(1, 1)) == Delivery(1, [], [])
        await output.close()


@pytest.mark.parametrize(
    ("issued", "options", "words"),
    [
        (
            certificates.unknown_authority,
            {},
            "tls: x509: certificate signed by unknown authority",
        ),
        (
            certificates.wrong_host,
            {},
            (
                "tls: x509: cannot validate certificate for 127.0.0.1 because it"
                " doesn't contain any IP SANs"
            ),
        ),
        (
            certificates.good,
            {"ca_sha256": ["AAAA"]},
            (
                "tls: provided CA certificate pins doesn't match any of the certificate"
                " authorities used to validate the certificate"
            ),
        ),
        (
            certificates.good,
            {"supported_protocols": ["TLSv1.1", "TLSv1.3"]},
            "tls: tls version TLSv1.2 not configured",
        ),
    ],
)
async def test_bad_certificates(
    make: Any, issued: Any, options: Mapping[str, Any], words: str
) -> None:
    """The words are those of the checks."""
    tls = certificates.server_context(issued())
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    trust = {"certificate_authorities": [certificates.root().pem]}
    async with bulk_server(tls=tls) as bulk:
        with pytest.raises(TlsUnavailable) as caught:
            await make(bulk.url, ssl={**trust, **options}).connect()

        assert str(caught.value) == f"{bulk.url}: {words}"


async def test_pinned_authorities(make: Any) -> None:
    """A pin that fits lets the connection through."""
    (pin, *_) = certificates.read(certificates.root()).pins
    tls = certificates.server_context(certificates.good())
    trust = {"certificate_authorities": [certificates.root().pem], "ca_sha256": [pin]}
    async with bulk_server(tls=tls) as bulk:
        output = make(bulk.url, ssl=trust)
        await output.connect()
        await output.close()


async def test_an_authority_can_be_known_by_fingerprint(make: Any) -> None:
    """The first connection learns it, the same request goes through."""
    tls = certificates.server_context(certificates.unknown_authority())
    print_ = certificates.read(certificates.other_root()).fingerprint
    trust = {
        "certificate_authorities": [certificates.root().pem],
        "ca_trusted_fingerprint": print_,
    }
    async with bulk_server(tls=tls) as bulk:
        output = make(bulk.url, ssl=trust)
        await output.connect()
        await output.close()


async def test_certificates_are_read_again_after_trouble(
    make: Any, tmp_path: Path
) -> None:
    """A renewed authority needs no restart; one that is broken is reported."""
    file = tmp_path / "ca.pem"
    file.write_text(certificates.other_root().pem)
    tls = certificates.server_context(certificates.good())
    async with bulk_server(tls=tls) as bulk:
        output = make(bulk.url, ssl={"certificate_authorities": [str(file)]})
        with pytest.raises(TlsUnavailable):
            await output.connect()
        file.write_text("")
        with pytest.raises(OutputUnavailable, match="holds no PEM certificate"):
            await output.connect()
        file.write_text(certificates.root().pem)
        await output.connect()
        await output.close()


async def test_unreadable_certificates_stop_the_start(make: Any) -> None:
    """Files are read when the output is built."""
    with pytest.raises(ConfigError, match="open /missing: no such file"):
        make("https://es", ssl={"certificate_authorities": ["/missing"]})


async def test_tls_where_there_is_none(make: Any) -> None:
    """A host that speaks plain http gets a hint."""
    async with serve(say(b"HTTP/1.0 400 Bad Request\r\n\r\n")) as port:
        output = make(f"https://127.0.0.1:{port}", ssl={"enabled": False})
        with pytest.raises(OutputUnavailable, match=r"\(does it speak plain http\?\)$"):
            await output.connect()


async def test_a_proxy_is_asked(make: Any, bulk: Bulk) -> None:
    """Plain requests go to the proxy with the whole URL and its credentials."""
    proxy = bulk.url.replace("//", "//me:pw@")
    output = make("es.example", proxy_url=proxy)
    await output.connect()

    request = bulk.requests[0]
    assert request.target == "http://es.example:9200/"
    assert request.headers["proxy-authorization"] == "Basic bWU6cHc="


async def test_the_proxy_of_the_environment(
    make: Any, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is used unless proxies are switched off."""
    monkeypatch.setenv("http_proxy", bulk.url)
    await make("es.example").connect()

    assert bulk.requests[0].target == "http://es.example:9200/"


async def test_proxies_can_be_switched_off(
    make: Any, bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """proxy_disable counts for every way to name one."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    output = make(bulk.url, proxy_disable=True, proxy_url="http://127.0.0.1:1")
    await output.connect()

    assert bulk.requests[0].target == "/"


async def test_a_proxy_tunnels_tls(make: Any) -> None:
    """Encrypted requests pass through CONNECT, with the headers for the proxy."""
    seen: list[str] = []

    async def tunnel(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        seen.extend(head.lower().splitlines())
        port = int(head.split()[1].rpartition(":")[2])
        inner, outer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        async with asyncio.TaskGroup() as both:
            both.create_task(pump(reader, outer))
            both.create_task(pump(inner, writer))

    tls = certificates.server_context(certificates.good())
    trust = {"certificate_authorities": [certificates.root().pem]}
    async with bulk_server(tls=tls) as bulk, serve(tunnel) as port:
        output = make(
            bulk.url,
            ssl=trust,
            proxy_url=f"127.0.0.1:{port}",
            proxy_headers={"X-Way": "here"},
        )
        await output.connect()
        await output.close()

        place = bulk.url.removeprefix("https://")
    assert seen[0] == f"connect {place} http/1.1"
    assert "x-way: here" in seen


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until the end."""
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()


@pytest.mark.parametrize(
    ("proxy", "words"),
    [("127.0.0.1:1", "proxy: connection refused"), ("", "proxy: answered 403 Status")],
)
async def test_a_proxy_that_refuses(make: Any, proxy: str, words: str) -> None:
    """It is the proxy that is named, not the host behind it."""

    async def refuse(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        request = await read_request(reader)
        await answer(b"", status=403)(request, reader, writer)

    async with serve(refuse) as port:
        output = make("https://es.example", proxy_url=proxy or f"127.0.0.1:{port}")
        with pytest.raises(OutputUnavailable) as caught:
            await output.connect()

    assert str(caught.value) == f"https://es.example:9200: {words}"


async def test_a_request_during_close(connected: Any, bulk: Bulk) -> None:
    """Closing while a batch is under way leaves it to be repeated."""
    output = await connected()
    reached = asyncio.Event()

    async def wait(_request: Any, reader: asyncio.StreamReader, _writer: Any) -> None:
        reached.set()
        await reader.read()

    bulk.script.append(wait)
    task = asyncio.create_task(output.publish(numbered(1, 1)))
    await reached.wait()
    await output.close()

    with pytest.raises(OutputUnavailable):
        await task


async def test_what_is_shown_of_the_access_holds_no_secret(make: Any) -> None:
    """Nothing that might be logged contains a password or a header."""
    output = make(
        "http://me:secret@es",
        username="me",
        password="secret",
        headers={"X-Key": "secret"},
        proxy_url="http://me:secret@proxy",
    )

    assert "secret" not in repr(output._access)
