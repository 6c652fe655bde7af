"""The reference's words for what goes wrong on a connection."""

from __future__ import annotations

import errno
import ssl
from typing import TYPE_CHECKING

import pytest

from heartbeat.net.wording import endpoint, is_deadline, read_text, tls_text

if TYPE_CHECKING:
    from heartbeat.clock import Deadline


class Ends:
    """A connection of which only the ends are known."""

    local = "10.0.0.1:40112"
    peer = "10.0.0.2:7"

    async def read(self, deadline: Deadline) -> bytes:
        """Return nothing."""
        del deadline
        return b""

    def write(self, data: bytes) -> None:
        """Do nothing."""

    async def drain(self, deadline: Deadline) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def tls_error(reason: str | None) -> ssl.SSLError:
    """Return an error of OpenSSL with this reason."""
    error = ssl.SSLError(1, "whatever")
    error.reason = reason  # type: ignore[assignment]
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError(), "read tcp 10.0.0.1:40112->10.0.0.2:7: i/o timeout"),
        (
            OSError(errno.ECONNRESET, "x"),
            "read tcp 10.0.0.1:40112->10.0.0.2:7: read: connection reset by peer",
        ),
        (
            OSError(errno.ETIMEDOUT, "x"),
            "read tcp 10.0.0.1:40112->10.0.0.2:7: read: connection timed out",
        ),
        (
            tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"),
            "remote error: tls: certificate required",
        ),
        (ValueError("odd"), "odd"),
    ],
)
def test_errors_of_reading(error: Exception, expected: str) -> None:
    """Each layer's errors have their own form."""
    assert read_text(error, Ends()) == expected


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "remote error: tls: handshake failure"),
        ("TLSV1_ALERT_INTERNAL_ERROR", "remote error: tls: internal error"),
        ("TLSV1_UNRECOGNIZED_NAME", "remote error: tls: unrecognized name"),
        (
            "UNSUPPORTED_PROTOCOL",
            "tls: server selected unsupported protocol version 302",
        ),
        ("TLSV1_ODD", "tls: tlsv1 odd"),
        ("DIGEST_CHECK_FAILED", "tls: digest check failed"),
    ],
)
def test_errors_of_tls(reason: str, expected: str) -> None:
    """Alerts of the peer and errors of ours are told apart."""
    hello = bytes.fromhex("160302004a020000460302")

    assert tls_text(tls_error(reason), hello) == expected


def test_an_error_of_tls_without_a_reason() -> None:
    """Without a reason the error speaks for itself."""
    assert tls_text(tls_error(None)).startswith("tls: ")


def test_the_systems_own_timeout_is_no_deadline() -> None:
    """The kernel giving up on a peer is told differently from a deadline of ours."""
    errors = (TimeoutError(), OSError(errno.ETIMEDOUT, "x"), ValueError())

    assert [is_deadline(error) for error in errors] == [True, False, False]


@pytest.mark.parametrize(
    ("address", "expected"), [("10.0.0.1", "10.0.0.1:7"), ("::1", "[::1]:7")]
)
def test_endpoints(address: str, expected: str) -> None:
    """Only IPv6 addresses have brackets."""
    assert endpoint(address, 7) == expected
