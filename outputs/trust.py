"""TLS for a client library that makes its connections itself.

Owns the bridge between our `ssl.*` options and such a library: a context of OpenSSL
whose handshakes end with the same checks and the same words as those of the checks.
Must not know the library.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from heartbeat.config.tls import TlsOptions
from heartbeat.net.context import build_context
from heartbeat.net.handshake import presented_chain, verified_chain
from heartbeat.net.verdict import PINS, name_fault, verification_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.net import Network, TlsContext
    from heartbeat.net.certificate import Certificate

TLS_DEFAULTS = TlsOptions()


@dataclass(frozen=True, slots=True)
class TlsAccess:
    """TLS settings as written, and the shared context that checks by them."""

    options: TlsOptions
    rules: TlsContext

    @classmethod
    def of(cls, options: TlsOptions | None, network: Network) -> TlsAccess:
        """Return the settings, the defaults where there are none.

        Reads certificates, raises `ConfigError`.
        """
        if options is None or not options.enabled:
            options = TLS_DEFAULTS
        return cls(options, network.tls(options))


class Trust:
    """A context to hand to a library, and what its handshakes have learned."""

    def __init__(self, access: TlsAccess) -> None:
        """Read the certificate files; raises `ConfigError`. Takes up to 40 ms."""
        fingerprint = access.options.ca_trusted_fingerprint
        self.rules = access.rules
        self.context = build_context(access.options)
        self.context.sslobject_class = type(
            "BoundObject", (CheckedObject,), {"trust": self}
        )
        self._fingerprint = fingerprint.replace(":", "").lower()
        self._has_news = False

    def learn(self, presented: Sequence[Certificate]) -> None:
        """Trust the certificate that is to be trusted by fingerprint, if presented."""
        for certificate in presented:
            if certificate.fingerprint == self._fingerprint:
                self.context.load_verify_locations(cadata=certificate.der)
                self._fingerprint = ""
                self._has_news = True

    def take_news(self) -> bool:
        """Say whether something was learned since the last call: worth a new try."""
        had, self._has_news = self._has_news, False
        return had


class CheckedObject(ssl.SSLObject):
    """One end of a TLS connection that checks what OpenSSL does not."""

    trust: ClassVar[Trust]

    def do_handshake(self) -> None:
        """Go on with the handshake; at its end, check names, versions and pins."""
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as error:
            raise _refusal(self._faults(error)) from error
        fault = self._fault()
        if fault is not None:
            raise _refusal(fault)

    def _faults(self, error: ssl.SSLCertVerificationError) -> str:
        rules = self.trust.rules
        chain = presented_chain(self)
        self.trust.learn(chain)
        return verification_text(
            error,
            chain,
            expected=rules.expectation(self.server_hostname or ""),
            now=rules.clock.now(),
        )

    def _fault(self) -> str | None:
        rules = self.trust.rules
        version = self.version() or ""
        if version not in rules.versions:
            return f"tls version {version} not configured"
        # Loaded by the first `TlsContext`: 8 MB that are of no use without one.
        from heartbeat.net.certificate import read_certificate  # noqa: PLC0415

        leaf = read_certificate(self.getpeercert(binary_form=True) or b"")
        fault = name_fault(leaf, rules.expectation(self.server_hostname or ""))
        if fault is None and rules.verifies and rules.pins:
            chain = verified_chain(self)
            if all(rules.pins.isdisjoint(member.pins) for member in chain):
                return PINS
        return fault


def _refusal(text: str) -> ssl.SSLCertVerificationError:
    return ssl.SSLCertVerificationError(ssl.SSL_ERROR_SSL, text)
