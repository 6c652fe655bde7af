"""How error messages of HTTP checks are worded.

Owns Go's quoting, the reason phrases of status codes and canonical header names. Must
not know connections or options.
"""

from __future__ import annotations

import json
from functools import lru_cache
from http import HTTPStatus

_PHRASES = {int(status): status.phrase for status in HTTPStatus} | {
    # Python's words for these changed from release to release.
    413: "Request Entity Too Large",
    414: "Request URI Too Long",
    416: "Requested Range Not Satisfiable",
    418: "I'm a teapot",
    422: "Unprocessable Entity",
}


def quoted(text: str) -> str:
    """Return the text in double quotes, special characters escaped."""
    return json.dumps(text, ensure_ascii=False)


def phrase(status: int) -> str:
    """Return the standard reason phrase of a status code, "" for an unknown one."""
    return _PHRASES.get(status, "")


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """Return a header name in the usual case: `content-type` is `Content-Type`."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))
