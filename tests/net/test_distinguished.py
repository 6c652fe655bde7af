"""Distinguished names: their order, their spelling, what has no short name."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.name import (
    _ASN1Type,  # pyright: ignore[reportPrivateUsage] - there is no public one
)
from cryptography.x509.oid import NameOID

from heartbeat.net.distinguished import distinguished_name, last_value


def name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    """Return a name of these attributes."""
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def test_the_order_is_fixed() -> None:
    """Attributes come in the reference's order, whatever order they were made in."""
    subject = name(
        (NameOID.COUNTRY_NAME, "AQ"),
        (NameOID.STATE_OR_PROVINCE_NAME, "Ross"),
        (NameOID.LOCALITY_NAME, "Base"),
        (NameOID.STREET_ADDRESS, "Way 1"),
        (NameOID.POSTAL_CODE, "123"),
        (NameOID.ORGANIZATION_NAME, "Tests"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Probes"),
        (NameOID.COMMON_NAME, "web"),
        (NameOID.SERIAL_NUMBER, "7"),
    )

    assert distinguished_name(subject) == (
        "SERIALNUMBER=7,CN=web,OU=Probes,O=Tests,POSTALCODE=123,STREET=Way 1,"
        "L=Base,ST=Ross,C=AQ"
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Fastly, Inc.", r"O=Fastly\, Inc."),
        ('a+b"c\\d<e>f;g', r"O=a\+b\"c\\d\<e\>f\;g"),
        ("#sharp#", r"O=\#sharp#"),
        (" both ends ", r"O=\ both ends\ "),
        (" ", r"O=\ "),
        ("Ünïcode", "O=Ünïcode"),
    ],
)
def test_escapes(value: str, expected: str) -> None:
    """Characters with a meaning are escaped where they have it."""
    assert distinguished_name(name((NameOID.ORGANIZATION_NAME, value))) == expected


def test_several_values_of_one_attribute() -> None:
    """Values of one attribute are joined."""
    units = [(NameOID.ORGANIZATIONAL_UNIT_NAME, text) for text in ("a", "b")]

    assert distinguished_name(name(*units)) == "OU=a+OU=b"


def test_only_the_last_common_name_counts() -> None:
    """A name has one common name, the last."""
    subject = name((NameOID.COMMON_NAME, "first"), (NameOID.COMMON_NAME, "last"))

    assert distinguished_name(subject) == "CN=last"
    assert last_value(subject, NameOID.COMMON_NAME) == "last"


def test_other_attributes_are_numeric() -> None:
    """Attributes without a short name show their number and their encoded value."""
    subject = name(
        (NameOID.USER_ID, "ab"),
        (NameOID.EMAIL_ADDRESS, "a@b"),
        (NameOID.COMMON_NAME, "c"),
    )

    assert distinguished_name(subject) == (
        "CN=c,1.2.840.113549.1.9.1=#0c03614062,0.9.2342.19200300.100.1.1=#13026162"
    )


def test_long_values_are_encoded_with_a_long_length() -> None:
    """A value of 200 bytes has a length of two bytes."""
    subject = name((NameOID.USER_ID, "a" * 200))

    assert distinguished_name(subject).endswith(f"=#1381c8{'61' * 200}")


def test_bits_are_encoded_as_bits() -> None:
    """An attribute that is no text is encoded as a bit string."""
    bits = x509.NameAttribute(
        NameOID.X500_UNIQUE_IDENTIFIER, b"\x01\x02", _ASN1Type.BitString
    )

    assert distinguished_name(x509.Name([bits])) == "2.5.4.45=#0303000102"
    assert last_value(x509.Name([bits]), NameOID.X500_UNIQUE_IDENTIFIER) == ""


def test_an_empty_name() -> None:
    """A name without attributes is empty."""
    assert distinguished_name(x509.Name([])) == ""
