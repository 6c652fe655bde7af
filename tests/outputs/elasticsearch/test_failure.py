"""Errors of the HTTP library in words, and whether another host may be tried."""

from __future__ import annotations

import errno
import ssl
from types import SimpleNamespace
from typing import Any

import aiohttp
import elastic_transport
import pytest

from heartbeat.outputs.elasticsearch.failure import transport_error

URL = "https://es:9200"
KEY: Any = SimpleNamespace(host="es", port=9200, is_ssl=True, ssl=True)
REFUSED = OSError(errno.ECONNREFUSED, "Connect call failed ('127.0.0.1', 9200)")
WRONG = ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1)")
WRONG.reason = "WRONG_VERSION_NUMBER"
BAD = ssl.SSLCertVerificationError(1, "x509: bad")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (
            aiohttp.ConnectionTimeoutError(),
            "ConnectionError",
            "no connection within 5s",
        ),
        (TimeoutError(), "ConnectionTimeout", "no answer within 5s"),
        (
            aiohttp.ClientConnectorCertificateError(KEY, BAD),
            "TlsError",
            "tls: x509: bad",
        ),
        (
            aiohttp.ClientConnectorCertificateError(KEY, ValueError("odd")),
            "TlsError",
            "tls: odd",
        ),
        (
            aiohttp.ClientConnectorSSLError(KEY, WRONG),
            "TlsError",
            "tls: wrong version number (does it speak plain http?)",
        ),
        (BAD, "TlsError", "tls: x509: bad"),
        (
            aiohttp.ClientConnectorError(KEY, REFUSED),
            "ConnectionError",
            "dial: connection refused",
        ),
        (
            aiohttp.ClientProxyConnectionError(KEY, REFUSED),
            "ConnectionError",
            "proxy: connection refused",
        ),
        (
            aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "Name not known")),
            "ConnectionError",
            "lookup es: name not known",
        ),
        (
            aiohttp.ServerDisconnectedError(),
            "ConnectionError",
            "closed the connection without an answer (does it want https?)",
        ),
        (
            aiohttp.ClientPayloadError(),
            "ConnectionError",
            "the answer broke off",
        ),
        (
            aiohttp.ClientConnectionResetError("Cannot write"),
            "ConnectionError",
            "connection closed while sending",
        ),
        (
            aiohttp.ClientOSError(errno.ECONNRESET, "x"),
            "ConnectionError",
            "connection reset by peer",
        ),
        (
            RuntimeError("Session is closed"),
            "ConnectionError",
            "the answer cannot be used: Session is closed",
        ),
    ],
)
def test_errors(error: Any, kind: str, words: str) -> None:
    """Each class of the library has its own words and its own consequence."""
    found = transport_error(error, URL, 5.0)

    assert type(found) is getattr(elastic_transport, kind)
    assert found.message == f"{URL}: {words}"
