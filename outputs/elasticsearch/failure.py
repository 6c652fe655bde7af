"""From what goes wrong in the HTTP library to words an operator can act on.

Owns the map of foreign errors to those the transport understands: another host is tried
after `ConnectionError`, not after `ConnectionTimeout`. Must not know requests.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, cast

import aiohttp
from elastic_transport import ConnectionError as ConnectFailed
from elastic_transport import ConnectionTimeout, TlsError, TransportError

from heartbeat.errors import system_text
from heartbeat.net.wording import tls_text

if TYPE_CHECKING:
    from socket import gaierror

CONNECT_LIMIT = 10.0
"""Seconds for a connection to come about; then another host may be tried."""

WORDS = {
    aiohttp.ServerDisconnectedError: (
        "closed the connection without an answer (does it want https?)"
    ),
    aiohttp.ClientPayloadError: "the answer broke off",
    aiohttp.ClientConnectionResetError: "connection closed while sending",
}
NO_TLS = "tls: wrong version number"


def transport_error(error: Exception, url: str, limit: float) -> TransportError:
    """Return an error of the library as one of the transport, in our words.

    `limit` is how many seconds the request had.
    """
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ConnectFailed(
            f"{url}: no connection within {min(limit, CONNECT_LIMIT):g}s"
        )
    if isinstance(error, TimeoutError):
        return ConnectionTimeout(f"{url}: no answer within {limit:g}s")
    words = tls_words(error)
    if words is not None:
        return TlsError(f"{url}: {words}")
    return ConnectFailed(f"{url}: {plain_words(error)}")


def tls_words(error: Exception) -> str | None:
    """Return what went wrong with TLS, None if it was something else."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return _tls_cause(error.certificate_error)
        case aiohttp.ClientConnectorSSLError():
            return _tls_cause(cast("OSError", error.os_error))  # pyright: ignore[reportUnknownMemberType]
        case ssl.SSLError():
            return _tls_cause(error)
        case _:
            return None


def _tls_cause(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"tls: {error.strerror}"
    if isinstance(error, ssl.SSLError):
        text = tls_text(error)
        return f"{text} (does it speak plain http?)" if text == NO_TLS else text
    return f"tls: {error}"


def plain_words(error: Exception) -> str:
    """Return what went wrong below or beside TLS."""
    for known, words in WORDS.items():
        if isinstance(error, known):
            return words
    match error:
        case aiohttp.ClientConnectorError():
            return _connect_words(error)
        case aiohttp.ClientHttpProxyError():
            return f"proxy: answered {error.status} {error.message}"
        case OSError():
            return system_text(error)
        case _:
            return f"the answer cannot be used: {error}"


def _connect_words(error: aiohttp.ClientConnectorError) -> str:
    cause: OSError | gaierror = error.os_error
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"lookup {error.host}: {(cause.strerror or str(cause)).lower()}"
    step = "proxy" if isinstance(error, aiohttp.ClientProxyConnectionError) else "dial"
    return f"{step}: {system_text(cause)}"
