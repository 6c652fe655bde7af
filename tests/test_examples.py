"""The contract's example documents, made by real checks of real servers.

Every document goes the whole way: options, check, state, store, file output. The
schemas are strict, so a field too many or too few fails, and so does a field that the
index template does not know.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.app import App, Mode
from heartbeat.elastic.fields import missing
from heartbeat.errors import ErrorCode
from heartbeat.monitors.icmp.sockets import EchoSockets
from heartbeat.net.hostfiles import HostFiles
from tests.support import certificates, schema
from tests.support.clock import settle
from tests.support.ping import ScriptedSockets
from tests.support.servers import echo, full_port, refused_port, serve, silence
from tests.support.settings import settings_of

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from heartbeat.event import Fields
    from heartbeat.net import Network

METADATA = {
    "@metadata.beat": "heartbeat",
    "@metadata.type": "_doc",
    "@metadata.version": schema.TEXT,
    "@metadata._id": schema.pattern("[0-9a-f]{32}"),
}
"""Outputs other than Elasticsearch carry it beside the document."""

DATES = {
    "tls.certificate_not_valid_before": schema.TIMESTAMP,
    "tls.certificate_not_valid_after": schema.TIMESTAMP,
}
"""Not in the reference's documents any more, though Kibana's TLS alert reads them."""

REFUSED = (
    "Could not connect to '127.0.0.1:{0}' with error: dial tcp 127.0.0.1:{0}:"
    " connect: connection refused"
)
UNANSWERED = (
    "Could not connect to '127.0.0.1:{0}' with error: dial tcp 127.0.0.1:{0}:"
    " i/o timeout"
)


async def document_of(home: Path, type: str, options: str) -> Fields:  # noqa: A002
    """Run a monitor once and return the one document of it."""
    (document,) = await documents_of(home, type, options)
    return document


async def documents_of(home: Path, type: str, options: str) -> list[Fields]:  # noqa: A002
    """Run a monitor once and return its documents."""
    text = (
        f"output.file: {{path: '{home}/out'}}\n"
        f"heartbeat.monitors:\n- {{type: {type}, id: my-monitor, name: My Monitor,"
        f" schedule: '@every 10s', {options}}}\n"
    )
    await App(settings_of(home, text), hostname="probe-1", mode=Mode.ONCE).run()
    (file,) = (home / "out").iterdir()
    documents: list[Fields] = [json.loads(x) for x in file.read_text().splitlines()]
    for document in documents:
        fields = {name: v for name, v in document.items() if name != "@metadata"}
        assert missing(fields) == []
    return documents


def answer(status: str, body: str) -> Any:
    """Return a server that answers every request with the same."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write((head + body).encode())
        await writer.drain()

    return talk


