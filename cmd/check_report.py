"""What `heartbeat check` tells on a terminal.

Owns the form of verdict, phases, conditions and certificates. Must not know how a check
was made or judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from heartbeat.event import UP
from heartbeat.oneoff.verdict import (
    NANOSECONDS,
    SECONDS_A_DAY,
    Grade,
    duration,
    member,
    phases,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from heartbeat.event import Fields
    from heartbeat.net.certificate import Certificate
    from heartbeat.oneoff import Finding, Trial, Verdict

COLOURS: Final[Mapping[Grade, str]] = {
    Grade.OK: "green",
    Grade.WARNING: "yellow",
    Grade.CRITICAL: "red",
    Grade.UNKNOWN: "magenta",
}
WIDTH: Final = 10
"""Columns of the names on the left."""
SHOWN: Final = 200
"""Characters of a body that is not as wanted."""


def lines_of(trial: Trial, verdict: Verdict, now: int) -> Iterator[str]:
    """Yield the lines; `now` is in nanoseconds since the epoch."""
    grade = click.style(verdict.grade.name, fg=COLOURS[verdict.grade], bold=True)
    yield f"{grade}: {verdict.words}"
    for document in trial.documents:
        yield from _of_address(document)
        found = trial.findings.get(member(document, "monitor.ip"), ())
        yield from _conditions(found)
        fingerprint = member(document, "tls.server.hash.sha256")
        yield from _chain(trial.chains.get(fingerprint, ()), now)


def _of_address(document: Fields) -> Iterator[str]:
    place = member(document, "monitor.ip") or member(document, "url.domain") or ""
    status = document["monitor"]["status"]
    colour = "green" if status == UP else "red"
    yield ""
    yield f"{click.style(place, bold=True)} {click.style(status, fg=colour)}"
    for name, seconds in phases(document).items():
        yield _line(name, f"{duration(seconds):>8}  {_remark(name, document)}")
    for hop in member(document, "heartbeat.hops") or ():
        yield _line("hop", _hop(hop))
    if statistics := member(document, "heartbeat.icmp"):
        yield _line("packets", _packets(statistics))
    if error := document.get("error"):
        yield _line("error", click.style(plain(error["message"]), fg="red"))
    if content := member(document, "http.response.body.content"):
        yield _line("body", plain(content[:SHOWN]))


def _remark(name: str, document: Fields) -> str:
    """Return what else is known of a phase."""
    match name:
        case "resolve":
            stale = member(document, "heartbeat.resolve.stale")
            address = member(document, "resolve.ip") or ""
            return f"{address} (an old answer: name servers fail)" if stale else address
        case "tls":
            version = member(document, "tls.version")
            cipher = member(document, "tls.cipher")
            return f"TLS {version}, {cipher}" if version else ""
        case "response":
            status = member(document, "http.response.status_code")
            return "" if status is None else f"status {status}"
        case "content":
            size = member(document, "http.response.body.bytes")
            kind = member(document, "http.response.mime_type") or ""
            return "" if size is None else f"{size} bytes {kind}".rstrip()
        case _:
            return ""


def _hop(hop: Fields) -> str:
    told = [str(hop.get("status_code", "no answer")), hop["url"], hop.get("ip", "")]
    return plain(" ".join(filter(None, told)))


def _packets(statistics: Fields) -> str:
    told = (
        f"{statistics['sent']} sent, {statistics['received']} received,"
        f" {statistics['loss']:g}% lost"
    )
    if times := statistics.get("rtt"):
        spread = (duration(times[n]["us"] / 1e6) for n in ("min", "avg", "max", "mdev"))
        told += f", min/avg/max/mdev {'/'.join(spread)}"
    return told


def _conditions(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        if not finding.was_reached:
            yield _line("condition", f"not reached  {finding.wanted}")
        elif finding.fault:
            failed = click.style("FAILED", fg="red")
            yield _line(
                "condition", f"{failed}  {finding.wanted}: {plain(finding.fault)}"
            )
        else:
            yield _line(
                "condition", f"{click.style('ok', fg='green')}  {finding.wanted}"
            )


def _chain(chain: Sequence[Certificate], now: int) -> Iterator[str]:
    for number, certificate in enumerate(chain):
        yield _line("cert", f"{number}  {_subject(certificate)}")
        for name, text in _about(certificate, now):
            yield _line("", f"   {name:<8} {text}")


def _subject(certificate: Certificate) -> str:
    return plain(certificate.subject) or "(cannot be read)"


def _about(certificate: Certificate, now: int) -> Iterator[tuple[str, str]]:
    issuer = member(certificate.server, "x509.issuer.distinguished_name")
    if issuer is not None:
        self_signed = " (itself)" if issuer == certificate.subject else ""
        yield "issuer", f"{plain(issuer)}{self_signed}"
    if certificate.dates is not None:
        begins, ends = certificate.dates
        yield (
            "valid",
            (
                f"{begins:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} UTC,"
                f" {_left(begins.timestamp(), ends.timestamp(), now / NANOSECONDS)}"
            ),
        )
    if names := (*certificate.dns_names, *certificate.addresses):
        yield "names", plain(", ".join(names))
    yield "sha256", certificate.fingerprint


def _left(begins: float, ends: float, now: float) -> str:
    if now < begins:
        return click.style("not valid yet", fg="red")
    if now > ends:
        over = (now - ends) / SECONDS_A_DAY
        return click.style(f"expired {over:.1f} days ago", fg="red")
    return f"{(ends - now) / SECONDS_A_DAY:.1f} days left"


def _line(name: str, text: str) -> str:
    return f"  {name:<{WIDTH}} {text}".rstrip()
