"""`fingerprint`."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import event, faults, processed, processor

ONE = {"a": "x", "b": {"c": 1}, "f": 1.5, "t": True, "n": None}
TEXT = b"|a|x|b.c|1|"


def fingerprint(**options: object) -> object:
    """Return the fingerprint of `a` and `b.c`."""
    fields = processed("fingerprint", {"fields": ["b.c", "a"], **options}, ONE)
    assert fields is not None
    return fields["fingerprint"]


def test_what_is_hashed() -> None:
    """Names and values, names in order."""
    assert fingerprint() == hashlib.sha256(TEXT).hexdigest()


@pytest.mark.parametrize("method", ["sha256", "SHA384", "sha512", "md5", "sha1"])
def test_methods(method: str) -> None:
    """The usual hashes."""
    expected = hashlib.new(method.lower(), TEXT, usedforsecurity=False).hexdigest()

    assert expected == fingerprint(method=method)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("hex", "0066f7f3a911506f"),
        ("base32", "ABTPP45JCFIG6==="),
        ("base64", "AGb386kRUG8="),
    ],
)
def test_encodings(encoding: str, expected: str) -> None:
    """The same bytes in three forms."""
    assert expected == fingerprint(method="xxhash", encoding=encoding)


def test_kinds_of_values() -> None:
    """Numbers, booleans and null are hashed as the reference prints them."""
    options = {"fields": ["f", "t", "n"], "target_field": "id"}
    fields = processed("fingerprint", options, ONE)

    assert fields is not None
    expected = hashlib.sha256(b"|f|1.5|n|<nil>|t|true|").hexdigest()
    assert expected == fields["id"]


def test_the_time() -> None:
    """The time of the event is hashed with all its digits."""
    one: Any = processor("fingerprint", {"fields": ["@timestamp"]})
    changed = one(event())

    text = b"|@timestamp|2026-09-21T14:13:20.123456789Z|"
    assert changed.fields == {"fingerprint": hashlib.sha256(text).hexdigest()}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x", r"failed to find field \[x\] in event: key not found"),
        ("b", r"cannot compute fingerprint using non-scalar field \[b\]"),
    ],
)
def test_lost_events(name: str, message: str) -> None:
    """Without a field, or with one that is no value, the event is lost."""
    with pytest.raises(ProcessorError, match=message) as caught:
        processed("fingerprint", {"fields": [name]}, ONE)
    assert caught.value.is_fatal


def test_may_be_missing() -> None:
    """Options may allow a field to be missing."""
    assert fingerprint(fields=["a", "b.c", "x"], ignore_missing=True) == (fingerprint())


def test_faults() -> None:
    """Unknown methods and encodings are told."""
    options = {"fields": ["a"], "method": "crc", "encoding": "octal"}
    assert faults({"fingerprint": options}) == [
        (
            "invalid fingerprinting method [crc] accessing"
            " 'processors.0.fingerprint.method'"
        ),
        "invalid encoding [octal] accessing 'processors.0.fingerprint.encoding'",
    ]
