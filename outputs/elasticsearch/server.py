"""What a cluster says about itself and about requests it refuses.

Owns the meaning of answers other than those to bulk requests, in words for someone who
was just woken up. Must not make requests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast

import orjson

from heartbeat import COMPATIBLE_VERSION
from heartbeat.errors import OutputUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.clock import Clock
    from heartbeat.outputs.elasticsearch.access import Access

OK = 200
REDIRECTS = range(300, 400)
MAX_WORDS = 300
VERSION = re.compile(r"(\d+)\.(\d+)\.\d+")
SERVERLESS = "serverless"

TOO_OLD = (
    "Elasticsearch is too old. Please upgrade the instance. If you would like to"
    " connect to older instances set output.elasticsearch.allow_older_versions to true."
    f" ES={{}}, Beat={COMPATIBLE_VERSION}"
)

HINTS = {
    401: "authentication failed (401): check username/password or api_key",
    403: "permission denied (403): grant what is missing to the user or API key",
    404: "not found (404): is the path of the host right?",
    407: "the proxy wants credentials (407): write them into proxy_url",
    429: "the cluster is busy (429)",
    502: "a proxy before the cluster cannot reach it (502)",
    503: "the cluster is not ready (503)",
    504: "a proxy before the cluster got no answer from it (504)",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered; header names in any case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Server:
    """A cluster, as it introduces itself."""

    version: str
    flavor: str = "default"

    @property
    def is_too_old(self) -> bool:
        """Say whether its version is below the one we are compatible with."""
        if self.flavor == SERVERLESS:
            return False
        return _release(self.version) < _release(COMPATIBLE_VERSION)


def read_server(answer: Answer, access: Access, clock: Clock) -> Server:
    """Return who answered `GET /`.

    Raises `OutputUnavailable` unless it is an Elasticsearch that will do.
    """
    if answer.status != OK:
        raise refused(answer, clock)
    version = as_object(read_object(answer.body).get("version"))
    number, other = str(version.get("number")), version.get("distribution")
    if VERSION.match(number) is None:
        raise OutputUnavailable(
            f"{answer.url}: this is not Elasticsearch: it answers with"
            f" {_content(answer)} that names no version"
        )
    if other is not None:
        raise OutputUnavailable(f"{answer.url}: this is {other}, not Elasticsearch")
    server = Server(number, str(version.get("build_flavor", "default")))
    if server.is_too_old and not access.allows_older:
        raise OutputUnavailable(TOO_OLD.format(server.version))
    return server


def refused(answer: Answer, clock: Clock) -> OutputUnavailable:
    """Return the error for an answer that is no success."""
    status = answer.status
    if status in REDIRECTS:
        place = answer.headers.get("location", "elsewhere")
        words = f"redirects ({status}) to {place}: write that address into hosts"
    else:
        words = HINTS.get(status, f"answered {status}")
    reason = reason_of(answer)
    text = f"{answer.url}: {words}{reason and f': {reason}'}"
    return OutputUnavailable(text, retry_after=retry_after(answer, clock))


def unlike_bulk(answer: Answer) -> OutputUnavailable | None:
    """Return the error for a success that is no answer of Elasticsearch, if so."""
    if answer.status == OK and "json" in answer.headers.get("content-type", "json"):
        return None
    return OutputUnavailable(
        f"{answer.url}: answered a bulk request with {answer.status} and"
        f" {_content(answer)}: is something between us and Elasticsearch?"
    )


def reason_of(answer: Answer) -> str:
    """Return the server's own words, empty if there are none to read."""
    document = read_object(answer.body)
    error = document.get("error", document.get("message"))
    details = as_object(error)
    reason = details.get("reason") or details.get("type") if details else error
    return str(reason or "")[:MAX_WORDS]


def retry_after(answer: Answer, clock: Clock) -> float:
    """Return how many seconds the server wants to be left alone."""
    told = answer.headers.get("retry-after", "").strip()
    if told.isdecimal():
        return float(told)
    try:
        moment = parsedate_to_datetime(told).timestamp()
    except ValueError:
        return 0.0
    return max(moment - clock.now() / 1e9, 0.0)


def read_object(content: bytes) -> dict[str, Any]:
    """Return a JSON object, an empty one if the content is none."""
    try:
        return as_object(orjson.loads(content))
    except ValueError:
        return {}


def as_object(value: Any) -> dict[str, Any]:
    """Return the value if it is an object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _content(answer: Answer) -> str:
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return kind or "something without a content type"


def _release(version: str) -> tuple[int, ...]:
    found = VERSION.match(version)
    return tuple(map(int, found.groups())) if found else ()
