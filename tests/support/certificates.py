"""A throw-away public key infrastructure: good certificates and every kind of bad one.

Owns the keys and certificates that TLS tests need, made on first use and kept for the
whole run. Must not know servers.
"""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from heartbeat.net.certificate import Certificate, read_certificate

BORN = datetime(2024, 1, 1, tzinfo=UTC)
ENDS = datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)
GONE = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
COMING = datetime(2048, 1, 1, tzinfo=UTC)

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate with its key and the authorities to send along."""

    certificate: x509.Certificate
    key: PrivateKey
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def der(self) -> bytes:
        """Return the certificate as DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> str:
        """Return the certificate as PEM."""
        return as_pem(self.certificate)

    @property
    def key_pem(self) -> str:
        """Return the key as PEM without a passphrase."""
        return self._key_as_pem(serialization.NoEncryption())

    def locked_key_pem(self, passphrase: str) -> str:
        """Return the key as PEM with a passphrase."""
        return self._key_as_pem(
            serialization.BestAvailableEncryption(passphrase.encode())
        )

    def _key_as_pem(self, how: serialization.KeySerializationEncryption) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how
        ).decode()


@dataclass(frozen=True)
class Request:
    """What a certificate is to say."""

    common_name: str = "localhost"
    names: tuple[str, ...] = ("localhost", "web.test", "*.wild.test")
    addresses: tuple[str, ...] = ("127.0.0.1", "::1")
    born: datetime = BORN
    ends: datetime = ENDS
    is_authority: bool = False
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH
    more: tuple[x509.NameAttribute[str], ...] = field(default=())

    @property
    def subject(self) -> x509.Name:
        """Return the distinguished name."""
        common: list[x509.NameAttribute[str]] = []
        if self.common_name:
            common = [x509.NameAttribute(NameOID.COMMON_NAME, self.common_name)]
        return x509.Name([*self.more, *common])

    @property
    def alternatives(self) -> list[x509.GeneralName]:
        """Return the alternative names."""
        return [
            *(x509.DNSName(name) for name in self.names),
            *(x509.IPAddress(ipaddress.ip_address(ip)) for ip in self.addresses),
        ]


AUTHORITY = Request("Test Root", (), (), is_authority=True)


def issue(
    request: Request, issuer: Issued | None = None, key: PrivateKey | None = None
) -> Issued:
    """Make a certificate, signed by itself where no issuer is given."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer = key if issuer is None else issuer.key
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(issuer.certificate.subject if issuer else request.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(request.born)
        .not_valid_after(request.ends)
        .add_extension(x509.BasicConstraints(request.is_authority, None), critical=True)
    )
    if request.alternatives:
        names = x509.SubjectAlternativeName(request.alternatives)
        builder = builder.add_extension(names, critical=False)
    if not request.is_authority:
        usage = x509.ExtendedKeyUsage([request.usage])
        builder = builder.add_extension(usage, critical=False)
    is_edwards = isinstance(signer, ed25519.Ed25519PrivateKey)
    return Issued(builder.sign(signer, None if is_edwards else hashes.SHA256()), key)


@cache
def root() -> Issued:
    """Return the authority that the tests trust."""
    return issue(AUTHORITY)


@cache
def other_root() -> Issued:
    """Return an authority that nobody trusts."""
    return issue(replace(AUTHORITY, common_name="Rogue Root"))


@cache
def good() -> Issued:
    """Return a certificate for localhost, 127.0.0.1, ::1, web.test, *.wild.test."""
    return issue(Request(), root())


@cache
def good_rsa() -> Issued:
    """Return the same with an RSA key."""
    return issue(Request(), root(), rsa.generate_private_key(65537, 2048))


@cache
def good_edwards() -> Issued:
    """Return the same with an Ed25519 key."""
    return issue(Request(), root(), ed25519.Ed25519PrivateKey.generate())


@cache
def expired() -> Issued:
    """Return a certificate whose time is over."""
    return issue(Request(ends=GONE), root())


@cache
def not_yet_valid() -> Issued:
    """Return a certificate whose time is to come."""
    return issue(Request(born=COMING), root())


@cache
def wrong_host() -> Issued:
    """Return a certificate for `other.test` alone."""
    return issue(Request("other.test", ("other.test",), ()), root())


@cache
def expired_wrong_host() -> Issued:
    """Return a certificate that is bad in two ways."""
    return issue(Request("other.test", ("other.test",), (), ends=GONE), root())


@cache
def common_name_only(name: str = "localhost") -> Issued:
    """Return a certificate without alternative names."""
    return issue(Request(name, (), ()), root())


@cache
def self_signed() -> Issued:
    """Return a certificate that vouches for itself."""
    return issue(replace(Request(), is_authority=True))


@cache
def unknown_authority() -> Issued:
    """Return a certificate of an authority that nobody trusts, sent along."""
    made = issue(Request(), other_root())
    return replace(made, chain=(other_root().certificate,))


@cache
def all_wrong() -> Issued:
    """Return a certificate expired, of an unknown authority, for another host."""
    return issue(Request("other.test", ("other.test",), (), ends=GONE), other_root())


@cache
def with_intermediate(ends: datetime = ENDS) -> Issued:
    """Return a certificate issued by an intermediate authority, sent along."""
    request = replace(
        AUTHORITY,
        common_name="Test Intermediate",
        born=datetime(2024, 2, 1, tzinfo=UTC),
        ends=ends,
    )
    middle = issue(request, root())
    return replace(issue(Request(), middle), chain=(middle.certificate,))


@cache
def client() -> Issued:
    """Return a certificate of a client."""
    usage = ExtendedKeyUsageOID.CLIENT_AUTH
    return issue(Request("probe", (), (), usage=usage), root())


def as_pem(certificate: x509.Certificate) -> str:
    """Return a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def read(issued: Issued) -> Certificate:
    """Return what the code under test reads in a certificate."""
    return read_certificate(issued.der)


def server_context(
    issued: Issued, client_authority: Issued | None = None
) -> ssl.SSLContext:
    """Return a server's context with this certificate.

    With an authority for clients, a client has to show a certificate of it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    chain = [as_pem(certificate) for certificate in issued.chain]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pair.pem")
        path.write_text("".join((issued.key_pem, issued.pem, *chain)))
        context.load_cert_chain(path)
    if client_authority is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_authority.pem)
    return context
