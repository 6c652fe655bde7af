"""Failures of a connection as an HTTP client tells them.

Owns the words that only make sense where HTTP was expected. Must not know connections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.errors import CheckError, ErrorType
from heartbeat.net import NotTls

if TYPE_CHECKING:
    from heartbeat.errors import CheckFailed

PLAIN_HTTP = "http: server gave HTTP response to HTTPS client"


def named(failure: CheckFailed) -> CheckError:
    """Return what failed, naming the commonest mistake: `https` for a port of HTTP."""
    if isinstance(failure, NotTls) and failure.first.startswith(b"HTTP/"):
        return CheckError(ErrorType.IO, PLAIN_HTTP)
    return failure.error