async def greet_late(
    _reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer when whoever is refused has been."""
    await settle()
    writer.write(b"x")
    await writer.drain()


class TestHttp:
    """Contract 9.1 to 9.5."""

    async def test_up(self, tmp_path: Path) -> None:
        """9.1: a name, an answer, the phases of the request."""
        async with serve(answer("200 OK", "hello, world!")) as port:
            url = f"http://localhost:{port}/health?x=1"
            document = await document_of(tmp_path, "http", f"urls: ['{url}']")

        schema.assert_document(
            document,
            METADATA,
            schema.summary("up", "http"),
            schema.url(url),
            schema.address("127.0.0.1"),
            schema.resolve("127.0.0.1"),
            schema.tcp(),
            schema.http(
                bytes=13,
                hash="68e656b251e67e8358bef8483ab0d51c6619f3e7a1a9f0e75838d41ff368f728",
            ),
        )

    async def test_not_found(self, tmp_path: Path) -> None:
        """9.2: the default rule has a code, and the body is kept."""
        async with serve(answer("404 Not Found", "gone")) as port:
            url = f"http://127.0.0.1:{port}/"
            document = await document_of(tmp_path, "http", f"urls: ['{url}']")

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "http"),
            schema.url(url),
            schema.address("127.0.0.1"),
            schema.tcp(),
            schema.http(404, content="gone"),
            schema.error(
                "io",
                "Bad HTTP status Not Found encountered",
                ErrorCode.BAD_HTTP_STATUS.value,
            ),
        )

    @pytest.mark.parametrize(
        "status", ["101 Switching Protocols", "201 Created", "302 Found", "399 "]
    )
    async def test_other_statuses_up(self, tmp_path: Path, status: str) -> None:
        """9.1: below 400 nothing but the status differs; a redirect is the result."""
        async with serve(answer(status, "hello, world!")) as port:
            url = f"http://127.0.0.1:{port}/"
            document = await document_of(tmp_path, "http", f"urls: ['{url}']")
        code, has_body = int(status[:3]), not status.startswith("1")

        schema.assert_document(
            document,
            METADATA,
            schema.summary("up", "http"),
            schema.url(url),
            schema.address("127.0.0.1"),
            schema.tcp(),
            schema.http(code, bytes=13 if has_body else schema.NUMBER),
        )

    @pytest.mark.parametrize(
        "status", ["400 Bad Request", "418 I'm a teapot", "503 Service Unavailable"]
    )
    async def test_other_statuses_down(self, tmp_path: Path, status: str) -> None:
        """9.2: the standard phrase is in the error, the rest as ever."""
        async with serve(answer(status, "gone")) as port:
            url = f"http://127.0.0.1:{port}/"
            document = await document_of(tmp_path, "http", f"urls: ['{url}']")
        message = f"Bad HTTP status {status[4:]} encountered"

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "http"),
            schema.url(url),
            schema.address("127.0.0.1"),
            schema.tcp(),
            schema.http(int(status[:3]), content="gone"),
            schema.error("io", message, ErrorCode.BAD_HTTP_STATUS.value),
        )

    async def test_redirects(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """9.1 on the client path: no phases; proxies of the environment are ignored."""
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{refused_port()}")
        async with serve(answer("200 OK", "there")) as there:
            target = f"http://127.0.0.1:{there}/there"
            async with serve(answer(f"302 Found\r\nLocation: {target}", "")) as port:
                url = f"http://localhost:{port}/"
                options = f"urls: ['{url}'], max_redirects: 2"
                document = await document_of(tmp_path, "http", options)
        told = schema.http(bytes=5)
        phases = [each for each in told if "rtt" in each and "total" not in each]

        schema.assert_document(
            document,
            METADATA,
            schema.summary("up", "http"),
            schema.url(url),
            {name: value for name, value in told.items() if name not in phases},
            {"http.response.redirects": [target]},
            {"heartbeat.hops": schema.is_a(list)},
        )
        assert "Location" not in document["http"]["response"]["headers"]

    async def test_other_than_expected(self, tmp_path: Path) -> None:
        """9.2: with a list of statuses the error has no code."""
        async with serve(answer("404 Not Found", "gone")) as port:
            url = f"http://127.0.0.1:{port}/"
            options = f"urls: ['{url}'], check.response.status: [200]"
            document = await document_of(tmp_path, "http", options)

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "http"),
            schema.url(url),
            schema.address("127.0.0.1"),
            schema.tcp(),
            schema.http(404, content="gone"),
            schema.error("validate", "received status code 404 expecting [200]"),
        )

    async def test_refused(self, tmp_path: Path) -> None:
        """9.3: the address and the error, nothing of layers never reached."""
        port = refused_port()
        url = f"http://127.0.0.1:{port}/"
        document = await document_of(tmp_path, "http", f"urls: ['{url}']")
        code = ErrorCode.NET_COULD_NOT_CONNECT.value

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "http"),
            schema.url(url),
            schema.address("127.0.0.1"),
            schema.error("io", REFUSED.format(port), code),
        )

    async def test_no_such_host(self, tmp_path: Path) -> None:
        """9.4: no address, no layer, no code."""
        url = "http://no.such.host.invalid/"
        document = await document_of(tmp_path, "http", f"urls: ['{url}']")

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "http"),
            schema.url(url),
            schema.error("io", schema.pattern(r"lookup no\.such\.host\.invalid.*: .+")),
        )

    async def test_expired_certificate(self, tmp_path: Path) -> None:
        """9.5: the facts of the certificate that was refused."""
        issued = certificates.expired()
        (tmp_path / "ca.pem").write_text(certificates.root().pem)
        context = certificates.server_context(issued)
        async with serve(silence, tls=context) as port:
            url = f"https://localhost:{port}/"
            authority = f"ssl.certificate_authorities: ['{tmp_path}/ca.pem']"
            document = await document_of(
                tmp_path, "http", f"urls: ['{url}'], {authority}"
            )
        told = (
            rf'Get "{url}": x509: certificate has expired or is not yet valid:'
            r" current time \S+ is after \S+"
        )

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "http"),
            schema.url(url),
            schema.address("127.0.0.1"),
            schema.resolve("127.0.0.1"),
            schema.tcp(),
            schema.certificate("ECDSA"),
            DATES,
            schema.error("io", schema.pattern(told)),
        )


class TestTcp:
    """Contract 9.6 to 9.9."""

    @pytest.mark.parametrize(
        ("more", "validated"),
        [("", False), (", check.send: x, check.receive: x", True)],
    )
    async def test_up(self, tmp_path: Path, more: str, validated: bool) -> None:  # noqa: FBT001
        """9.6: a name and a connection, and an answer if one was asked for."""
        async with serve(echo) as port:
            options = f"hosts: [localhost], ports: [{port}]{more}"
            document = await document_of(tmp_path, "tcp", options)

        schema.assert_document(
            document,
            METADATA,
            schema.summary("up", "tcp"),
            schema.url(f"tcp://localhost:{port}"),
            schema.address("127.0.0.1"),
            schema.resolve("127.0.0.1"),
            schema.tcp(validated=validated),
        )

    async def test_refused(self, tmp_path: Path) -> None:
        """9.7: the address and the error."""
        port = refused_port()
        document = await document_of(tmp_path, "tcp", f"hosts: ['127.0.0.1:{port}']")
        code = ErrorCode.NET_COULD_NOT_CONNECT.value

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "tcp"),
            schema.url(f"tcp://127.0.0.1:{port}"),
            schema.address("127.0.0.1"),
            schema.error("io", REFUSED.format(port), code),
        )

    async def test_connect_timeout(self, tmp_path: Path) -> None:
        """9.8: as a refusal, in other words."""
        with full_port() as port:
            options = f"hosts: ['127.0.0.1:{port}'], timeout: 50ms"
            document = await document_of(tmp_path, "tcp", options)
        code = ErrorCode.NET_COULD_NOT_CONNECT.value

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "tcp"),
            schema.url(f"tcp://127.0.0.1:{port}"),
            schema.address("127.0.0.1"),
            schema.error("io", UNANSWERED.format(port), code),
        )

    async def test_answer_timeout(self, tmp_path: Path) -> None:
        """9.8: nothing came to be looked at; the connection was there."""
        async with serve(silence) as port:
            data = "check.receive: x, timeout: 50ms"
            options = f"hosts: ['127.0.0.1:{port}'], {data}"
            document = await document_of(tmp_path, "tcp", options)
        told = rf"read tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:{port}: i/o timeout"

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "tcp"),
            schema.url(f"tcp://127.0.0.1:{port}"),
            schema.address("127.0.0.1"),
            schema.tcp(),
            schema.error("io", schema.pattern(told)),
        )

    async def test_mismatch(self, tmp_path: Path) -> None:
        """9.9: the answer was looked at, so the time it took is told."""
        async with serve(echo) as port:
            data = "check: {send: x, receive: 'y'}"
            options = f"hosts: ['127.0.0.1:{port}'], {data}"
            document = await document_of(tmp_path, "tcp", options)

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "tcp"),
            schema.url(f"tcp://127.0.0.1:{port}"),
            schema.address("127.0.0.1"),
            schema.tcp(validated=True),
            schema.error("validate", "received string mismatch"),
        )


class TestIcmp:
    """Contract 9.10 and 9.11; the first needs the right to ping."""

    async def test_up(self, tmp_path: Path) -> None:
        """9.10: how many requests it took and how long."""
        document = await document_of(tmp_path, "icmp", "hosts: [localhost]")
        if "ICMP" in document.get("error", {}).get("message", ""):
            pytest.skip("no right to ping: allow it in net.ipv4.ping_group_range")

        schema.assert_document(
            document,
            METADATA,
            schema.summary("up", "icmp"),
            schema.url("icmp://localhost"),
            schema.address("127.0.0.1"),
            schema.resolve("127.0.0.1"),
            schema.icmp(),
        )

    async def test_timeout(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """9.11: nothing was measured; how many requests were sent is told anyway."""

        def deaf(network: Network) -> EchoSockets:
            return EchoSockets(network.clock, ScriptedSockets())

        monkeypatch.setattr(EchoSockets, "of", deaf)
        options = "hosts: [localhost], timeout: 50ms"
        document = await document_of(tmp_path, "icmp", options)

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "icmp"),
            schema.url("icmp://localhost"),
            schema.address("127.0.0.1"),
            schema.resolve("127.0.0.1"),
            {"icmp.requests": 1},
            schema.error("io", "ping timeout"),
        )


class TestEveryAddress:
    """Contract 9.12."""

    async def test_one_down_one_up(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """9.12: the last document of a round sums it up; it is one that is down."""
        hosts = tmp_path / "hosts"
        hosts.write_text("127.0.0.1 both.example\n127.0.0.2 both.example\n")
        given = (hosts, tmp_path / "no-name-server")
        monkeypatch.setattr(HostFiles.__init__, "__defaults__", given)
        async with serve(greet_late, host="127.0.0.2") as port:
            url = f"tcp://both.example:{port}"
            options = f"hosts: ['{url}'], check.receive: x, mode: all"
            first, last = await documents_of(tmp_path, "tcp", options)
        code = ErrorCode.NET_COULD_NOT_CONNECT.value

        schema.assert_document(
            first,
            METADATA,
            schema.common("up", "tcp"),
            schema.url(url),
            schema.address("127.0.0.2"),
            schema.resolve("127.0.0.2"),
            schema.tcp(validated=True),
        )
        schema.assert_document(
            last,
            METADATA,
            schema.summary("down", "tcp", up=1, down=1),
            schema.url(url),
            schema.address("127.0.0.1"),
            schema.resolve("127.0.0.1"),
            schema.error("io", REFUSED.format(port), code),
        )
        assert first["monitor"]["check_group"] == last["monitor"]["check_group"]
        assert first["resolve"]["rtt"] == last["resolve"]["rtt"]


class TestBroken:
    """Contract 9.13."""

    async def test_says_so_in_the_data(self, tmp_path: Path) -> None:
        """9.13: nothing but the fault, and one attempt whatever is configured."""
        document = await document_of(tmp_path, "tcp", "hosts: [a], max_attempts: 3")

        schema.assert_document(
            document,
            METADATA,
            schema.summary("down", "tcp"),
            schema.error(
                "io",
                "job could not be initialized: host 'tcp://a' missing port number",
            ),
        )
