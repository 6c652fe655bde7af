"""Reading certificates: the facts of the document and what the verdict needs."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (
    dsa,
    ec,
    ed448,
    padding,
    rsa,
)
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.net.certificate import document_time, read_certificate
from tests.support import certificates as pki


def self_signed(
    key: rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | dsa.DSAPrivateKey
    | ed448.Ed448PrivateKey,
    digest: hashes.SHA256 | hashes.SHA224 | hashes.SHA512 | None,
    *,
    is_pss: bool = False,
    names: x509.ExtensionType | None = None,
) -> bytes:
    """Return a certificate with this key and signature, as DER."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(2**150 + 7)
        .not_valid_before(pki.BORN)
        .not_valid_after(pki.ENDS)
    )
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    pss = None
    if is_pss and digest is not None:
        pss = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
    made = builder.sign(key, digest, rsa_padding=pss)
    return made.public_bytes(serialization.Encoding.DER)


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    """Return an RSA key of 2047 bits, for the arithmetic of its size."""
    return rsa.generate_private_key(65537, 2047)  # noqa: S505 - of no worth


def test_hashes() -> None:
    """Both digests are of the whole certificate, in lower case."""
    der = pki.good().der

    assert read_certificate(der).server["hash"] == {
        "sha1": hashlib.sha1(der, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(der).hexdigest(),
    }


def test_an_rsa_certificate(rsa_key: rsa.RSAPrivateKey) -> None:
    """All members of a certificate with an RSA key, size in whole bytes."""
    server = read_certificate(self_signed(rsa_key, hashes.SHA256())).server

    assert server["x509"] == {
        "issuer": {"common_name": "x", "distinguished_name": "CN=x"},
        "subject": {"common_name": "x", "distinguished_name": "CN=x"},
        "serial_number": "1427247692705959881058285969449495136382746631",
        "signature_algorithm": "SHA256-RSA",
        "public_key_algorithm": "RSA",
        "public_key_size": 2048,
        "public_key_exponent": 65537,
        "not_before": "2024-01-01T00:00:00.000Z",
        "not_after": "2049-12-31T23:59:59.000Z",
    }


def test_an_empty_common_name_is_still_there() -> None:
    """A certificate without a common name shows an empty one."""
    issued = pki.issue(replace(pki.Request(), common_name=""))

    assert read_certificate(issued.der).server["x509"]["subject"] == {
        "common_name": "",
        "distinguished_name": "",
    }


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        (ec.SECP224R1(), "P-224"),
        (ec.SECP256R1(), "P-256"),
        (ec.SECP384R1(), "P-384"),
        (ec.SECP521R1(), "P-521"),
        (ec.BrainpoolP256R1(), "brainpoolP256r1"),
    ],
)
def test_curves(curve: ec.EllipticCurve, expected: str) -> None:
    """Curves have the names the reference gives them."""
    der = self_signed(ec.generate_private_key(curve), hashes.SHA512())
    known = read_certificate(der).server["x509"]

    assert (known["public_key_algorithm"], known["public_key_curve"]) == (
        "ECDSA",
        expected,
    )
    assert known["signature_algorithm"] == "ECDSA-SHA512"


def test_a_signature_with_pss(rsa_key: rsa.RSAPrivateKey) -> None:
    """PSS signatures name their digest."""
    der = self_signed(rsa_key, hashes.SHA512(), is_pss=True)

    algorithm = read_certificate(der).server["x509"]["signature_algorithm"]
    assert algorithm == "SHA512-RSAPSS"


def test_a_signature_the_reference_does_not_know(rsa_key: rsa.RSAPrivateKey) -> None:
    """Unknown signature algorithms show as the reference shows them."""
    der = self_signed(rsa_key, hashes.SHA224())

    assert read_certificate(der).server["x509"]["signature_algorithm"] == "0"


def test_an_edwards_certificate() -> None:
    """An Ed25519 key has neither size nor curve."""
    known = read_certificate(pki.good_edwards().der).server["x509"]

    assert known["public_key_algorithm"] == "Ed25519"
    assert {"public_key_size", "public_key_curve"}.isdisjoint(known)


def test_a_dsa_certificate() -> None:
    """A DSA key has a size."""
    key = dsa.generate_private_key(1024)  # noqa: S505 - made in no time
    der = self_signed(key, hashes.SHA256())
    known = read_certificate(der).server["x509"]

    assert (known["public_key_algorithm"], known["public_key_size"]) == ("DSA", 1024)


def test_a_key_the_reference_does_not_know() -> None:
    """Unknown kinds of key show as the reference shows them."""
    der = self_signed(ed448.Ed448PrivateKey.generate(), None)

    assert read_certificate(der).server["x509"]["public_key_algorithm"] == "0"


def test_a_key_nobody_can_read() -> None:
    """A key of an unknown algorithm leaves the rest of the facts as they are."""
    oid = bytes.fromhex("06072a8648ce3d0201")
    der = pki.good().der.replace(oid, oid[:-1] + b"\x7f")
    read = read_certificate(der)

    assert read.server["x509"]["public_key_algorithm"] == "0"
    assert len(read.pins) == 1


def test_pins() -> None:
    """A certificate can be pinned by its own digest and by its key's."""
    issued = pki.good()
    info = issued.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    assert read_certificate(issued.der).pins == tuple(
        b64encode(hashlib.sha256(data).digest()).decode() for data in (issued.der, info)
    )


def test_names() -> None:
    """Names and addresses are apart."""
    read = pki.read(pki.good())

    assert read.dns_names == ("localhost", "web.test", "*.wild.test")
    assert read.addresses == ("127.0.0.1", "::1")
    assert read.has_names


def test_without_names() -> None:
    """A certificate without alternative names says so."""
    read = pki.read(pki.common_name_only())

    assert (read.dns_names, read.addresses, read.has_names) == ((), (), False)


def test_malformed_names(rsa_key: rsa.RSAPrivateKey) -> None:
    """Names that cannot be read count as names that match nothing."""
    names = x509.UnrecognizedExtension(
        x509.SubjectAlternativeName.oid, b"\x30\x04\x82\x02\xff\xff"
    )
    read = read_certificate(self_signed(rsa_key, hashes.SHA256(), names=names))

    assert (read.dns_names, read.has_names) == ((), True)
    assert read.server["x509"]["subject"]["common_name"] == "x"


@given(st.binary(max_size=200))
def test_nonsense(der: bytes) -> None:
    """Bytes that are no certificate are shown by their digests only."""
    read = read_certificate(der)

    assert list(read.server) == ["hash"]
    assert (read.dates, read.has_names) == (None, True)


@given(st.integers(0, 2**32), st.integers(0, 255))
def test_broken_certificates(place: int, value: int) -> None:
    """A certificate with a wrong byte anywhere is read or not, but never fails."""
    der = bytearray(pki.good().der)
    der[place % len(der)] = value

    assert "hash" in read_certificate(bytes(der)).server


def test_years_have_four_digits() -> None:
    """A moment long ago is written with four digits too."""
    moment = pki.BORN.replace(year=950)

    assert document_time(moment) == "0950-01-01T00:00:00.000Z"
