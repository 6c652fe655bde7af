"""The judgement over certificates, where a real handshake cannot easily lead."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import pytest

from heartbeat.net.certificate import Certificate
from heartbeat.net.verdict import Expectation, name_fault, verification_text

NOW = 1_790_000_000_000_000_000
"""2026-09-21T14:13:20Z"""


def certificate(
    *,
    subject: str = "CN=x",
    begin: int = 2020,
    end: int = 2030,
    names: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
) -> Certificate:
    """Return a certificate valid between the first days of two years."""
    return Certificate(
        b"",
        "",
        {},
        dates=(datetime(begin, 1, 1, tzinfo=UTC), datetime(end, 1, 1, tzinfo=UTC)),
        subject=subject,
        dns_names=names,
        addresses=addresses,
    )


def refusal(code: int, message: str = "") -> ssl.SSLCertVerificationError:
    """Return the error of OpenSSL with this code."""
    error = ssl.SSLCertVerificationError()
    error.verify_code = code
    error.verify_message = message
    return error


def text(
    code: int, *chain: Certificate, host: str | None = None, message: str = ""
) -> str:
    """Return the verdict over a chain."""
    return verification_text(
        refusal(code, message), chain, expected=Expectation(host), now=NOW
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (7, "x509: certificate signed by unknown authority"),
        (24, "x509: certificate is not authorized to sign other certificates"),
        (25, "x509: too many intermediates for path length constraint"),
        (26, "x509: certificate specifies an incompatible key usage"),
        (66, "x509: EE certificate key too weak"),
    ],
)
def test_codes(code: int, expected: str) -> None:
    """OpenSSL's codes become the reference's words, others keep OpenSSL's."""
    assert text(code, certificate(), message="EE certificate key too weak") == expected


def test_a_date_that_only_openssl_sees() -> None:
    """Where none of the presented certificates is out of date, no date is named."""
    assert text(10, certificate(), certificate()) == (
        "x509: certificate has expired or is not yet valid"
    )


def test_without_a_chain() -> None:
    """A verdict without certificates tells OpenSSL's reason alone."""
    assert text(20, host="a.test") == "x509: certificate signed by unknown authority"


def test_a_certificate_without_dates() -> None:
    """A malformed certificate has no dates to judge."""
    malformed = Certificate(b"", "", {})

    assert text(20, malformed) == "x509: certificate signed by unknown authority"


def test_dates_come_before_an_unknown_authority() -> None:
    """The fault that the reference would name comes first."""
    assert text(20, certificate(end=2021)) == (
        "x509: certificate has expired or is not yet valid: "
        "current time 2026-09-21T14:13:20Z is after 2021-01-01T00:00:00Z"
        "; also: x509: certificate signed by unknown authority"
    )


def test_no_names_at_all() -> None:
    """A certificate with a list of names that holds none says so."""
    assert name_fault(certificate(), Expectation("a.test")) == (
        "x509: certificate is not valid for any names, but wanted to match a.test"
    )


def test_other_addresses() -> None:
    """Addresses that do not match are listed."""
    leaf = certificate(addresses=("10.0.0.1", "10.0.0.2"))

    assert name_fault(leaf, Expectation("10.0.0.3")) == (
        "x509: certificate is valid for 10.0.0.1, 10.0.0.2, not 10.0.0.3"
    )


def test_a_bracketed_address() -> None:
    """An address in brackets is an address."""
    assert name_fault(certificate(addresses=("::1",)), Expectation("[::1]")) is None


def test_very_many_names() -> None:
    """From a hundred names on only their number is told."""
    leaf = certificate(names=tuple(f"n{number}.test" for number in range(100)))

    assert name_fault(leaf, Expectation("a.test")) == (
        "x509: certificate is valid for 100 names, but none matched a.test"
    )


def test_very_many_addresses() -> None:
    """The same holds for addresses."""
    leaf = certificate(addresses=tuple(f"10.0.0.{number}" for number in range(100)))

    assert name_fault(leaf, Expectation("10.1.0.1")) == (
        "x509: certificate is valid for 100 IP SANs, but none matched 10.1.0.1"
    )
