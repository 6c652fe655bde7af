"""A response: its head as it was parsed, and what is known of its body.

Owns access to headers and their form in documents. Must not know where a response came
from or what is expected of it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from heartbeat.frozen import frozen
from heartbeat.monitors.http.text import canonical

RawHeaders: TypeAlias = tuple[tuple[bytes, bytes], ...]

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@frozen
class Head:
    """Status and headers of a response, the headers as they were sent."""

    status: int
    headers: RawHeaders
    is_http_1_1: bool = True

    def header(self, name: str) -> str:
        """Return the first value of a header, "" if there is none."""
        return self.raw(name).decode("utf-8", "replace")

    def raw(self, name: str) -> bytes:
        """Return the first value of a header as it was sent, empty if there is none."""
        wanted = canonical(name)
        for raw_name, value in self.headers:
            if _name(raw_name) == wanted:
                return value
        return b""

    def without(self, *names: str) -> Head:
        """Return the head less some headers, named in canonical form."""
        kept = tuple(pair for pair in self.headers if _name(pair[0]) not in names)
        return Head(self.status, kept, self.is_http_1_1)

    def document(self) -> dict[str, str | list[str]]:
        """Return `http.response.headers`: a string, or a list for several values.

        Headers that only frame the message are left out, as the reference does: it
        consumes them.
        """
        members: dict[str, str | list[str]] = {}
        for raw_name, raw_value in self.headers:
            name, value = _name(raw_name), raw_value.decode("utf-8", "replace")
            present = members.get(name)
            if present is None:
                members[name] = value
            elif isinstance(present, list):
                present.append(value)
            else:
                members[name] = [present, value]
        if self.is_http_1_1 and _announces_end(members.get("Connection", "")):
            del members["Connection"]
        if "Transfer-Encoding" in members:
            del members["Transfer-Encoding"]
            members.pop("Content-Length", None)
        members.pop("Trailer", None)
        return members


@frozen
class Body:
    """A body that was read to its end.

    `size` counts bytes after decompression, `digest` is their SHA-256 in hexadecimal;
    `sample` is the beginning, as much as was to be kept.
    """

    sample: bytes = b""
    size: int = 0
    digest: str = EMPTY_SHA256


@frozen
class Response:
    """A whole response."""

    head: Head
    body: Body


@lru_cache(maxsize=4096)
def _name(raw: bytes) -> str:
    return canonical(raw.decode("utf-8", "replace"))


def _announces_end(connection: str | list[str]) -> bool:
    if isinstance(connection, list):
        connection = ",".join(connection)
    return any(token.strip() == "close" for token in connection.lower().split(","))
