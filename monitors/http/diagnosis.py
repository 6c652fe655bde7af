"""What is wrong with the head of a response: its limits, and words for what breaks it.

Owns the limits of heads and the reference's words for broken ones. No I/O. Must not
know how responses are parsed or how their bytes came.

A parser says that something is wrong, this says what: it runs only for broken heads and
looks at no more of them than their limits allow.
"""

from __future__ import annotations

import re

from heartbeat.monitors.http.text import quoted

HEAD_LIMIT = 1 << 20
LINE_LIMIT = 64 << 10
HEADER_LIMIT = 1000
INTERIM_LIMIT = 5
"""So many responses may come before the final one, as in the reference."""

TOO_LARGE = f"net/http: server response headers exceeded {HEAD_LIMIT} bytes; aborted"
TOO_MANY_HEADERS = f"net/http: server response had more than {HEADER_LIMIT} headers"
TOO_LONG_LINE = f"net/http: server response header line exceeded {LINE_LIMIT} bytes"
TOO_MANY_INTERIM = "net/http: too many 1xx informational responses"
TOO_MANY_LENGTHS = "http: message cannot contain multiple Content-Length headers"
LENGTH_AND_CODING = (
    "http: message cannot contain both Content-Length and Transfer-Encoding"
)

LONGEST_QUOTE = 100
"""So many characters of what a server sent are told."""

_LOOK = 1024
"""So many bytes of a first line are looked at: what comes may have no lines at all."""

_STATUS_DIGITS = 3
_VERSION = re.compile(rb"HTTP/\d+\.\d+")
_FIELD_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SOUND = re.compile(rb"(?!(?i:content-length):)" + _FIELD_NAME.pattern + rb":[^\0\r]*")
_LENGTH = re.compile(rb"[ \t]*\d{1,19}[ \t]*")


def diagnosis(seen: bytes) -> str:
    """Return what is wrong with a head, from its first byte on."""
    fault = _status_line_fault(seen[:_LOOK].partition(b"\n")[0])
    if fault is not None:
        return fault
    lines = seen.split(b"\n", HEADER_LIMIT + 2)
    status_line, *headers = [line.removesuffix(b"\r") for line in lines]
    if len(status_line) > LINE_LIMIT:
        return TOO_LONG_LINE
    return (
        _header_fault(headers)
        or _framing_fault(headers)
        or f"malformed HTTP response {_quote(status_line)}"
    )


def _status_line_fault(line: bytes) -> str | None:
    line = line.removesuffix(b"\r")
    version, space, rest = line.strip().partition(b" ")
    if not space:
        return f"malformed HTTP response {_quote(line)}"
    status = rest.lstrip().partition(b" ")[0]
    if len(status) != _STATUS_DIGITS or not status.isdigit():
        return f"malformed HTTP status code {_quote(status)}"
    if not _VERSION.fullmatch(version):
        return f"malformed HTTP version {_quote(version)}"
    if (odd := _odd_byte(line)) is not None:
        return f"malformed HTTP response: {odd} in {_quote(line)}"
    return None


def _header_fault(lines: list[bytes]) -> str | None:
    """Return the first fault up to the empty line; the last line may be cut short."""
    for number, line in enumerate(lines, 1):
        if not line:
            return None
        if number > HEADER_LIMIT:
            return TOO_MANY_HEADERS
        if len(line) > LINE_LIMIT:
            return TOO_LONG_LINE
        if _SOUND.fullmatch(line):
            continue
        is_folded = number > 1 and line.startswith((b" ", b"\t"))
        fault = _byte_fault(line)
        if fault is None and not is_folded:
            fault = _field_fault(line, is_whole=number < len(lines))
        if fault is not None:
            return fault
    return None


def _byte_fault(line: bytes) -> str | None:
    odd = _odd_byte(line)
    return odd and f"malformed MIME header line: {odd} in {_quote(line)}"


def _field_fault(line: bytes, *, is_whole: bool) -> str | None:
    name, colon, value = line.partition(b":")
    if not colon and is_whole:
        return f"malformed MIME header: missing colon: {_quote(line)}"
    if not _FIELD_NAME.fullmatch(name):
        return f"malformed MIME header line: {_cut(line)}"
    is_length = is_whole and name.lower() == b"content-length"
    if is_length and not _LENGTH.fullmatch(value):
        return f"bad Content-Length {_quote(value.strip())}"
    return None


def _framing_fault(lines: list[bytes]) -> str | None:
    """Return how good headers contradict each other about the end of the body."""
    lengths: list[str] = []
    is_coded = False
    for line in lines:
        if not line:
            break
        name, colon, value = line.partition(b":")
        match name.lower() if colon else b"":
            case b"content-length":
                lengths.append(_quote(value.strip()))
            case b"transfer-encoding":
                is_coded = True
            case _:
                continue
    if len(lengths) > 1:
        got = " ".join(lengths[:2])
        return f"{TOO_MANY_LENGTHS}; got [{got}]"
    if lengths and is_coded:
        return LENGTH_AND_CODING
    return None


def _odd_byte(line: bytes) -> str | None:
    """Return the name of a byte that may be nowhere in a head, if there is one."""
    if b"\0" in line:
        return "NUL"
    return "bare CR" if b"\r" in line else None


def _quote(raw: bytes) -> str:
    return quoted(_cut(raw))


def _cut(raw: bytes) -> str:
    text = raw[:_LOOK].decode("utf-8", "replace")
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"
