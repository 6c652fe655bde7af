"""From `ssl.*` options to a context of OpenSSL.

Owns the translation of every option and the words for options and files that cannot be
used. Must not know connections: a context is built once and shared.
"""

from __future__ import annotations

import os
import re
import ssl
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from heartbeat.config.tls import Renegotiation, TlsOptions, VerificationMode
from heartbeat.errors import ConfigError, system_text
from heartbeat.net.ciphers import DEFAULT, OPENSSL, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Generator

CERTIFICATE = re.compile(
    r"-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----.+?-----END \1?CERTIFICATE-----",
    re.DOTALL,
)
CURVES = {
    "P-256": "prime256v1",
    "P-384": "secp384r1",
    "P-521": "secp521r1",
    "X25519": "X25519",
}
"""Curves of the options that OpenSSL knows alone → OpenSSL's name."""

TLS_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
LEGACY = ("TLSv1", "TLSv1.1")


def build_context(options: TlsOptions) -> ssl.SSLContext:
    """Return a context with these options; raises `ConfigError`.

    Host names and pins are for the handshake to check. Takes up to 40 ms where the
    system's authorities have to be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    _set_versions(context, options)
    _set_ciphers(context, options)
    _set_curves(context, options)
    if options.renegotiation is Renegotiation.NEVER:
        context.options |= ssl.OP_NO_RENEGOTIATION
    _set_trust(context, options)
    if options.certificate:
        _set_pair(context, options)
    return context


def allowed_versions(options: TlsOptions) -> tuple[str, ...]:
    """Return the versions of the options in OpenSSL's names, oldest first."""
    chosen = {"TLSv1" if name == "TLSv1.0" else name for name in _protocols(options)}
    return tuple(name for name in VERSIONS if name in chosen)


def files(options: TlsOptions) -> tuple[str, ...]:
    """Return the paths of all files that the options name."""
    entries = (*options.certificate_authorities, options.certificate, options.key)
    paths = [entry for entry in entries if entry and not _is_inline(entry)]
    if options.key_passphrase_path:
        paths.append(options.key_passphrase_path)
    return tuple(paths)


def _protocols(options: TlsOptions) -> tuple[str, ...]:
    return options.supported_protocols or ("TLSv1.2", "TLSv1.3")


def _set_versions(context: ssl.SSLContext, options: TlsOptions) -> None:
    """Set the range; a gap in it is for the handshake to check, as in the reference."""
    versions = allowed_versions(options)
    with warnings.catch_warnings():
        # Old versions are deprecated; whoever lists them wants to probe them.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = TLS_VERSIONS[versions[0]]
        context.maximum_version = TLS_VERSIONS[versions[-1]]


def _set_ciphers(context: ssl.SSLContext, options: TlsOptions) -> None:
    """Choose suites up to TLS 1.2; those of TLS 1.3 are always offered.

    Level 1 takes keys and signatures as the reference does; old versions need level 0.
    """
    level = 0 if allowed_versions(options)[0] in LEGACY else 1
    context.set_ciphers(f"ALL:@SECLEVEL={level}")
    possible = {cipher["name"] for cipher in context.get_ciphers()}
    names = [_openssl_cipher(name, possible) for name in options.cipher_suites]
    chosen = [name for name in names if not name.startswith("TLS_")] or DEFAULT
    context.set_ciphers(":".join([*chosen, f"@SECLEVEL={level}"]))


def _openssl_cipher(name: str, possible: set[str]) -> str:
    found = OPENSSL.get(name.replace("RSA-CHACHA20-POLY1305", "RSA-CHACHA20-POLY1205"))
    if found is None:
        raise ConfigError(f"invalid tls cipher suite '{name}'")
    if found not in possible:
        raise ConfigError(f"cipher_suites: this OpenSSL cannot do '{name}'")
    return found


