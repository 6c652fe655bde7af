"""The reference's words for what goes wrong on a connection.

Owns texts. Must not do I/O; certificates have words of their own in `verdict`.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from heartbeat.errors import (
    CheckError,
    CheckFailed,
    ErrorCode,
    ErrorType,
    system_text,
)

if TYPE_CHECKING:
    from heartbeat.net.connection import Connection

ALERTS = {
    "ACCESS_DENIED": "access denied",
    "BAD_CERTIFICATE": "bad certificate",
    "BAD_RECORD_MAC": "bad record MAC",
    "CERTIFICATE_EXPIRED": "expired certificate",
    "CERTIFICATE_REQUIRED": "certificate required",
    "CERTIFICATE_REVOKED": "revoked certificate",
    "CERTIFICATE_UNKNOWN": "unknown certificate",
    "DECODE_ERROR": "error decoding message",
    "DECRYPTION_FAILED": "decryption failed",
    "DECRYPT_ERROR": "error decrypting message",
    "HANDSHAKE_FAILURE": "handshake failure",
    "ILLEGAL_PARAMETER": "illegal parameter",
    "INAPPROPRIATE_FALLBACK": "inappropriate fallback",
    "INSUFFICIENT_SECURITY": "insufficient security level",
    "INTERNAL_ERROR": "internal error",
    "MISSING_EXTENSION": "missing extension",
    "NO_APPLICATION_PROTOCOL": "no application protocol",
    "NO_CERTIFICATE": "no certificate",
    "NO_RENEGOTIATION": "no renegotiation",
    "PROTOCOL_VERSION": "protocol version not supported",
    "RECORD_OVERFLOW": "record overflow",
    "UNEXPECTED_MESSAGE": "unexpected message",
    "UNKNOWN_CA": "unknown certificate authority",
    "UNRECOGNIZED_NAME": "unrecognized name",
    "UNSUPPORTED_CERTIFICATE": "unsupported certificate",
    "UNSUPPORTED_EXTENSION": "unsupported extension",
    "USER_CANCELLED": "user canceled",
}
"""OpenSSL's reasons for what the peer told us, without their prefix."""


class DialFailed(CheckFailed):
    """The target, or the proxy before it, could not be reached.

    The reference tells such failures in two ways: its own dialler wraps them in coded
    errors, its HTTP client does not. The error is the former, `plain` the text of the
    latter. `timed_out` is whether it was our deadline that ended the attempt.
    """

    def __init__(
        self,
        message: str,
        plain: str,
        *,
        code: ErrorCode | None = None,
        timed_out: bool = False,
    ) -> None:
        """Keep both texts."""
        super().__init__(CheckError(ErrorType.IO, message, code))
        self.plain = plain
        self.timed_out = timed_out


def could_not_connect(
    address: str, port: int, cause: str, *, timed_out: bool = False
) -> DialFailed:
    """Return the coded failure of a connect, in the reference's words."""
    plain = f"dial tcp {endpoint(address, port)}: {cause}"
    return DialFailed(
        f"Could not connect to '{address}:{port}' with error: {plain}",
        plain,
        code=ErrorCode.NET_COULD_NOT_CONNECT,
        timed_out=timed_out,
    )


def endpoint(address: str, port: int) -> str:
    """Return `ip:port`, an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def split_endpoint(text: str) -> tuple[str, int]:
    """Return the parts of what `endpoint` made."""
    host, _, port = text.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def read_text(error: Exception, connection: Connection, verb: str = "read") -> str:
    """Return the reference's words for an error while reading or writing.

    For example `read tcp 10.0.0.1:40112->10.0.0.2:7: i/o timeout`; `verb` is `read` or
    `write`.
    """
    ends = f"{verb} tcp {connection.local}->{connection.peer}"
    if is_deadline(error):
        return f"{ends}: i/o timeout"
    if isinstance(error, ssl.SSLError):
        return tls_text(error)
    if isinstance(error, OSError) and error.errno is not None:
        return f"{ends}: {verb}: {system_text(error)}"
    return str(error)


def is_deadline(error: BaseException | None) -> bool:
    """Tell a deadline of ours from the system's own `connection timed out`."""
    return isinstance(error, TimeoutError) and error.errno is None


def tls_text(error: ssl.SSLError, first: bytes = b"") -> str:
    """Return the reference's words for an error of TLS other than verification.

    `first` holds the beginning of what the peer sent.
    """
    reason = error.reason or ""
    if isinstance(error, ssl.SSLEOFError):
        return "unexpected EOF"
    if reason == "EXCESSIVE_MESSAGE_SIZE":
        return "tls: handshake message exceeds the maximum size"
    prefix, _, rest = reason.partition("_")
    alert = ALERTS.get(rest.removeprefix("ALERT_"))
    if prefix in {"SSLV3", "TLSV1", "TLSV13"} and alert is not None:
        return f"remote error: tls: {alert}"
    if reason == "UNSUPPORTED_PROTOCOL":
        version = first[9:11].hex().lstrip("0")
        return f"tls: server selected unsupported protocol version {version}"
    if not reason:
        return f"tls: {error}"
    return f"tls: {reason.lower().replace('_', ' ')}"
