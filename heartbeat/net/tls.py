"""The TLS settings of an endpoint, shared by all that have the same.

Owns `TlsContext`: the context of OpenSSL, what else the handshake has to check, and
the renewal of both when certificate files change. Must not know connections.
"""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from heartbeat.config.tls import Renegotiation, TlsOptions, VerificationMode
from heartbeat.errors import ConfigError
from heartbeat.net.context import allowed_versions, build_context, files
from heartbeat.net.stamp import stamp
from heartbeat.net.verdict import Expectation

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from heartbeat.clock import Clock
    from heartbeat.net.certificate import Certificate

logger = logging.getLogger(__name__)


class TlsContext:
    """Everything about TLS that does not depend on the peer."""

    def __init__(
        self, options: TlsOptions, clock: Clock, *, tells_chain: bool = False
    ) -> None:
        """Read all files; raises `ConfigError`. Takes up to 80 ms."""
        # At this point, so that no handshake waits for it.
        import_module("heartbeat.net.certificate")

        self.clock = clock
        self.tells_chain = tells_chain
        self.versions = allowed_versions(options)
        self.pins = frozenset(options.ca_sha256)
        self.verifies = options.verification_mode is not VerificationMode.NONE
        self._options = options
        self._fingerprint = options.ca_trusted_fingerprint.replace(":", "").lower()
        self._learned: bytes | None = None
        self._stamps = _stamps(options)
        self._looked_at = clock.monotonic()
        self._context = build_context(options)
        if options.renegotiation is Renegotiation.ONCE:
            logger.warning(
                "ssl.renegotiation: OpenSSL does not count, once means freely here"
            )

    @property
    def is_plain_strict(self) -> bool:
        """Whether the reference leaves verification to its standard library.

        Documents then carry the dates of the chain instead of the leaf's, and texts of
        failures begin in a way of their own.
        """
        return self._options.verification_mode is VerificationMode.STRICT and not (
            self._options.certificate_authorities
            and self._options.certificate_reload.enabled
        )

    def wrap(
        self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, server_name: str
    ) -> ssl.SSLObject:
        """Return a client's end of a connection to be."""
        try:
            return self._context.wrap_bio(
                incoming, outgoing, server_hostname=server_name.removesuffix(".")
            )
        except ValueError:
            # Not a name that can be asked for (such as `.a`): verification decides.
            return self._context.wrap_bio(incoming, outgoing)

    def expectation(self, server_name: str) -> Expectation:
        """Return what the leaf certificate has to be good for."""
        mode = self._options.verification_mode
        return Expectation(
            server_name
            if mode in {VerificationMode.FULL, VerificationMode.STRICT}
            else None,
            allow_common_name=mode is VerificationMode.FULL,
        )

    def learn(self, presented: Certificate) -> bool:
        """Trust a certificate if it is the one to be trusted by fingerprint.

        Returns whether it is.
        """
        if presented.fingerprint != self._fingerprint:
            return False
        if self._learned is None:
            self._learned = presented.der
            self._context.load_verify_locations(cadata=presented.der)
        return True

    async def refresh(self) -> None:
        """Read changed certificate files again, if it is time to look.

        Files that cannot be used leave everything as it was, with a warning.
        """
        reload = self._options.certificate_reload
        now = self.clock.monotonic()
        if not reload.enabled or now < self._looked_at + reload.reload_interval:
            return
        self._looked_at = now
        stamps = _stamps(self._options)
        if stamps == self._stamps:
            return
        self._stamps = stamps
        loop = asyncio.get_running_loop()
        try:
            context = await loop.run_in_executor(None, build_context, self._options)
        except ConfigError as error:
            logger.warning("certificates not reloaded, the old stay: %s", error)
            return
        if self._learned is not None:
            context.load_verify_locations(cadata=self._learned)
        self._context = context


def _stamps(options: TlsOptions) -> Sequence[object]:
    """Return something that changes when a file does."""
    return [stamp(Path(name)) for name in files(options)]