def _set_curves(context: ssl.SSLContext, options: TlsOptions) -> None:
    if not options.curve_types:
        return
    first, *others = options.curve_types
    if others or first not in CURVES:
        raise ConfigError(
            "curve_types: this Python can only be given one of "
            f"{', '.join(CURVES)}, not {', '.join(options.curve_types)}"
        )
    context.set_ecdh_curve(CURVES[first])


def _set_trust(context: ssl.SSLContext, options: TlsOptions) -> None:
    if options.verification_mode is VerificationMode.NONE:
        context.verify_mode = ssl.CERT_NONE
        return
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not options.certificate_authorities:
        context.load_default_certs()
    for entry in options.certificate_authorities:
        _add_authorities(context, entry)


def _add_authorities(context: ssl.SSLContext, entry: str) -> None:
    """Trust every certificate of a file or text; there must be one."""
    option = "certificate_authorities"
    found = _certificates(_material(entry, option), option, entry)
    try:
        context.load_verify_locations(cadata="\n".join(found))
    except ssl.SSLError as error:
        raise ConfigError(f"{option}: {_label(entry)}: {_reason(error)}") from error


def _certificates(material: bytes, option: str, entry: str) -> list[str]:
    found = CERTIFICATE.finditer(material.decode("latin-1"))
    certificates = [match.group() for match in found]
    if not certificates:
        raise ConfigError(f"{option}: {_label(entry)} holds no PEM certificate")
    return certificates


def _set_pair(context: ssl.SSLContext, options: TlsOptions) -> None:
    """Load the client certificate and its key.

    The key is tried on its own before, because OpenSSL does not say what is wrong.
    """
    chain = _material(options.certificate, "certificate")
    _certificates(chain, "certificate", options.certificate)
    key = _material(options.key, "key")
    passphrase = _passphrase(options)
    _try_key(key, passphrase, _label(options.key))
    try:
        with _as_file(chain + b"\n" + key) as path:
            # A function, because OpenSSL would ask on the terminal without one.
            context.load_cert_chain(path, password=lambda: passphrase)
    except ssl.SSLError as error:
        labels = f"{_label(options.certificate)} and key {_label(options.key)}"
        raise ConfigError(f"certificate: {labels}: {_reason(error)}") from error


def _try_key(key: bytes, passphrase: bytes, label: str) -> None:
    # Imported here: 8 MB that are of no use without a key.
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    try:
        serialization.load_pem_private_key(key, passphrase or None)
    except TypeError as error:
        # Also raised for a passphrase that is not needed, which does no harm.
        if not passphrase:
            raise ConfigError(f"key: {label} needs a passphrase") from error
    except ValueError as error:
        cause = "is not opened by the passphrase" if passphrase else "holds no PEM key"
        raise ConfigError(f"key: {label} {cause}") from error


def _passphrase(options: TlsOptions) -> bytes:
    if options.key_passphrase or not options.key_passphrase_path:
        return options.key_passphrase.encode()
    text = _material(options.key_passphrase_path, "key_passphrase_path")
    return text.rstrip(b"\r\n")


def _reason(error: ssl.SSLError) -> str:
    """Return OpenSSL's words, as far as it has any."""
    return (error.reason or "not readable").lower().replace("_", " ")


def _is_inline(entry: str) -> bool:
    return entry.lstrip().startswith("-")


def _label(entry: str) -> str:
    return "the text given inline" if _is_inline(entry) else f"'{entry}'"


def _material(entry: str, option: str) -> bytes:
    if _is_inline(entry):
        return entry.encode()
    try:
        return Path(entry).read_bytes()
    except OSError as error:
        raise ConfigError(f"{option}: open {entry}: {system_text(error)}") from error


@contextmanager
def _as_file(content: bytes) -> Generator[str]:
    """Give a secret a path for as long as it takes OpenSSL to read it.

    In memory where the system can do that, else a file only we can read.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("pair")
        try:
            os.write(descriptor, content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name
