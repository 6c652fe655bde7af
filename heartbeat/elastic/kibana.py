"""Kibana, as far as saved objects are put into it.

Owns the requests and what their answers mean, in words for someone who has to mend it.
Must not know which objects there are, or in which order they are put.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from heartbeat.elastic.dashboards.objects import as_lines
from heartbeat.errors import HeartbeatError, OutputUnavailable
from heartbeat.outputs.elasticsearch.server import (
    MAX_WORDS,
    OK,
    REDIRECTS,
    as_object,
    read_object,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from heartbeat.clock import Clock
    from heartbeat.config.setup import RetryOptions
    from heartbeat.outputs.elasticsearch.client import Client
    from heartbeat.outputs.elasticsearch.server import Answer

OLDEST: Final = (8, 9)
"""Version of Kibana from which on our objects have a shape that it reads."""

PAUSE: Final = 1.0
"""Seconds before a request is repeated."""

CONFLICT: Final = "conflict"
UNAVAILABLE: Final = frozenset({502, 503, 504})
NOT_FOUND: Final = 404

_VERSION: Final = re.compile(r"(\d+)\.(\d+)\.\d+")
_HINTS: Final = {
    401: "authentication failed (401): check username/password or api_key of"
    " setup.kibana",
    403: "permission denied (403): the user or API key needs the Kibana privilege All"
    " on Dashboards, Visualize Library, Discover and Saved Objects Management in this"
    " space",
    404: "not found (404): this is not Kibana, or setup.kibana.path is missing",
    413: "the file is too large for it (413): raise"
    " savedObjects.maxImportPayloadBytes, or what a proxy before it allows",
    502: "a proxy before Kibana cannot reach it (502)",
    503: "Kibana is not ready (503)",
    504: "a proxy before Kibana got no answer from it (504)",
}


class KibanaRefused(HeartbeatError):  # noqa: N818 - a verdict, not a fault of the program
    """Kibana is not what it has to be, or says no; trying again does not help."""


class KibanaNotReady(KibanaRefused):
    """Kibana does not answer, or not yet."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of objects, by `type id`; `faults` says why it did not work."""

    created: frozenset[str]
    replaced: frozenset[str]
    kept: frozenset[str]
    faults: Mapping[str, str]


