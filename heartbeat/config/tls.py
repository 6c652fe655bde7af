"""The `ssl.*` options of everything that connects out.

Owns their names, defaults and what each may be. Must not know how a TLS context is
built from them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from heartbeat.config.types import Duration, Flag, Listed, Options, Text, Words

PROTOCOLS = ("TLSv1", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")


class VerificationMode(StrEnum):
    """How much of the peer's certificate must be right."""

    FULL = "full"
    STRICT = "strict"
    CERTIFICATE = "certificate"
    NONE = "none"


class Renegotiation(StrEnum):
    """Whether the server may ask for a new handshake, up to TLS 1.2."""

    NEVER = "never"
    ONCE = "once"
    FREELY = "freely"


def _mode(value: object) -> object:
    try:
        return VerificationMode(str(value))
    except ValueError:
        raise ValueError(f"unknown verification mode '{value}'") from None


def _protocol(text: str) -> str:
    if text not in PROTOCOLS:
        raise ValueError(f"invalid tls version '{text}'")
    return text


class CertificateReload(Options):
    """When changed certificate files are read again."""

    enabled: Flag = Field(
        default=True, description="Read changed certificate files again."
    )
    reload_interval: Duration = Field(
        default=5.0, description="How long files are taken as unchanged."
    )


class TlsOptions(Options):
    """`ssl.*`; a section that is absent or not `enabled` means the defaults."""

    enabled: Flag = Field(
        default=True, description="false makes the section count as absent."
    )
    verification_mode: Annotated[VerificationMode, BeforeValidator(_mode)] = Field(
        default=VerificationMode.FULL,
        description="full, strict (no CommonName), certificate (no host name) or none.",
    )
    supported_protocols: Listed[
        Annotated[Text, AfterValidator(_protocol), Words(PROTOCOLS)]
    ] = Field(default=("TLSv1.2", "TLSv1.3"), description="The TLS versions to talk.")
    cipher_suites: Listed[Text] = Field(
        default=(),
        description="Cipher suites up to TLS 1.2; empty for the library's own.",
    )
    curve_types: Listed[Text] = Field(
        default=(),
        description="Curves for the key exchange; empty for the library's own.",
    )
    certificate_authorities: Listed[Text] = Field(
        default=(),
        description="Files or inline PEM that replace the system's authorities.",
    )
    certificate: Text = Field(
        default="", description="Client certificate: file or inline PEM."
    )
    key: Text = Field(
        default="", description="Key of the client certificate: file or PEM."
    )
    key_passphrase: Text = Field(default="", description="Passphrase of the key.")
    key_passphrase_path: Text = Field(
        default="", description="File that holds the passphrase."
    )
    ca_sha256: Listed[Text] = Field(
        default=(),
        description="Base64 SHA-256 pins, one of which the chain must contain.",
    )
    ca_trusted_fingerprint: Text = Field(
        default="",
        description="Hex SHA-256 of a presented authority that is then trusted.",
    )
    renegotiation: Renegotiation = Field(
        default=Renegotiation.NEVER, description="never, once or freely; up to TLS 1.2."
    )
    certificate_reload: CertificateReload = Field(
        default=CertificateReload(),
        description="Reading changed certificate files again.",
    )

    @model_validator(mode="after")
    def _pair_is_whole(self) -> Self:
        if self.enabled and self.certificate and not self.key:
            raise ValueError("key file not configured")
        if self.enabled and self.key and not self.certificate:
            raise ValueError("certificate file not configured")
        return self
