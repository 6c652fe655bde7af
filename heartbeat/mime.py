"""What kind of content a body is, judged by its first bytes.

Owns magic numbers, the sniffing rules of the WHATWG as far as the reference follows
them, and its own rule for JSON and XML. What a server calls it is not asked. Must not
know where the bytes come from.
"""

from __future__ import annotations

import re
from functools import lru_cache
from xml.parsers import expat  # the elements parsed cannot declare entities

import orjson

SNIFF_SIZE = 512
JSON_SIZE = 262_144
"""Larger samples are not parsed: it would hold up everything else on the loop."""
XML_SIZE = 32_768
"""Within so many bytes the first element must end to be seen, for the same reason."""

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
XML = "text/xml; charset=utf-8"

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"\x00\x00\x01\x00", "image/vnd.microsoft.icon"),
    (b"%PDF", "application/pdf"),
    (b"%!PS", "application/postscript"),
    (b"{\\rtf", "application/rtf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"(\xb5/\xfd", "application/zstd"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\xed\xab\xee\xdb", "application/x-rpm"),
    (b"!<arch>\ndebian", "application/vnd.debian.binary-package"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (b"\x00asm\x01\x00\x00\x00", "application/wasm"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
    (b"wOFF", "application/font-woff"),
    (b"wOF2", "application/font-woff"),
    (b"\x00\x01\x00\x00\x00", "application/font-sfnt"),
    (b"OTTO\x00", "application/font-sfnt"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/x-flac"),
    (b"MThd", "audio/midi"),
    (b"#!AMR", "audio/amr"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_MAGIC_BY_FIRST = {
    first: tuple(entry for entry in _MAGIC if entry[0][0] == first)
    for first in {magic[0] for magic, _ in _MAGIC}
}

_RIFF_TYPES = {
    b"WEBP": "image/webp",
    b"WAVE": "audio/x-wav",
    b"AVI ": "video/x-msvideo",
}

_MARKS = (
    (b"\xfe\xff", "text/plain; charset=utf-16be"),
    (b"\xff\xfe", "text/plain; charset=utf-16le"),
    (b"\xef\xbb\xbf", TEXT),
)
_SPACE = b"\t\n\x0c\r "
_HTML = re.compile(
    rb"<(?:!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY"
    rb"|BR|P|!--)[ >]",
    re.IGNORECASE,
)
_TEXT_BYTES = b"\t\n\x0c\r\x1b" + bytes(range(0x20, 0x100))
_PERHAPS_JSON = re.compile(
    # Parsing is dear when it fails: a bare number or word is looked at as a whole.
    rb"\s*+(?:[\[{\"]"
    rb"|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)\s*\Z)"
)
_BEFORE_ELEMENT = re.compile(
    # Atomic: text from a stranger must not make the pattern try every way to match.
    rb"(?s)[^<]*+(?>(?:<\?.*?\?>|<!--.*?-->)[^<]*+)*+(?=<[A-Za-z_:])"
)


@lru_cache(maxsize=256)
def detect(sample: bytes) -> str | None:
    """Return the MIME type of a body that starts with `sample`, None if unknown.

    Kept from call to call: health checks give the same body over and over.
    """
    return _by_magic(sample) or _by_sniffing(sample)


def _by_magic(sample: bytes) -> str | None:
    for magic, mime_type in _MAGIC_BY_FIRST.get(sample[0] if sample else -1, ()):
        if sample.startswith(magic):
            return mime_type
    if sample.startswith(b"RIFF"):
        return _RIFF_TYPES.get(sample[8:12])
    if sample[4:8] == b"ftyp":
        return "video/quicktime" if sample[8:12] == b"qt  " else "video/mp4"
    return "application/x-tar" if sample[257:262] == b"ustar" else None


def _by_sniffing(sample: bytes) -> str | None:
    for mark, mime_type in _MARKS:
        if sample.startswith(mark):
            return _refined(sample, mime_type)
    head = sample[:SNIFF_SIZE].lstrip(_SPACE)
    if _HTML.match(head):
        return HTML
    if head.startswith(b"<?xml"):
        return XML
    if sample[:SNIFF_SIZE].translate(None, _TEXT_BYTES):
        return None
    return _refined(sample, TEXT)


def _refined(sample: bytes, mime_type: str) -> str:
    """Return what plain text is on a closer look."""
    if _is_json(sample):
        return "application/json"
    if b"<" in sample and _has_element(sample[:XML_SIZE]):
        return "text/xml"
    return mime_type


def _is_json(sample: bytes) -> bool:
    if len(sample) > JSON_SIZE or not _PERHAPS_JSON.match(sample):
        return False
    try:
        orjson.loads(sample)
    except orjson.JSONDecodeError:
        return False
    return True


def _has_element(sample: bytes) -> bool:
    """Return whether the first element in the text is well-formed and complete."""
    before = _BEFORE_ELEMENT.match(sample)
    if before is None:
        return False
    depth, closed = 0, False

    def opened(*_: object) -> None:
        nonlocal depth
        depth += 1

    def ended(*_: object) -> None:
        nonlocal depth, closed
        depth -= 1
        closed = closed or depth == 0

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = opened, ended
    try:
        parser.Parse(sample[before.end() :])
    except expat.ExpatError:
        return closed
    return closed
