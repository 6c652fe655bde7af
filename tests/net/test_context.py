"""Every `ssl` option as OpenSSL gets it, and the words for those it cannot get."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config.tls import TlsOptions
from heartbeat.errors import ConfigError
from heartbeat.net.ciphers import DEFAULT, DOCUMENT, OPENSSL
from heartbeat.net.context import allowed_versions, build_context, files
from tests.support import certificates as pki

if TYPE_CHECKING:
    from pathlib import Path


def build(**settings: Any) -> ssl.SSLContext:
    """Return a context with these options, without the system's authorities."""
    settings.setdefault("certificate_authorities", [pki.root().pem])
    return build_context(TlsOptions.model_validate(settings))


def fault(**settings: Any) -> str:
    """Return why these options cannot be used."""
    with pytest.raises(ConfigError) as caught:
        build(**settings)
    return str(caught.value)


def ciphers(context: ssl.SSLContext) -> list[str]:
    """Return the suites that are not of TLS 1.3."""
    names = [cipher["name"] for cipher in context.get_ciphers()]
    return [name for name in names if not name.startswith("TLS_")]


def test_defaults() -> None:
    """By default TLS 1.2 and 1.3 are spoken, verified, never renegotiated."""
    context = build()

    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.maximum_version is ssl.TLSVersion.TLSv1_3
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert ciphers(context) == list(DEFAULT)


def test_the_systems_authorities() -> None:
    """Without authorities of their own, options trust what the system trusts."""
    system = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    system.load_default_certs()

    context = build(certificate_authorities=[])

    assert context.cert_store_stats() == system.cert_store_stats()


def test_mode_none() -> None:
    """Without verification nothing is read or checked."""
    context = build(verification_mode="none", certificate_authorities=["/missing"])

    assert context.verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("value", ["once", "freely"])
def test_renegotiation(value: str) -> None:
    """A server may ask for a new handshake where that is allowed."""
    assert not build(renegotiation=value).options & ssl.OP_NO_RENEGOTIATION


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([], ("TLSv1.2", "TLSv1.3")),
        (["TLSv1.3", "TLSv1.0"], ("TLSv1", "TLSv1.3")),
        (["TLSv1", "TLSv1.1"], ("TLSv1", "TLSv1.1")),
    ],
)
def test_versions(written: list[str], expected: tuple[str, ...]) -> None:
    """Versions are sorted and go by OpenSSL's names."""
    options = TlsOptions.model_validate({"supported_protocols": written})

    assert allowed_versions(options) == expected


def test_old_versions() -> None:
    """Old versions come with the security level they need, without a warning."""
    context = build(supported_protocols=["TLSv1.0", "TLSv1.1"])

    assert context.security_level == 0
    assert context.maximum_version.name == "TLSv1_1"


def test_cipher_suites() -> None:
    """Suites go by the reference's names, with the right spelling of one as well."""
    context = build(
        cipher_suites=[
            "ECDHE-RSA-AES-256-CBC-SHA",
            "ECDHE-RSA-CHACHA20-POLY1305",
            "TLS-AES-128-GCM-SHA256",
        ]
    )

    assert ciphers(context) == ["ECDHE-RSA-AES256-SHA", "ECDHE-RSA-CHACHA20-POLY1305"]


def test_only_suites_of_tls_1_3() -> None:
    """Suites of TLS 1.3 cannot be chosen, so the others stay as they are."""
    assert ciphers(build(cipher_suites=["TLS-AES-128-GCM-SHA256"])) == list(DEFAULT)


def test_an_unknown_cipher_suite() -> None:
    """A suite that does not exist is named."""
    assert fault(cipher_suites=["ROT-13"]) == "invalid tls cipher suite 'ROT-13'"


def test_a_cipher_suite_that_openssl_has_given_up() -> None:
    """A suite that exists but cannot be offered is named."""
    written = ["ECDHE-RSA-RC4-128-SHA", "ECDHE-RSA-AES-128-GCM-SHA256"]

    assert fault(cipher_suites=written) == (
        "cipher_suites: this OpenSSL cannot do 'ECDHE-RSA-RC4-128-SHA'"
    )


def test_no_cipher_suite_that_openssl_can_do() -> None:
    """The same holds where nothing is left to offer."""
    assert fault(cipher_suites=["RSA-RC4-128-SHA"]) == (
        "cipher_suites: this OpenSSL cannot do 'RSA-RC4-128-SHA'"
    )


def test_cipher_names_go_both_ways() -> None:
    """Every name has exactly one counterpart."""
    assert {DOCUMENT[other]: other for other in OPENSSL.values()} == OPENSSL


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_a_curve(curve: str) -> None:
    """One curve can be chosen."""
    assert isinstance(build(curve_types=[curve]), ssl.SSLContext)


