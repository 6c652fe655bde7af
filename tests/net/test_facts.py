"""Where each layer's facts stand in the document."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.net import ProxyKind
from heartbeat.net.certificate import read_certificate
from heartbeat.net.facts import (
    CertificateFacts,
    ResolveFacts,
    TcpFacts,
    TlsFacts,
    TunnelFacts,
)
from tests.support import certificates as pki


def put(*facts: ResolveFacts | TcpFacts | CertificateFacts | TlsFacts) -> Any:
    """Return the document these facts make."""
    fields: dict[str, Any] = {}
    for fact in facts:
        fact.put(fields)
    return fields


def test_a_lookup_and_a_connect() -> None:
    """Times are in microseconds, beside what others wrote."""
    fields: dict[str, Any] = {"tcp": {"rtt": {"validate": {"us": 7}}}}
    ResolveFacts("10.0.0.1", 0.001).put(fields)
    TcpFacts(0.002).put(fields)

    assert fields == {
        "resolve": {"ip": "10.0.0.1", "rtt": {"us": 1000}},
        "tcp": {"rtt": {"validate": {"us": 7}, "connect": {"us": 2000}}},
    }


def test_an_established_connection() -> None:
    """All members but those of the certificate."""
    certificate = pki.read(pki.good())
    tls = put(TlsFacts("TLSv1.2", "AES128-SHA", 0.003, certificate))["tls"]
    for member in (
        "server",
        "certificate_not_valid_before",
        "certificate_not_valid_after",
    ):
        del tls[member]

    assert tls == {
        "established": True,
        "rtt": {"handshake": {"us": 3000}},
        "version_protocol": "tls",
        "version": "1.2",
        "cipher": "RSA-AES-128-CBC-SHA",
    }


def test_a_cipher_without_a_name() -> None:
    """A cipher that the reference has no name for is unknown."""
    certificate = pki.read(pki.good())
    tls = put(TlsFacts("TLSv1.2", "DHE-RSA-AES128-SHA", 0.0, certificate))["tls"]

    assert tls["cipher"] == "unknown"


def test_dates_of_the_chain() -> None:
    """The dates of a chain replace those of the leaf where they are wanted."""
    dates = ("2024-02-01T00:00:00.000Z", "2045-01-01T00:00:00.000Z")
    certificate = pki.read(pki.good())
    tls = put(TlsFacts("TLSv1.3", "", 0.0, certificate, dates))["tls"]

    x509 = tls["server"]["x509"]
    assert (x509["not_before"], x509["not_after"]) == dates
    assert tls["certificate_not_valid_after"] == "2049-12-31T23:59:59.000Z"


def test_a_certificate_nobody_can_read() -> None:
    """What cannot be read is shown by its digests, dates of a chain or not."""
    certificate = read_certificate(b"nonsense")
    tls = put(TlsFacts("TLSv1.3", "", 0.0, certificate, ("a", "b")))["tls"]

    assert list(tls["server"]) == ["hash"]
    assert "certificate_not_valid_after" not in tls


def test_documents_may_be_changed() -> None:
    """What one document does to its facts shows in no other."""
    certificate = pki.read(pki.good())
    first = put(CertificateFacts(certificate))
    x509 = first["tls"]["server"]["x509"]
    for members in (first["tls"]["server"]["hash"], x509["subject"], x509["issuer"]):
        members.clear()
    x509.clear()

    second = put(CertificateFacts(certificate))

    assert second["tls"]["server"]["x509"]["subject"]["common_name"] == "localhost"
    assert len(second["tls"]["server"]["hash"]) == 2


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (ProxyKind.SOCKS5, ("socks5",)),
        (ProxyKind.HTTP, ("heartbeat", "proxy")),
        (ProxyKind.HTTPS, ("heartbeat", "proxy")),
    ],
)
def test_a_tunnel(kind: ProxyKind, place: tuple[str, ...]) -> None:
    """The time of SOCKS has a field of the reference, that of HTTP one of ours."""
    fields: dict[str, Any] = {}
    TunnelFacts(kind, 0.001).put(fields)
    for name in place:
        fields = fields[name]

    assert fields == {"rtt": {"connect": {"us": 1000}}}
