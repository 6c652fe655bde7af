"""Questions to a real Elasticsearch, asked until it can answer."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

from tests.support.program import until


def ask(url: str, method: str, body: object = None) -> Any:
    """Return the JSON answer of a request.

    Waits while the server says 503, as it does of an index that was made this moment.
    """
    request = urllib.request.Request(  # noqa: S310 - the server under test
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )

    def answer() -> list[Any]:
        try:
            with urllib.request.urlopen(request) as response:  # noqa: S310
                return [json.load(response)]
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            return []

    found: list[Any] = until(answer, f"an answer of {url}")
    return found[0]