@pytest.mark.parametrize("curves", [["P-256", "P-384"], ["X25519MLKEM768"]])
def test_curves_that_cannot_be_chosen(curves: list[str]) -> None:
    """What this Python cannot pass on is refused, not left out."""
    assert fault(curve_types=curves) == (
        "curve_types: this Python can only be given one of "
        f"P-256, P-384, P-521, X25519, not {', '.join(curves)}"
    )


def test_an_authority_in_a_file(tmp_path: Path) -> None:
    """A file may hold several authorities and text in any language around them."""
    path = tmp_path / "ca.pem"
    path.write_text(f"Prüfstelle\n{pki.root().pem}\n{pki.other_root().pem}")

    context = build(certificate_authorities=[str(path)])

    assert context.cert_store_stats()["x509_ca"] == 2


def test_a_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    path = tmp_path / "ca.pem"

    assert fault(certificate_authorities=[str(path)]) == (
        f"certificate_authorities: open {path}: no such file or directory"
    )


def test_a_file_without_certificates(tmp_path: Path) -> None:
    """A file that holds something else is named."""
    path = tmp_path / "ca.pem"
    path.write_text("hello")

    assert fault(certificate_authorities=[str(path)]) == (
        f"certificate_authorities: '{path}' holds no PEM certificate"
    )


def test_a_broken_certificate() -> None:
    """Text that only looks like a certificate is refused without repeating it."""
    text = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"

    assert fault(certificate_authorities=[text]) == (
        "certificate_authorities: the text given inline: not readable"
    )


@pytest.mark.parametrize("has_memory_files", [True, False])
def test_a_pair_from_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_memory_files: bool
) -> None:
    """Certificate and key are read from files, wherever OpenSSL reads them."""
    if not has_memory_files:
        monkeypatch.delattr(os, "memfd_create")
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    certificate.write_text(pki.client().pem)
    key.write_text(pki.client().key_pem)

    context = build(certificate=str(certificate), key=str(key))

    assert isinstance(context, ssl.SSLContext)


def test_a_key_with_a_passphrase() -> None:
    """A locked key is opened with its passphrase."""
    mine = pki.client()
    context = build(
        certificate=mine.pem,
        key=mine.locked_key_pem("open sesame"),
        key_passphrase="open sesame",
    )

    assert isinstance(context, ssl.SSLContext)


def test_a_passphrase_in_a_file(tmp_path: Path) -> None:
    """The passphrase may stand in a file, with a line end."""
    path = tmp_path / "passphrase"
    path.write_text("open sesame\n")
    mine = pki.client()
    context = build(
        certificate=mine.pem,
        key=mine.locked_key_pem("open sesame"),
        key_passphrase_path=str(path),
    )

    assert isinstance(context, ssl.SSLContext)


@pytest.mark.parametrize(
    ("passphrase", "expected"),
    [
        ("", "key: the text given inline needs a passphrase"),
        ("wrong", "key: the text given inline is not opened by the passphrase"),
    ],
)
def test_a_wrong_passphrase(passphrase: str, expected: str) -> None:
    """A key that stays locked is told without asking on the terminal."""
    mine = pki.client()

    assert expected == fault(
        certificate=mine.pem,
        key=mine.locked_key_pem("open sesame"),
        key_passphrase=passphrase,
    )


def test_a_passphrase_that_is_not_needed() -> None:
    """A passphrase for a key without one does no harm."""
    mine = pki.client()

    context = build(certificate=mine.pem, key=mine.key_pem, key_passphrase="x")

    assert isinstance(context, ssl.SSLContext)


def test_the_key_of_another_certificate() -> None:
    """A key that does not belong to the certificate is refused."""
    assert fault(certificate=pki.client().pem, key=pki.good().key_pem) == (
        "certificate: the text given inline and key the text given inline: "
        "key values mismatch"
    )


def test_a_client_certificate_of_nonsense() -> None:
    """Text that is no certificate is refused."""
    assert fault(certificate="-", key=pki.client().key_pem) == (
        "certificate: the text given inline holds no PEM certificate"
    )


def test_a_key_of_nonsense() -> None:
    """Text that is no key is refused."""
    assert fault(certificate=pki.client().pem, key="-") == (
        "key: the text given inline holds no PEM key"
    )


def test_files() -> None:
    """All files are known, so that their changes can be noticed."""
    options = TlsOptions.model_validate(
        {
            "certificate_authorities": ["/ca.pem", pki.root().pem],
            "certificate": "/client.pem",
            "key": pki.client().key_pem,
            "key_passphrase_path": "/passphrase",
        }
    )

    assert files(options) == ("/ca.pem", "/client.pem", "/passphrase")
