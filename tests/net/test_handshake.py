"""The TLS handshake: what is accepted, what is refused and in which words."""

from __future__ import annotations

import asyncio
import gc
import re
import ssl
import weakref
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.clock import Deadline
from heartbeat.config.tls import TlsOptions
from heartbeat.errors import CheckFailed
from heartbeat.net import NotTls, Route, dial
from heartbeat.net.facts import CertificateFacts, TcpFacts, TlsFacts
from heartbeat.net.handshake import MAX_CHAIN, presented_chain, verified_chain
from tests.support import certificates as pki
from tests.support.clock import FakeClock, settle
from tests.support.servers import (
    echo,
    hang_up,
    reset,
    say,
    serve,
    serve_in_thread,
    silence,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.event import Facts, Fields
    from heartbeat.net import Connection, Network
    from heartbeat.net.certificate import Certificate
    from tests.support.certificates import Issued

NOW = "2026-09-21T14:13:20Z"
UNKNOWN_AUTHORITY = "x509: certificate signed by unknown authority"
OTHER_HOST = "x509: certificate is valid for other.test, not localhost"
NOT_YET_VALID = (
    "x509: certificate has expired or is not yet valid: "
    f"current time {NOW} is before 2048-01-01T00:00:00Z"
)
EXPIRED = (
    "x509: certificate has expired or is not yet valid: "
    f"current time {NOW} is after 2025-01-02T03:04:05Z"
)


def options(**settings: object) -> TlsOptions:
    """Return options that trust the test's own authority."""
    settings.setdefault("certificate_authorities", [pki.root().pem])
    return TlsOptions.model_validate(settings)


class Client:
    """Connects to a local server and keeps the facts."""

    def __init__(self, network: Network, deadline: Deadline) -> None:
        """Keep what every connection needs."""
        self._network = network
        self._deadline = deadline
        self.facts: list[Facts] = []

    async def connect(
        self, port: int, host: str = "localhost", **settings: object
    ) -> Connection:
        """Connect with these `ssl` options."""
        tls = self._network.tls(options(**settings))
        route = Route(host, port, tls)
        return await dial(self._network, route, "127.0.0.1", self._deadline, self.facts)

    async def ask(self, issued: Issued, **settings: Any) -> Fields:
        """Have a byte come back over TLS; return the document."""
        server = pki.server_context(issued, settings.pop("clients", None))
        return await self.talk(server, **settings)

    async def talk(self, server: ssl.SSLContext, **settings: Any) -> Fields:
        """Do the same with a server's context."""
        async with serve(echo, tls=server) as port:
            connection = await self.connect(port, **settings)
            connection.write(b"x")
            await connection.drain(self._deadline)
            assert await connection.read(self._deadline) == b"x"
            connection.close()
        return self.document()

    async def fail(self, issued: Issued, **settings: Any) -> str:
        """Return the words of a handshake that fails."""
        with pytest.raises(CheckFailed) as caught:
            await self.ask(issued, **settings)
        return caught.value.error.message

    def document(self) -> Fields:
        """Return what all facts write."""
        fields: Fields = {}
        for facts in self.facts:
            facts.put(fields)
        return fields


@pytest.fixture
def client(network: Network, deadline: Deadline) -> Client:
    """Return a client of the test's network."""
    return Client(network, deadline)


async def test_facts_of_a_good_connection(client: Client) -> None:
    """A handshake leaves version, cipher, time and certificate."""
    tls = (await client.ask(pki.good()))["tls"]

    assert tls["established"] is True
    assert (tls["version_protocol"], tls["version"]) == ("tls", "1.3")
    assert tls["cipher"] == "TLS-AES-256-GCM-SHA384"
    assert tls["rtt"]["handshake"]["us"] == 0
    assert tls["server"]["x509"]["subject"]["common_name"] == "localhost"
    assert tls["certificate_not_valid_after"] == "2049-12-31T23:59:59.000Z"


@pytest.mark.parametrize("tells_chains", [False, True])
async def test_chain_for_those_who_ask(
    network: Network, client: Client, *, tells_chains: bool
) -> None:
    """All that the server sent is kept if that is wanted, else the leaf alone."""
    network.tells_chains = tells_chains
    expected = ["localhost", "Test Intermediate"] if tells_chains else []

    await client.ask(pki.with_intermediate())
    await client.fail(pki.with_intermediate(), certificate_authorities=())

    for fact in client.facts:
        if isinstance(fact, (TlsFacts, CertificateFacts)):
            assert [one.common_name for one in fact.chain] == expected


async def test_facts_come_layer_by_layer(client: Client) -> None:
    """The TCP facts come before those of TLS."""
    await client.ask(pki.good())

    assert [type(facts) for facts in client.facts] == [TcpFacts, TlsFacts]


@pytest.mark.parametrize(
    ("issued", "cipher"),
    [
        (pki.good_rsa, "ECDHE-RSA-AES-128-GCM-SHA256"),
        (pki.good, "ECDHE-ECDSA-AES-128-GCM-SHA256"),
    ],
)
async def test_tls_1_2(client: Client, issued: Any, cipher: str) -> None:
    """TLS 1.2 is spoken when asked for, with the cipher the reference prefers."""
    tls = (await client.ask(issued(), supported_protocols=["TLSv1.2"]))["tls"]

    assert (tls["version"], tls["cipher"]) == ("1.2", cipher)


async def test_a_chosen_cipher_suite(client: Client) -> None:
    """A configured cipher suite is the one that is used."""
    name = "ECDHE-RSA-CHACHA20-POLY1205"
    document = await client.ask(
        pki.good_rsa(), supported_protocols=["TLSv1.2"], cipher_suites=[name]
    )

    assert document["tls"]["cipher"] == name


async def test_an_edwards_key(client: Client) -> None:
    """A certificate with an Ed25519 key is fine."""
    document = await client.ask(pki.good_edwards())

    x509 = document["tls"]["server"]["x509"]
    assert x509["public_key_algorithm"] == "Ed25519"


async def test_an_address_among_the_names(client: Client) -> None:
    """A target that is an address is looked for among the addresses."""
    document = await client.ask(pki.good(), host="127.0.0.1")

    assert document["tls"]["established"] is True


async def test_a_name_that_cannot_be_asked_for(client: Client) -> None:
    """A host that TLS cannot name is connected to and then found to be another."""
    message = await client.fail(pki.good(), host=".test")

    assert message == (
        "x509: certificate is valid for localhost, web.test, *.wild.test, not .test"
    )


async def test_an_intermediate_authority(client: Client) -> None:
    """A certificate of an intermediate authority sent along is trusted."""
    document = await client.ask(pki.with_intermediate())

    x509 = document["tls"]["server"]["x509"]
    assert x509["not_before"] == "2024-01-01T00:00:00.000Z"


async def test_an_intermediate_authority_alone_is_trusted(client: Client) -> None:
    """An authority that is listed is trusted without its own issuer."""
    issued = pki.with_intermediate()
    middle = pki.as_pem(issued.chain[0])
    document = await client.ask(issued, certificate_authorities=[middle])

    assert document["tls"]["established"] is True


async def test_strict_shows_the_dates_of_the_chain(client: Client) -> None:
    """Where the reference's standard library verifies, the chain's dates are shown."""
    issued = pki.with_intermediate(datetime(2045, 1, 1, tzinfo=UTC))
    document = await client.ask(
        issued,
        verification_mode="strict",
        certificate_reload={"enabled": False},
    )

    x509 = document["tls"]["server"]["x509"]
    assert (x509["not_before"], x509["not_after"]) == (
        "2024-02-01T00:00:00.000Z",
        "2045-01-01T00:00:00.000Z",
    )


@pytest.mark.parametrize(
    ("issued", "expected"),
    [
        (pki.expired, EXPIRED),
        (
            pki.not_yet_valid,
            NOT_YET_VALID,
        ),
        (pki.unknown_authority, UNKNOWN_AUTHORITY),
        (pki.self_signed, UNKNOWN_AUTHORITY),
        (pki.wrong_host, OTHER_HOST),
        (
            pki.expired_wrong_host,
            f"{EXPIRED}; also: {OTHER_HOST}",
        ),
        (
            pki.all_wrong,
            f"{EXPIRED}; also: {UNKNOWN_AUTHORITY}; also: {OTHER_HOST}",
        ),
    ],
)
async def test_bad_certificates(client: Client, issued: Any, expected: str) -> None:
    """Every fault of a certificate is told, the reference's first one first."""
    assert await client.fail(issued()) == expected


async def test_an_expired_intermediate_authority(client: Client) -> None:
    """A fault of an authority in between says whose it is."""
    message = await client.fail(pki.with_intermediate(pki.GONE))

    assert message == f"{EXPIRED} (CN=Test Intermediate)"


async def test_facts_of_a_refused_certificate(client: Client) -> None:
    """A refused certificate is in the document all the same, its leaf."""
    await client.fail(pki.unknown_authority())

    document = client.document()
    assert sorted(document["tls"]) == [
        "certificate_not_valid_after",
        "certificate_not_valid_before",
        "server",
    ]
    subject = document["tls"]["server"]["x509"]["subject"]
    assert subject["common_name"] == "localhost"


async def test_facts_of_a_wrong_host(client: Client) -> None:
    """A certificate for another host is in the document, without a connection."""
    await client.fail(pki.wrong_host())

    assert [type(facts) for facts in client.facts] == [TcpFacts, CertificateFacts]


async def test_an_address_without_addresses_among_the_names(client: Client) -> None:
    """A target that is an address needs one among the names."""
    message = await client.fail(pki.wrong_host(), host="127.0.0.1")

    assert message == (
        "x509: cannot validate certificate for 127.0.0.1 "
        "because it doesn't contain any IP SANs"
    )


@pytest.mark.parametrize("mode", ["certificate", "none"])
async def test_modes_that_do_not_look_at_the_host(client: Client, mode: str) -> None:
    """A certificate for another host is fine where the host does not count."""
    document = await client.ask(pki.wrong_host(), verification_mode=mode)

    assert document["tls"]["established"] is True


async def test_mode_certificate_looks_at_the_dates(client: Client) -> None:
    """Without a host to check there still is the certificate to check."""
    message = await client.fail(pki.expired(), verification_mode="certificate")

    assert message == EXPIRED


@pytest.mark.parametrize("issued", [pki.all_wrong, pki.self_signed])
async def test_mode_none(client: Client, issued: Any) -> None:
    """Nothing is checked where nothing is to be; the facts are there."""
    document = await client.ask(issued(), verification_mode="none")

    assert "x509" in document["tls"]["server"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_the_common_name_counts_in_mode_full(client: Client, host: str) -> None:
    """Without alternative names the common name counts, an address as well."""
    document = await client.ask(pki.common_name_only(host), host=host)

    assert document["tls"]["established"] is True


async def test_the_common_name_does_not_count_in_mode_strict(client: Client) -> None:
    """Strict verification wants alternative names."""
    message = await client.fail(pki.common_name_only(), verification_mode="strict")

    assert message == (
        "x509: certificate relies on legacy Common Name field, use SANs instead"
    )


async def test_a_pinned_authority(client: Client) -> None:
    """A pin of any certificate on the way to the trusted one is enough."""
    pin = pki.read(pki.root()).pins[1]
    document = await client.ask(pki.good(), ca_sha256=[pin])

    assert document["tls"]["established"] is True


async def test_another_pin(client: Client) -> None:
    """A chain without the pinned key is refused."""
    message = await client.fail(pki.good(), ca_sha256=["AAAA"])

    assert message == (
        "provided CA certificate pins doesn't match any of the certificate "
        "authorities used to validate the certificate"
    )


async def test_pins_without_verification(client: Client) -> None:
    """Where nothing is verified there is no chain to look for pins in."""
    document = await client.ask(
        pki.good(), ca_sha256=["AAAA"], verification_mode="none"
    )

    assert document["tls"]["established"] is True


async def test_trust_by_fingerprint(client: Client) -> None:
    """A presented authority with the right fingerprint is trusted from then on."""
    issued = pki.unknown_authority()
    fingerprint = pki.read(pki.other_root()).fingerprint.upper()
    document = await client.ask(issued, ca_trusted_fingerprint=fingerprint)

    assert document["tls"]["established"] is True
    assert [type(facts) for facts in client.facts] == [TcpFacts, TlsFacts]


async def test_trust_learned_by_two_at_a_time(
    network: Network, deadline: Deadline
) -> None:
    """Checks that meet a server to be trusted at the same time both find it up."""
    server = pki.server_context(pki.unknown_authority())
    fingerprint = pki.read(pki.other_root()).fingerprint
    clients = [Client(network, deadline), Client(network, Deadline(FakeClock(), 10.0))]
    async with serve(echo, tls=server) as port:
        connections = await asyncio.gather(
            *(c.connect(port, ca_trusted_fingerprint=fingerprint) for c in clients)
        )
        for connection in connections:
            connection.close()

    assert [len(client.facts) for client in clients] == [2, 2]


async def test_a_fingerprint_of_something_not_presented(client: Client) -> None:
    """An authority that the server does not show cannot be trusted so."""
    fingerprint = pki.read(pki.root()).fingerprint
    message = await client.fail(
        pki.unknown_authority(), ca_trusted_fingerprint=fingerprint
    )

    assert message == UNKNOWN_AUTHORITY


async def test_a_trusted_fingerprint_does_not_mend_the_rest(client: Client) -> None:
    """Learning whom to trust is done once; the other faults remain."""
    issued = pki.issue(pki.Request(ends=pki.GONE, is_authority=True))
    fingerprint = pki.read(issued).fingerprint
    message = await client.fail(issued, ca_trusted_fingerprint=fingerprint)

    assert message == EXPIRED


async def test_a_client_certificate(client: Client) -> None:
    """A server that wants to know us is shown our certificate."""
    mine = pki.client()
    document = await client.ask(
        pki.good(), clients=pki.root(), certificate=mine.pem, key=mine.key_pem
    )

    assert document["tls"]["established"] is True


async def test_a_missing_client_certificate(client: Client, deadline: Deadline) -> None:
    """A server that misses our certificate says so to the first read, in TLS 1.3."""
    server = pki.server_context(pki.good(), pki.root())
    with serve_in_thread(server) as port:
        connection = await client.connect(port)
        with pytest.raises(OSError, match=r"(?i)certificate.required"):
            await connection.read(deadline)
        connection.close()


async def test_a_missing_client_certificate_in_tls_1_2(client: Client) -> None:
    """In TLS 1.2 the handshake itself fails."""
    server = pki.server_context(pki.good(), pki.root())
    with (
        serve_in_thread(server) as port,
        pytest.raises(CheckFailed) as caught,
    ):
        await client.connect(port, supported_protocols=["TLSv1.2"])

    assert str(caught.value) == "remote error: tls: handshake failure"


async def test_no_version_in_common(client: Client) -> None:
    """A server without any of our versions says so."""
    server = pki.server_context(pki.good())
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    with serve_in_thread(server) as port, pytest.raises(CheckFailed) as caught:
        await client.connect(port, supported_protocols=["TLSv1.3"])

    assert str(caught.value) == "remote error: tls: protocol version not supported"


async def test_a_version_that_is_left_out(client: Client) -> None:
    """A version between the listed ones is negotiated and then refused."""
    server = pki.server_context(pki.good())
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    async with serve(echo, tls=server) as port:
        with pytest.raises(CheckFailed) as caught:
            await client.connect(port, supported_protocols=["TLSv1.1", "TLSv1.3"])

    assert str(caught.value) == "tls version TLSv1.2 not configured"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_an_old_version(client: Client) -> None:
    """TLS 1.0 is spoken where it is listed."""
    server = pki.server_context(pki.good())
    server.set_ciphers("ALL:@SECLEVEL=0")
    server.minimum_version = server.maximum_version = ssl.TLSVersion.TLSv1
    tls = (await client.talk(server, supported_protocols=["TLSv1.0", "TLSv1.2"]))["tls"]

    assert (tls["version"], tls["cipher"]) == ("1.0", "ECDHE-ECDSA-AES-128-CBC-SHA")


async def test_a_server_that_speaks_http(client: Client) -> None:
    """A server that speaks something else is not TLS; its first bytes are kept."""
    async with serve(say(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        with pytest.raises(NotTls) as caught:
            await client.connect(port)

    assert str(caught.value) == "tls: first record does not look like a TLS handshake"
    assert caught.value.first == b"HTTP/1.1 40"


async def test_a_server_that_speaks_slowly(client: Client) -> None:
    """First bytes that come one by one are judged when there are enough."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in b"SSH-2.0-x\r\n":
            writer.write(bytes([byte]))
            await settle()
        await silence(reader, writer)

    async with serve(talk) as port:
        with pytest.raises(NotTls):
            await client.connect(port)


async def test_broken_records(client: Client) -> None:
    """A handshake record with nonsense in it is told in OpenSSL's words."""
    async with serve(say(b"\x16\x03\x03\x00\x05hello")) as port:
        with pytest.raises(CheckFailed, match=r"^tls: "):
            await client.connect(port)


async def test_a_server_that_hangs_up(client: Client) -> None:
    """A connection that ends before the handshake does is an end of file."""

    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(65_536)

    async with serve(talk) as port:
        with pytest.raises(CheckFailed) as caught:
            await client.connect(port)

    assert str(caught.value) == "EOF"


async def test_a_server_that_breaks_off(client: Client) -> None:
    """A reset in the handshake names both ends."""
    async with serve(reset) as port:
        with pytest.raises(CheckFailed) as caught:
            await client.connect(port)

    assert re.fullmatch(
        rf"read tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:{port}: "
        "read: connection reset by peer",
        str(caught.value),
    )


async def test_a_server_that_stays_silent(
    client: Client, clock: FakeClock, deadline: Deadline
) -> None:
    """A handshake without an answer ends at the deadline, with both ends."""
    async with serve(silence) as port:
        task = asyncio.ensure_future(client.connect(port))
        await settle()
        deadline.start()
        await clock.advance(10.0)
        with pytest.raises(CheckFailed) as caught:
            await task

    assert str(caught.value).endswith(f"->127.0.0.1:{port}: i/o timeout")
    assert caught.value.error.code is None


async def test_cancelling_a_handshake(client: Client) -> None:
    """A cancelled handshake closes the connection below."""
    gone = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await silence(reader, writer)
        finally:
            gone.set()

    async with serve(talk) as port:
        task = asyncio.ensure_future(client.connect(port))
        await settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await gone.wait()

    assert task.cancelled()


async def test_a_connection_without_words_is_finished(client: Client) -> None:
    """Closing right after the handshake still sends our last message of it."""
    done = asyncio.Event()

    async def talk(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        done.set()

    async with serve(talk, tls=pki.server_context(pki.good())) as port:
        connection = await client.connect(port)
        connection.close()
        await done.wait()

    assert done.is_set()


async def test_the_end_of_an_encrypted_stream(
    client: Client, deadline: Deadline
) -> None:
    """Reads return nothing at the announced end."""
    async with serve(hang_up, tls=pki.server_context(pki.good())) as port:
        connection = await client.connect(port)
        answers = [await connection.read(deadline) for _ in range(2)]
        connection.close()

    assert answers == [b"", b""]


async def test_an_encrypted_stream_that_breaks_off(
    client: Client, deadline: Deadline
) -> None:
    """An end that was not announced is an end as well: many servers do so."""

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")
        await settle()
        writer.transport.abort()

    async with serve(talk, tls=pki.server_context(pki.good())) as port:
        connection = await client.connect(port)
        answers = [await connection.read(deadline) for _ in range(3)]
        connection.close()

    assert answers == [b"bye", b"", b""]


async def test_an_encrypted_stream_that_cannot_be_written_to(
    client: Client, deadline: Deadline
) -> None:
    """Writing never raises; draining tells what TLS had against it."""
    server = pki.server_context(pki.good(), pki.root())
    with serve_in_thread(server) as port:
        connection = await client.connect(port)
        with pytest.raises(ssl.SSLError):
            await connection.read(deadline)
        connection.write(b"x")
        with pytest.raises(ssl.SSLError):
            await connection.drain(deadline)
        connection.close()


async def test_names_of_the_ends_come_from_below(client: Client) -> None:
    """Both ends are those of the connection below."""
    async with serve(echo, tls=pki.server_context(pki.good())) as port:
        connection = await client.connect(port)
        ends = (connection.local.rpartition(":")[0], connection.peer)
        connection.close()

    assert ends == ("127.0.0.1", f"127.0.0.1:{port}")


async def test_nothing_is_left_after_closing(client: Client) -> None:
    """A closed encrypted connection is freed without the garbage collector."""
    async with serve(echo, tls=pki.server_context(pki.good())) as port:
        gc.collect()
        gc.disable()
        try:
            connection = await client.connect(port)
            freed = weakref.ref(connection)
            connection.close()
            del connection
            await settle()
            alive = freed()
        finally:
            gc.enable()

    assert alive is None


def test_chains_as_newer_pythons_give_them() -> None:
    """From Python 3.13 on chains come as DER from public methods."""

    class Public:
        def get_unverified_chain(self) -> list[bytes]:
            return [pki.good().der]

        def get_verified_chain(self) -> None:
            return None

    chains = [presented_chain(Public()), verified_chain(Public())]

    assert chains == [[pki.read(pki.good())], []]


PLAIN_STRICT: dict[str, Any] = {
    "verification_mode": "strict",
    "certificate_reload": {"enabled": False},
}


@pytest.mark.parametrize(
    ("issued", "expected"),
    [
        (pki.self_signed, UNKNOWN_AUTHORITY),
        (pki.expired, EXPIRED),
        (pki.wrong_host, OTHER_HOST),
    ],
)
async def test_verdicts_of_the_standard_library(
    client: Client, issued: Callable[[], Issued], expected: str
) -> None:
    """Where the reference leaves verification to its library, texts begin so."""
    message = await client.fail(issued(), **PLAIN_STRICT)

    assert message == f"tls: failed to verify certificate: {expected}"


async def test_a_chain_beyond_all_measure(client: Client) -> None:
    """More certificates than fit into a message of OpenSSL are named as such."""
    issued = pki.with_intermediate()
    endless = replace(issued, chain=issued.chain * 400)

    assert await client.fail(endless) == (
        "tls: handshake message exceeds the maximum size"
    )


async def test_of_a_long_chain_not_all_is_read(client: Client) -> None:
    """A refused chain costs a bounded time, however long it is."""
    issued = pki.unknown_authority()
    long = replace(issued, chain=issued.chain * (MAX_CHAIN + 5))
    chains: list[list[Certificate]] = []

    def note(tls: Any) -> list[Certificate]:
        chains.append(presented_chain(tls))
        return chains[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("heartbeat.net.handshake.presented_chain", note)
        message = await client.fail(long)

    assert message == UNKNOWN_AUTHORITY
    assert len(chains[0]) == MAX_CHAIN
