"""Why certificates are not good enough, in the reference's words.

Owns the judgement over a peer's certificates: every fault, not only the first. Must not
do I/O or know connections.

OpenSSL names one fault and hides the others; dates and names are therefore looked at
here, in the certificates that the failed handshake still holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from heartbeat.net.names import as_address, covers

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from heartbeat.net.certificate import Certificate

EXPIRED = "x509: certificate has expired or is not yet valid"
UNKNOWN_AUTHORITY = "x509: certificate signed by unknown authority"
PINS = (
    "provided CA certificate pins doesn't match any of the certificate authorities "
    "used to validate the certificate"
)
MANY_NAMES = 100
"""From so many names on only their number is told."""

DATE_CODES = {9, 10}
FAULTS = {
    2: UNKNOWN_AUTHORITY,
    7: UNKNOWN_AUTHORITY,
    18: UNKNOWN_AUTHORITY,
    19: UNKNOWN_AUTHORITY,
    20: UNKNOWN_AUTHORITY,
    21: UNKNOWN_AUTHORITY,
    24: "x509: certificate is not authorized to sign other certificates",
    25: "x509: too many intermediates for path length constraint",
    26: "x509: certificate specifies an incompatible key usage",
    79: "x509: certificate is not authorized to sign other certificates",
}
"""OpenSSL's codes of verification errors, but for dates."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the leaf certificate has to be good for.

    `host` is None where the name does not count; `allow_common_name` lets the common
    name stand in for a certificate without alternative names.
    """

    host: str | None
    allow_common_name: bool = True


def verification_text(
    error: ssl.SSLCertVerificationError,
    chain: Sequence[Certificate],
    *,
    expected: Expectation,
    now: int,
) -> str:
    """Return every fault of a chain that OpenSSL refused.

    `chain` is as presented, leaf first; `now` in nanoseconds since the epoch. Order as
    the reference: dates, authority, name.
    """
    faults = _date_faults(error, chain, datetime.fromtimestamp(now / 1e9, UTC))
    if error.verify_code not in DATE_CODES:
        other = f"x509: {error.verify_message}"
        faults.append(FAULTS.get(error.verify_code, other))
    if chain and (fault := name_fault(chain[0], expected)) is not None:
        faults.append(fault)
    return "; also: ".join(faults)


def _date_faults(
    error: ssl.SSLCertVerificationError, chain: Sequence[Certificate], now: datetime
) -> list[str]:
    """Return the fault of the leaf's dates, or else of the one that OpenSSL met."""
    if chain and (fault := _date_fault(chain[0], now)) is not None:
        return [f"{EXPIRED}: {fault}"]
    if error.verify_code not in DATE_CODES:
        return []
    for certificate in chain[1:]:
        if (fault := _date_fault(certificate, now)) is not None:
            return [f"{EXPIRED}: {fault} ({certificate.subject})"]
    return [EXPIRED]


def _date_fault(certificate: Certificate, now: datetime) -> str | None:
    if certificate.dates is None:
        return None
    begin, end = certificate.dates
    if now < begin:
        return f"current time {_rfc3339(now)} is before {_rfc3339(begin)}"
    if now > end:
        return f"current time {_rfc3339(now)} is after {_rfc3339(end)}"
    return None


def _rfc3339(moment: datetime) -> str:
    return f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def name_fault(leaf: Certificate, expected: Expectation) -> str | None:
    """Return why the certificate is not one of the host, None if it is."""
    host = expected.host
    if host is None:
        return None
    address = as_address(host)
    if address is None:
        return _host_fault(leaf, host, expected)
    return _address_fault(leaf, host, address, expected)


def _host_fault(leaf: Certificate, host: str, expected: Expectation) -> str | None:
    if covers(leaf.dns_names, host):
        return None
    if not leaf.has_names and covers([leaf.common_name], host):
        return _common_name_fault(expected)
    if not leaf.dns_names:
        return (
            f"x509: certificate is not valid for any names, but wanted to match {host}"
        )
    return _other_names(leaf.dns_names, "names", host)


def _address_fault(
    leaf: Certificate, host: str, address: str, expected: Expectation
) -> str | None:
    if address in leaf.addresses:
        return None
    if not leaf.has_names and as_address(leaf.common_name) == address:
        return _common_name_fault(expected)
    if not leaf.addresses:
        return (
            f"x509: cannot validate certificate for {host} "
            "because it doesn't contain any IP SANs"
        )
    return _other_names(leaf.addresses, "IP SANs", host)


def _common_name_fault(expected: Expectation) -> str | None:
    if expected.allow_common_name:
        return None
    return "x509: certificate relies on legacy Common Name field, use SANs instead"


def _other_names(names: Sequence[str], kind: str, host: str) -> str:
    if len(names) >= MANY_NAMES:
        return (
            f"x509: certificate is valid for {len(names)} {kind}, "
            f"but none matched {host}"
        )
    return f"x509: certificate is valid for {', '.join(names)}, not {host}"
