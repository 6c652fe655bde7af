"""TLS towards the programs around heartbeat.

Owns how options become a context for aiohttp, which verifies by itself. Must not know
who is talked to.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from heartbeat.config import TlsOptions
from heartbeat.net.context import build_context

if TYPE_CHECKING:
    from pathlib import Path

_DEFAULT = TlsOptions.model_validate({})


def context_for(options: TlsOptions | None) -> ssl.SSLContext:
    """Return the context that options describe; raises `ConfigError`."""
    options = options or _DEFAULT
    context = build_context(options)
    mode = options.verification_mode.value
    if mode == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.verify_mode = ssl.CERT_REQUIRED
        context.check_hostname = mode in {"full", "strict"}
    return context


def context_of(
    authority: str | None, client: Path | None, *, verifies: bool = True
) -> ssl.SSLContext:
    """Return a context that trusts an authority in PEM, with a client's certificate.

    Trusts the system's authorities without one. `client` is a file with both
    certificate and key. Raises `OSError` or `ValueError`.
    """
    context = ssl.create_default_context(cadata=authority)
    if not verifies:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if client is not None:
        context.load_cert_chain(client)
    return context
