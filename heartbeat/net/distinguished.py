"""Distinguished names: how the reference spells them.

Owns the text form of subjects and issuers. Must not know certificates or TLS, nor be
imported where there may be neither: the library behind it takes 8 MB.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.x509 import Name, NameAttribute, ObjectIdentifier

STANDARD = {
    NameOID.SERIAL_NUMBER: "SERIALNUMBER",
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.POSTAL_CODE: "POSTALCODE",
    NameOID.STREET_ADDRESS: "STREET",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.COUNTRY_NAME: "C",
}
"""Attributes with a short name, in the order of the text whatever order they have."""

SINGLE = {NameOID.SERIAL_NUMBER, NameOID.COMMON_NAME}
"""Attributes of which only the last value counts."""

SPECIAL = frozenset(',+"\\<>;')
PRINTABLE = frozenset(string.ascii_letters + string.digits + " '()+,-./:=?")
PRINTABLE_STRING, UTF8_STRING, BIT_STRING = 0x13, 0x0C, 0x03


def distinguished_name(name: Name) -> str:
    r"""Return the name as the reference writes it: `CN=web,O=Fastly\, Inc.,C=US`."""
    parts = [
        "+".join(f"{short}={_escaped(value)}" for value in values)
        for oid, short in STANDARD.items()
        if (values := _values(name, oid))
    ]
    others = [attribute for attribute in name if attribute.oid not in STANDARD]
    parts += [_numeric(attribute) for attribute in reversed(others)]
    return ",".join(parts)


def last_value(name: Name, oid: ObjectIdentifier) -> str:
    """Return the last value of an attribute, empty without one."""
    return (["", *_texts(name, oid)])[-1]


def _values(name: Name, oid: ObjectIdentifier) -> list[str]:
    if oid in SINGLE:
        value = last_value(name, oid)
        return [value] if value else []
    return list(_texts(name, oid))


def _texts(name: Name, oid: ObjectIdentifier) -> Iterator[str]:
    for attribute in name.get_attributes_for_oid(oid):
        if isinstance(attribute.value, str):
            yield attribute.value


def _escaped(value: str) -> str:
    text = "".join(f"\\{char}" if char in SPECIAL else char for char in value)
    if value.startswith((" ", "#")):
        text = f"\\{text}"
    if value.endswith(" ") and len(value) > 1:
        text = f"{text[:-1]}\\ "
    return text


def _numeric(attribute: NameAttribute[str | bytes]) -> str:
    value = attribute.value
    if isinstance(value, bytes):
        encoded = _tagged(BIT_STRING, b"\0" + value)
    else:
        tag = PRINTABLE_STRING if PRINTABLE.issuperset(value) else UTF8_STRING
        encoded = _tagged(tag, value.encode())
    return f"{attribute.oid.dotted_string}=#{encoded.hex()}"


def _tagged(tag: int, content: bytes) -> bytes:
    """Encode one value as DER."""
    size = len(content)
    if size < 0x80:  # noqa: PLR2004 - the short form of a length in DER
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
