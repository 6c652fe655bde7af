"""Which conditions a target was held to, and which of them held.

Owns that list for each kind of monitor. Must not judge itself where the monitor can
tell: what it says here is what the check found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from heartbeat.errors import ErrorType
from heartbeat.monitors.icmp.figures import Echoes, Limits
from heartbeat.net import CertificateFacts, TlsFacts
from heartbeat.oneoff.target import HTTP, TCP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from heartbeat.config import Section
    from heartbeat.event import Facts, Result
    from heartbeat.monitors.base import Check
    from heartbeat.monitors.http.conditions import Tally


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition: what was wanted, and what is wrong with it, "" for nothing.

    Unless `was_reached` there was nothing to look at.
    """

    wanted: str
    fault: str = ""
    was_reached: bool = True


class Conditions(Protocol):
    """The conditions of one monitor."""

    def watched(self, check: Check) -> Check:
        """Return the check, as it is to be run so that its conditions can be told."""
        ...

    def of(self, result: Result) -> list[Finding]:
        """Return what became of each condition at one address."""
        ...


def conditions_of(kind: str, section: Section) -> Conditions:
    """Return the conditions of a monitor, which has no faults."""
    # Imported here: a plug-in is started anew for each check, and the types that are
    # not needed take longer than the rest.
    if kind == HTTP:
        from heartbeat.monitors.http import HttpOptions  # noqa: PLC0415
        from heartbeat.monitors.http.conditions import Tally  # noqa: PLC0415

        return _OfHttp(Tally(section.peek(HttpOptions).check.response))
    if kind == TCP:
        from heartbeat.monitors.tcp import TcpOptions  # noqa: PLC0415

        return _OfTcp(section.peek(TcpOptions).check.receive)
    from heartbeat.monitors.icmp.options import IcmpOptions  # noqa: PLC0415

    return _OfIcmp(section.peek(IcmpOptions).limits)


@dataclass(frozen=True, slots=True)
class _OfHttp:
    tally: Tally

    def watched(self, check: Check) -> Check:
        return self.tally.watched(check)

    def of(self, result: Result) -> list[Finding]:
        judged = self.tally.of(result)
        if judged is None:
            return [Finding(text, was_reached=False) for text in self.tally.wanted]
        pairs = zip(self.tally.wanted, judged, strict=True)
        return [Finding(wanted, fault) for wanted, fault in pairs]


@dataclass(frozen=True, slots=True)
class _OfTcp:
    receive: str

    def watched(self, check: Check) -> Check:
        return check

    def of(self, result: Result) -> list[Finding]:
        if not self.receive:
            return []
        wanted = f"the answer begins with {self.receive!r}"
        if result.error is None:
            return [Finding(wanted)]
        if result.error.type is ErrorType.VALIDATE:
            return [Finding(wanted, result.error.message)]
        return [Finding(wanted, was_reached=False)]


@dataclass(frozen=True, slots=True)
class _OfIcmp:
    limits: Limits

    def watched(self, check: Check) -> Check:
        return check

    def of(self, result: Result) -> list[Finding]:
        echoes = next((fact for fact in result.facts if isinstance(fact, Echoes)), None)
        return [_held(text, one, echoes) for text, one in self._singly()]

    def _singly(self) -> Sequence[tuple[str, Limits]]:
        found: list[tuple[str, Limits]] = []
        if self.limits.loss is not None:
            text = f"no more than {self.limits.loss:g}% of packets are lost"
            found.append((text, Limits(loss=self.limits.loss)))
        if self.limits.rtt is not None:
            text = f"the average round trip takes no more than {self.limits.rtt:g}s"
            found.append((text, Limits(rtt=self.limits.rtt)))
        return found


def trust(result: Result) -> list[Finding]:
    """Return what became of the server's certificate, nothing where none came."""
    wanted = "the certificate is trusted and valid for the host"
    facts = list(tls_facts(result.facts))
    if not facts:
        return []
    if isinstance(facts[-1], TlsFacts):
        return [Finding(wanted)]
    told = "" if result.error is None else result.error.message
    return [Finding(wanted, told)] if "x509: " in told else []


def tls_facts(facts: Iterable[Facts]) -> Iterator[TlsFacts | CertificateFacts]:
    """Yield what is known of certificates, those of redirects included."""
    for fact in facts:
        if isinstance(fact, (TlsFacts, CertificateFacts)):
            yield fact
        for hop in getattr(fact, "hops", ()):
            yield from tls_facts(hop.layers)


def _held(wanted: str, limit: Limits, echoes: Echoes | None) -> Finding:
    if echoes is None or (limit.rtt is not None and not echoes.round_trips):
        return Finding(wanted, was_reached=False)
    return Finding(wanted, limit.fault(echoes))