class Kibana:
    """A Kibana, or one space of it.

    Every method raises `KibanaNotReady` if there is no answer worth the name, and
    `KibanaRefused` if it says no.
    """

    def __init__(
        self, client: Client, url: str, retry: RetryOptions, clock: Clock
    ) -> None:
        """Connect to nothing yet."""
        self._client = client
        self.url = url
        self._retry = retry
        self._clock = clock

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def version(self) -> str:
        """Return the version, which is one that our objects are for."""
        answer = await self._asked(lambda: self._client.get("/api/status"))
        if "x-elastic-product" in answer.headers:
            raise KibanaRefused(
                f"{self.url}: this is Elasticsearch, not Kibana: write the address of"
                " Kibana into setup.kibana.host"
            )
        if answer.status != OK:
            raise self._refusal(answer)
        version = str(as_object(read_object(answer.body).get("version")).get("number"))
        found = _VERSION.match(version)
        if found is None:
            raise KibanaRefused(f"{self.url}: {_nameless(answer)}")
        if (int(found[1]), int(found[2])) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise KibanaRefused(
                f"{self.url}: Kibana {oldest} or newer is needed, this is {version}"
            )
        return version

    async def has_space(self, name: str) -> bool:
        """Say whether there is such a space: Kibana puts objects into any name."""
        path = f"/api/spaces/space/{quote(name, safe='')}"
        answer = await self._asked(lambda: self._client.get(path))
        if answer.status not in {OK, NOT_FOUND}:
            raise self._refusal(answer)
        return answer.status == OK

    async def put(
        self, objects: Iterable[Mapping[str, Any]], *, overwrite: bool
    ) -> Outcome:
        """Put objects, those that are there already only if they may be replaced."""
        boundary = secrets.token_hex(16)
        body = _form(as_lines(objects), boundary)
        query = {"overwrite": "true"} if overwrite else {}
        told = {"content-type": f"multipart/form-data; boundary={boundary}"}
        path = "/api/saved_objects/_import"
        answer = await self._asked(
            lambda: self._client.post(path, body, query=query, headers=told)
        )
        if answer.status != OK:
            raise self._refusal(answer)
        return self._outcome(read_object(answer.body))

    async def _asked(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer to a request, repeated as long as that may help."""
        for _ in range(self._retry.max_retries):
            answer = await self._once(ask)
            if answer.status not in self._retry.retry_on_status:
                return answer
            await self._clock.sleep_until(self._clock.monotonic() + PAUSE)
        return await self._once(ask)

    async def _once(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        try:
            return await ask()
        except OutputUnavailable as error:
            raise KibanaNotReady(str(error)) from error

    def _refusal(self, answer: Answer) -> KibanaRefused:
        status = answer.status
        if status in REDIRECTS:
            place = answer.headers.get("location", "elsewhere")
            words = (
                f"redirects ({status}) to {place}: write the address behind it into"
                " setup.kibana.host and .path"
            )
        else:
            words = _HINTS.get(status, f"answered {status}")
        reason = "; ".join(_reasons(read_object(answer.body)))
        kind = KibanaNotReady if status in UNAVAILABLE else KibanaRefused
        return kind(f"{self.url}: {words}{reason and f': {reason}'}")

    def _outcome(self, told: Mapping[str, Any]) -> Outcome:
        """Read the answer to an import, which is 200 even if nothing was taken."""
        if "success" not in told:
            raise KibanaRefused(
                f"{self.url}: the answer to the import is not one of Kibana's: is"
                " something between us and Kibana?"
            )
        taken = [as_object(one) for one in told.get("successResults") or ()]
        replaced = frozenset(_key(one) for one in taken if one.get("overwrite"))
        kept: set[str] = set()
        faults: dict[str, str] = {}
        for one in map(as_object, told.get("errors") or ()):
            error = as_object(one.get("error"))
            if error.get("type") == CONFLICT:
                kept.add(_key(one))
            else:
                faults[_key(one)] = _why(error)
        if told["success"] is not True and not kept and not faults:
            faults["import"] = "Kibana says that it failed, but not why"
        created = frozenset(map(_key, taken)) - replaced
        return Outcome(created, replaced, frozenset(kept), faults)


def _form(content: bytes, boundary: str) -> bytes:
    """Return a form with one file; Kibana wants the end of its name to be so."""
    head = (
        f"--{boundary}\r\n"
        'Content-Disposition: form-data; name="file"; filename="heartbeat.ndjson"\r\n'
        "Content-Type: application/ndjson\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode()


def _nameless(answer: Answer) -> str:
    """Return what is wrong with an answer that names no version."""
    if "status" in read_object(answer.body):
        return (
            "Kibana does not tell its version to strangers: set username/password or"
            " api_key of setup.kibana"
        )
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return f"this is not Kibana: it answers with {kind or 'something'}, not a version"


def _key(one: Mapping[str, Any]) -> str:
    return f"{one.get('type')} {one.get('id')}"


def _why(error: Mapping[str, Any]) -> str:
    """Return why an object was not taken."""
    match error.get("type"):
        case "missing_references":
            missing = {_key(as_object(one)) for one in error.get("references") or ()}
            return f"refers to what is not there: {', '.join(sorted(missing))}"
        case "unsupported_type":
            return "this Kibana does not know objects of this type"
        case "ambiguous_conflict":
            return "there are several objects that it could replace"
        case kind:
            reason = error.get("message") or error.get("reason") or kind
            return str(reason or "Kibana does not say why")[:MAX_WORDS]


def _reasons(document: Mapping[str, Any]) -> list[str]:
    """Return Kibana's own words about a request, and about single objects in it."""
    attributes = as_object(document.get("attributes"))
    objects = [as_object(one) for one in attributes.get("objects") or ()]
    errors = [(_key(one), as_object(one.get("error"))) for one in objects]
    found = [f"{key}: {_why(error)}" for key, error in errors if error]
    if message := document.get("message"):
        found.insert(0, str(message))
    return [text[:MAX_WORDS] for text in dict.fromkeys(found)]
