"""What a check on the client path writes into the document.

Owns the facts of a chain of requests: those the reference tells (`http`, `tls` without
its time) and, hop by hop, those it loses (`heartbeat.hops`). Must not know why there
was another hop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from heartbeat.event import microseconds
from heartbeat.net import CertificateFacts, TcpFacts, TlsFacts, TunnelFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.event import Facts, Fields
    from heartbeat.monitors.http.exchange import Moments
    from heartbeat.monitors.http.facts import ResponseFacts
    from heartbeat.monitors.http.url import Target

TIMED = {TcpFacts: "connect", TunnelFacts: "tunnel", TlsFacts: "tls"}
"""The layers whose time a hop shows, and under which name."""


@dataclass(slots=True)
class Hop:
    """One request of a chain, filled in as it goes.

    `ip` is None where a proxy looks the name up; `resolve` is in seconds, None where
    nothing was looked up, and `is_stale` whether the answer was one of before. `layers`
    are the facts of its connection.
    """

    target: Target
    moments: Moments
    ip: str | None = None
    resolve: float | None = None
    is_stale: bool = False
    status: int | None = None
    layers: list[Facts] = field(default_factory=list["Facts"])

    def document(self) -> Fields:
        """Return the hop as a member of `heartbeat.hops`."""
        members: Fields = {"url": self.target.shown}
        if self.ip is not None:
            members["ip"] = self.ip
        if self.status is not None:
            members["status_code"] = self.status
        if self.resolve is not None:
            members["resolve"] = microseconds(self.resolve)
        for layer in self.layers:
            match layer:
                case TcpFacts() | TunnelFacts():
                    members[TIMED[type(layer)]] = microseconds(layer.connect)
                case TlsFacts():
                    members[TIMED[type(layer)]] = microseconds(layer.handshake)
                case _:
                    continue
        if self.moments.answered is not None:
            waited = self.moments.answered - self.moments.begun
            members["response_header"] = microseconds(waited)
        return members


@dataclass(frozen=True, slots=True)
class JourneyFacts:
    """A whole chain: the last response, where we were sent, and every hop.

    `total` is in seconds. `response` is None if there was none; then `total` is not
    told either, as in the reference. `tells_hops` is whether the hops are worth it.
    """

    hops: Sequence[Hop]
    redirects: Sequence[str]
    total: float
    tells_hops: bool
    response: ResponseFacts | None = None

    def put(self, fields: Fields) -> None:
        """Write `http`, `tls` and `heartbeat.hops`, each if there is something."""
        self._put_tls(fields)
        http: Fields = {}
        if self.response is not None:
            http["rtt"] = {"total": microseconds(self.total)}
            http["response"] = self.response.document()
        if self.redirects:
            http.setdefault("response", {})["redirects"] = list(self.redirects)
        if http:
            fields["http"] = http
        if any(hop.is_stale for hop in self.hops):
            fields.setdefault("heartbeat", {})["resolve"] = {"stale": True}
        if self.tells_hops:
            hops = [hop.document() for hop in self.hops]
            fields.setdefault("heartbeat", {})["hops"] = hops

    def _put_tls(self, fields: Fields) -> None:
        """Write what is known of the last server."""
        for layer in self.hops[-1].layers:
            if isinstance(layer, (TlsFacts, CertificateFacts)):
                layer.put(fields)
                fields["tls"].pop("rtt", None)
