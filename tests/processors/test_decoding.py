"""Processors that decode texts: base64, gzip, URLs, CSV, durations, MIME types."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import pytest

from heartbeat.errors import ProcessorError
from heartbeat.processors.decompress_gzip_field import LIMIT
from tests.support.processors import chain, event, faults, processed


def packed(data: bytes) -> str:
    """Return data as gzip, as a text that holds any bytes."""
    return gzip.compress(data, mtime=0).decode("utf-8", "surrogateescape")


ONE_FIELD: dict[str, Any] = {"field": {"from": "a", "to": "b"}}
IN_PLACE: dict[str, Any] = {"field": {"from": "a"}}


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("decode_base64_field", "Y29ycmVjdCBkYXRh", "correct data"),
        ("decode_base64_field", "Y29ycmVjdA", "correct"),
        ("decode_base64_field", "Y29ycmVjdA==", "correct"),
        ("decompress_gzip_field", packed(b"plain"), "plain"),
    ],
)
def test_one_field(name: str, written: str, expected: str) -> None:
    """A field is decoded to another, or where it is."""
    assert processed(name, ONE_FIELD, {"a": written}) == {"a": written, "b": expected}
    assert processed(name, IN_PLACE, {"a": written}) == {"a": expected}


def test_base64_of_gzip() -> None:
    """Bytes that are no text get from one processor to the next unharmed."""
    written = base64.b64encode(gzip.compress(b"deep", mtime=0)).decode()

    fields = processed("decode_base64_field", IN_PLACE, {"a": written})

    assert processed("decompress_gzip_field", IN_PLACE, fields) == {"a": "deep"}


@pytest.mark.parametrize(
    ("name", "written", "message"),
    [
        ("decode_base64_field", "not base64!", "field a: it is no base64"),
        ("decode_base64_field", "é", "field a: it is no base64"),
        ("decode_base64_field", 7, "invalid type for `a`"),
        ("decompress_gzip_field", "plain", "damaged gzip data"),
        ("decompress_gzip_field", packed(b"cut off")[:15], "it ends too early"),
        (
            "decompress_gzip_field",
            packed(bytes(LIMIT + 1)),
            "more than 4194304 bytes when unpacked",
        ),
    ],
)
def test_hostile_fields(name: str, written: object, message: str) -> None:
    """What cannot be decoded is told, and stays."""
    with pytest.raises(ProcessorError, match=message):
        processed(name, IN_PLACE, {"a": written})
    lenient = {**IN_PLACE, "fail_on_error": False}
    assert processed(name, lenient, {"a": written}) == {"a": written}


async def test_errors_are_noted() -> None:
    """An event whose field cannot be decoded says so."""
    one = chain({"decode_base64_field": IN_PLACE})

    changed = await one.run(event(a="?"))

    assert changed is not None
    assert changed.fields["error"]["message"].startswith(
        "failed to decode base64 fields in processor: field a: it is no base64"
    )


def test_missing_fields() -> None:
    """A field that is missing is no failure if options say so."""
    with pytest.raises(ProcessorError, match="could not fetch value for key: a"):
        processed("decode_base64_field", IN_PLACE, {})
    assert processed("decode_base64_field", {**IN_PLACE, "ignore_missing": True}) == {}


@pytest.mark.parametrize(
    ("written", "expected"),
    [("a%20b+c", "a b c"), ("%C3%A9", "é"), ("plain", "plain"), ("%2B", "+")],
)
def test_urls(written: str, expected: str) -> None:
    """Escapes of URLs become what they stand for."""
    options = {"fields": [{"from": "a", "to": "b"}]}

    assert processed("urldecode", options, {"a": written}) == {
        "a": written,
        "b": expected,
    }


@pytest.mark.parametrize("escape", ["%zz", "%a", "%"])
def test_broken_urls(escape: str) -> None:
    """An escape that is none is told."""
    options = {"fields": [{"from": "a"}]}
    with pytest.raises(ProcessorError, match=f'invalid URL escape "{escape}"'):
        processed("urldecode", options, {"a": escape})


@pytest.mark.parametrize(
    ("options", "written", "expected"),
    [
        ({}, '1,,"a ""b"""', ["1", "", 'a "b"']),
        ({"separator": ";"}, "a,b;c", ["a,b", "c"]),
        ({"trim_leading_space": True}, "a, b", ["a", "b"]),
        ({}, "a,b\nc", ["a", "b"]),
        ({}, "", []),
    ],
)
def test_csv(options: dict[str, Any], written: str, expected: list[str]) -> None:
    """The first line becomes a list."""
    whole = {"fields": {"a": "b"}, **options}

    assert processed("decode_csv_fields", whole, {"a": written}) == {
        "a": written,
        "b": expected,
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"a": '"open'}, "error decoding CSV: unexpected end of data"),
        ({"a": "x" * 200_000}, "error decoding CSV: field larger than field limit"),
        ({"a": 1}, "field a is not text but int"),
        ({"a": "x", "b": 1}, "target field b already has a value"),
    ],
)
def test_bad_csv(fields: dict[str, object], message: str) -> None:
    """What is no line of values, or would overwrite, is told."""
    with pytest.raises(ProcessorError, match=message):
        processed("decode_csv_fields", {"fields": {"a": "b"}}, fields)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("milliseconds", 5_430_000.0), ("seconds", 5430.0), ("minutes", 90.5)],
)
def test_durations(unit: str, expected: float) -> None:
    """Durations become numbers."""
    options = {"field": "a", "format": unit}

    assert processed("decode_duration", options, {"a": "1h30m30s"}) == {"a": expected}


def test_no_durations() -> None:
    """What is no duration is told; what is no text is left alone."""
    with pytest.raises(ProcessorError, match=r"field a: .*soon"):
        processed("decode_duration", {"field": "a"}, {"a": "soon"})
    assert processed("decode_duration", {"field": "a"}, {"a": 3}) == {"a": 3}


def test_mime_types() -> None:
    """The kind of content is told where it is recognised."""
    options = {"field": "a", "target": "t"}

    assert processed("detect_mime_type", options, {"a": "%PDF-1.7"}) == {
        "a": "%PDF-1.7",
        "t": "application/pdf",
    }
    assert processed("detect_mime_type", options, {"a": "\x00"}) == {"a": "\x00"}


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ({"decode_base64_field": None}, "missing field option in processors.0"),
        ({"detect_mime_type": {"field": "a"}}, "missing target option in processors.0"),
        (
            {"urldecode": {"fields": [], "when": {"has_fields": ["a"]}}},
            "unexpected when option in processors.0",
        ),
        (
            {"decode_duration": {"field": "a", "format": "days"}},
            "'days' is none of milliseconds, seconds, minutes, hours",
        ),
        (
            {"decode_csv_fields": {"fields": {"a": "b"}, "separator": "ab"}},
            "separator must be a single character, got 2 in string 'ab'",
        ),
        ({"decode_csv_fields": {"fields": {"a": 1}}}, "bad target of a: '1' is no"),
    ],
)
def test_bad_options(written: object, fault: str) -> None:
    """Options that cannot work are told when they are read."""
    (told,) = faults(written)

    assert told.startswith(fault)
