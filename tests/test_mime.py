"""MIME types: judged by the bytes of a body."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.mime import JSON_SIZE, XML_SIZE, detect

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (b"", TEXT),
        (b"hello, world!\n", TEXT),
        ("grüße".encode(), TEXT),
        (b"\xef\xbb\xbfhello", TEXT),
        (b"\xfe\xff\x00h", "text/plain; charset=utf-16be"),
        (b"\xff\xfeh\x00", "text/plain; charset=utf-16le"),
        (bytes(range(256)), None),
        (b"ab\x00cd", None),
        (b"\x89PNG\r\n\x1a\n" + bytes(32), "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04\x14", "application/zip"),
        (gzip.compress(b"x", mtime=0), "application/gzip"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt", "audio/x-wav"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "video/x-msvideo"),
        (b"\x00\x00\x00\x18ftypqt  ", "video/quicktime"),
        (b"\x00\x00\x00\x18ftypisom", "video/mp4"),
        (b"name".ljust(257, b"\x00") + b"ustar\x00", "application/x-tar"),
    ],
)
def test_content(sample: bytes, expected: str | None) -> None:
    """Text is told from bytes, and known kinds of bytes by their magic number."""
    assert expected == detect(sample)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (b"<!DOCTYPE html>\n<html>", HTML),
        (b"  \n<HTML ><p>", HTML),
        (b"<!-- x --><p>", HTML),
        (b"<p>x</p>", HTML),
        (b"<pre>x</pre>", "text/xml"),
        (b'<?xml version="1.0"?><a><b>1</b></a>', "text/xml; charset=utf-8"),
        (b"<a><b/></a>", HTML),
        (b"<root><b/></root> and more", "text/xml"),
        (b"text, then <x>an element</x>", "text/xml"),
        (b"<?pi x?> <!--c--> <x/>", "text/xml"),
        (b"<x><y></x>", TEXT),
        (b"<x>", TEXT),
        (b"1 < 2", TEXT),
        (b"<x a=1></x>", TEXT),
        (b"</x>", TEXT),
        (b"<x>" + b" " * XML_SIZE + b"</x>", TEXT),
    ],
)
def test_markup(sample: bytes, expected: str) -> None:
    """HTML is told by its first tag, XML by a whole first element."""
    assert expected == detect(sample)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (b'{"a": 1}', "application/json"),
        (b' [1, {"b": null}]\n', "application/json"),
        (b'"text"', "application/json"),
        (b"12.5", "application/json"),
        (b"-1.5e+3\n", "application/json"),
        (b"0123", TEXT),
        (b"true", "application/json"),
        (b'{"a": 1', TEXT),
        (b'{"a": 1} trailing', TEXT),
        (b"not json", TEXT),
        (b'"%b"' % (b"x" * JSON_SIZE), TEXT),
    ],
)
def test_json(sample: bytes, expected: str) -> None:
    """A sample that is a JSON document from start to end is JSON."""
    assert expected == detect(sample)


def test_hostile_markup_is_cheap() -> None:
    """A pattern that could be matched in very many ways is tried in one."""
    assert detect(b"<?a?>" * 5000 + b"<!") == TEXT


@given(st.binary(max_size=600))
def test_any_bytes_have_a_type(sample: bytes) -> None:
    """Nothing a server sends makes the judgement fail."""
    assert isinstance(detect(sample), str | None)
