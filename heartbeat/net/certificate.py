"""What a certificate says: the facts for the document, its names and its dates.

Owns the reading of DER and the reference's spelling of it (distinguished names,
algorithm names). Must not judge: `verdict` does.

Every distinct certificate is read once: reading costs 125 us, remembering it 1 us.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from cryptography.x509.oid import SignatureAlgorithmOID as Algorithm

from heartbeat.net.distinguished import distinguished_name, last_value

if TYPE_CHECKING:
    from datetime import datetime

    from heartbeat.event import Fields

REMEMBERED = 8192
"""Distinct certificates kept, about 5 kB each."""

SIGNATURES = {
    Algorithm.RSA_WITH_MD5: "MD5-RSA",
    Algorithm.RSA_WITH_SHA1: "SHA1-RSA",
    Algorithm.RSA_WITH_SHA256: "SHA256-RSA",
    Algorithm.RSA_WITH_SHA384: "SHA384-RSA",
    Algorithm.RSA_WITH_SHA512: "SHA512-RSA",
    Algorithm.DSA_WITH_SHA1: "DSA-SHA1",
    Algorithm.DSA_WITH_SHA256: "DSA-SHA256",
    Algorithm.ECDSA_WITH_SHA1: "ECDSA-SHA1",
    Algorithm.ECDSA_WITH_SHA256: "ECDSA-SHA256",
    Algorithm.ECDSA_WITH_SHA384: "ECDSA-SHA384",
    Algorithm.ECDSA_WITH_SHA512: "ECDSA-SHA512",
    Algorithm.ED25519: "Ed25519",
}
CURVES = {
    "secp224r1": "P-224",
    "secp256r1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
}
UNKNOWN = "0"
"""How the reference names an algorithm it does not know."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate, read.

    `der` is the certificate itself, `fingerprint` its SHA-256 in hexadecimal digits.
    `server` holds the members of `tls.server`. `pins` are base64 SHA-256 digests: of
    the public key and of the whole. What cannot be read is absent: `dates` and names
    of a malformed certificate, so that it can match nothing.
    """

    der: bytes
    fingerprint: str
    server: Fields
    pins: tuple[str, ...] = ()
    dates: tuple[datetime, datetime] | None = None
    subject: str = ""
    common_name: str = ""
    dns_names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    has_names: bool = True


@lru_cache(REMEMBERED)
def read_certificate(der: bytes) -> Certificate:
    """Return what the certificate says; never raises."""
    fingerprint = hashlib.sha256(der).hexdigest()
    digests = {
        "sha1": hashlib.sha1(der, usedforsecurity=False).hexdigest(),
        "sha256": fingerprint,
    }
    try:
        return _read(x509.load_der_x509_certificate(der), der, digests)
    except Exception:  # noqa: BLE001 - no peer can fail a check by odd bytes
        return Certificate(der, fingerprint, {"hash": digests})


def _read(certificate: x509.Certificate, der: bytes, digests: Fields) -> Certificate:
    dns_names, addresses, has_names = _names(certificate)
    return Certificate(
        der=der,
        fingerprint=digests["sha256"],
        server={"hash": digests, "x509": _x509(certificate)},
        pins=_pins(certificate, digests["sha256"]),
        dates=(certificate.not_valid_before_utc, certificate.not_valid_after_utc),
        subject=distinguished_name(certificate.subject),
        common_name=last_value(certificate.subject, NameOID.COMMON_NAME),
        dns_names=dns_names,
        addresses=addresses,
        has_names=has_names,
    )


def _x509(certificate: x509.Certificate) -> Fields:
    return {
        "issuer": _party(certificate.issuer),
        "subject": _party(certificate.subject),
        "serial_number": str(certificate.serial_number),
        "signature_algorithm": _signature_algorithm(certificate),
        "not_before": document_time(certificate.not_valid_before_utc),
        "not_after": document_time(certificate.not_valid_after_utc),
        **_public_key(certificate),
    }


def _party(name: x509.Name) -> Fields:
    return {
        "common_name": last_value(name, NameOID.COMMON_NAME),
        "distinguished_name": distinguished_name(name),
    }


def _signature_algorithm(certificate: x509.Certificate) -> str:
    oid = certificate.signature_algorithm_oid
    if oid == Algorithm.RSASSA_PSS:
        digest = certificate.signature_hash_algorithm
        return UNKNOWN if digest is None else f"{digest.name.upper()}-RSAPSS"
    return SIGNATURES.get(oid, UNKNOWN)


def _public_key(certificate: x509.Certificate) -> Fields:
    key = _loaded_key(certificate)
    if isinstance(key, rsa.RSAPublicKey):
        return {
            "public_key_algorithm": "RSA",
            "public_key_size": _whole_bytes(key.key_size),
            "public_key_exponent": key.public_numbers().e,
        }
    if isinstance(key, ec.EllipticCurvePublicKey):
        curve = CURVES.get(key.curve.name, key.curve.name)
        return {"public_key_algorithm": "ECDSA", "public_key_curve": curve}
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"public_key_algorithm": "Ed25519"}
    if isinstance(key, dsa.DSAPublicKey):
        return {
            "public_key_algorithm": "DSA",
            "public_key_size": _whole_bytes(key.key_size),
        }
    return {"public_key_algorithm": UNKNOWN}


def _loaded_key(certificate: x509.Certificate) -> Any:
    """Return the public key, None for a kind that nobody here can read."""
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None


def _whole_bytes(bits: int) -> int:
    return (bits + 7) // 8 * 8


def _pins(certificate: x509.Certificate, fingerprint: str) -> tuple[str, ...]:
    digests = [bytes.fromhex(fingerprint)]
    key = _loaded_key(certificate)
    if key is not None:
        info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        digests.append(hashlib.sha256(info).digest())
    return tuple(b64encode(digest).decode() for digest in digests)


def _names(
    certificate: x509.Certificate,
) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Return the alternative names, the addresses, and whether there is such a list."""
    try:
        kind = x509.SubjectAlternativeName
        names = certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return (), (), False
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return (), (), True
    return (
        tuple(names.get_values_for_type(x509.DNSName)),
        tuple(str(entry) for entry in names.get_values_for_type(x509.IPAddress)),
        True,
    )


def document_time(moment: datetime) -> str:
    """Return a moment in UTC as documents carry it."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
