"""What each layer on the way to a target measured or learned.

Owns the place of these facts in the document. Must not know how they came about.
Times are in seconds here and in microseconds in the document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.event import microseconds
from heartbeat.frozen import frozen
from heartbeat.net.ciphers import DOCUMENT, VERSIONS
from heartbeat.net.proxy import ProxyKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.event import Fields
    from heartbeat.net.certificate import Certificate


@frozen
class ResolveFacts:
    """What a name lookup gave and how long it took.

    `is_stale`, where the servers failed and an answer of before stands in.
    """

    ip: str
    rtt: float
    is_stale: bool = False

    def put(self, fields: Fields) -> None:
        """Write `resolve.ip`, `resolve.rtt.us` and as it applies the mark."""
        fields["resolve"] = {"ip": self.ip, "rtt": microseconds(self.rtt)}
        if self.is_stale:
            fields.setdefault("heartbeat", {})["resolve"] = {"stale": True}


@frozen
class TcpFacts:
    """How long the TCP connection took to come about."""

    connect: float

    def put(self, fields: Fields) -> None:
        """Write `tcp.rtt.connect.us`."""
        rtt = fields.setdefault("tcp", {}).setdefault("rtt", {})
        rtt["connect"] = microseconds(self.connect)


@frozen
class TunnelFacts:
    """How long a proxy, once connected to, took to let us through to the target."""

    kind: ProxyKind
    connect: float

    def put(self, fields: Fields) -> None:
        """Write `socks5.rtt.connect.us`, or `heartbeat.proxy.rtt.connect.us`.

        The latter for HTTP proxies, which the reference does not time.
        """
        rtt = {"rtt": {"connect": microseconds(self.connect)}}
        if self.kind is ProxyKind.SOCKS5:
            fields["socks5"] = rtt
        else:
            fields.setdefault("heartbeat", {})["proxy"] = rtt


@frozen
class CertificateFacts:
    """The certificate that a server presented, whatever became of it.

    `chain` has all that it presented, if the network `tells_chains`; documents do not.
    """

    certificate: Certificate
    chain: Sequence[Certificate] = ()

    def put(self, fields: Fields) -> None:
        """Write `tls.server.*` and the dates in their old place, which Kibana reads.

        What is written is a copy: processors may change documents.
        """
        tls = fields.setdefault("tls", {})
        server = self.certificate.server
        tls["server"] = copied = {"hash": dict(server["hash"])}
        if "x509" not in server:
            return
        known = server["x509"]
        copied["x509"] = {
            **known,
            "issuer": dict(known["issuer"]),
            "subject": dict(known["subject"]),
        }
        tls["certificate_not_valid_before"] = known["not_before"]
        tls["certificate_not_valid_after"] = known["not_after"]


@frozen
class TlsFacts:
    """A TLS connection that came about.

    `version` and `cipher` in OpenSSL's names; `chain_dates`, where the document is to
    show when the whole chain begins and ends to be valid; `chain` as above.
    """

    version: str
    cipher: str
    handshake: float
    certificate: Certificate
    chain_dates: tuple[str, str] | None = None
    chain: Sequence[Certificate] = ()

    def put(self, fields: Fields) -> None:
        """Write `tls.*`."""
        CertificateFacts(self.certificate).put(fields)
        tls = fields["tls"]
        tls["established"] = True
        tls["rtt"] = {"handshake": microseconds(self.handshake)}
        tls["cipher"] = DOCUMENT.get(self.cipher, "unknown")
        tls["version_protocol"] = "tls"
        tls["version"] = VERSIONS[self.version]
        if self.chain_dates is not None and "x509" in tls["server"]:
            x509 = tls["server"]["x509"]
            x509["not_before"], x509["not_after"] = self.chain_dates
