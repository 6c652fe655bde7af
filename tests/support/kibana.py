"""A Kibana of a few lines that keeps saved objects.

Owns answering as Kibana does to whoever puts objects into it, a script of what goes
wrong, and ways to put the dashboards there and see what is told.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from typing import TYPE_CHECKING, Any

from heartbeat.elastic.kibana_load import put_dashboards
from tests.support.bulk import Bulk, answer
from tests.support.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config import Settings
    from heartbeat.outputs.base import Finding
    from tests.support.bulk import Act, Request

STATUS = "GET /api/status"
IMPORT = "/api/saved_objects/_import"


def refusal(status: int, message: str, **more: Any) -> Act:
    """Return the act of answering with an error."""
    content = {"statusCode": status, "error": "Error", "message": message, **more}
    return answer(content, status=status)


@dataclass
class FakeKibana(Bulk):
    """Keeps objects by space, type and id.

    `authorization` is the only one it lets in; `acts` go by method and path, and are
    taken in turn, the last one for ever; `failing` are errors by type and id.
    """

    number: str = "8.17.0"
    spaces: tuple[str, ...] = ("default",)
    authorization: str = ""
    acts: dict[str, list[Act]] = field(default_factory=dict[str, "list[Act]"])
    failing: Mapping[str, Any] = field(default_factory=dict[str, Any])
    kept: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])

    def titles(self, kind: str, space: str = "") -> list[str]:
        """Return the titles of the objects of a type in a space, in their order."""
        return [
            one["attributes"]["title"]
            for (place, _), one in self.kept.items()
            if place == space and one["type"] == kind
        ]

    def _act(self, request: Request) -> Act:
        space, path = "", request.path
        if path.startswith("/s/"):
            space, _, path = path.removeprefix("/s/").partition("/")
            path = f"/{path}"
        scripted = self.acts.get(f"{request.method} {path}")
        if scripted:
            return scripted.pop(0) if len(scripted) > 1 else scripted[0]
        if self.authorization not in {"", request.headers.get("authorization", "")}:
            return refusal(401, "unable to authenticate user")
        if path == "/api/status":
            return answer({"version": {"number": self.number}})
        if path.startswith("/api/spaces/space/"):
            is_there = path.rpartition("/")[2] in self.spaces
            return answer({}) if is_there else refusal(404, "Not Found")
        if f"{request.method} {path}" == f"POST {IMPORT}":
            return self._import(request, space)
        return refusal(404, "Not Found")

    def _import(self, request: Request, space: str) -> Act:
        if "kbn-xsrf" not in request.headers:
            return refusal(400, "Request must contain a kbn-xsrf header.")
        name, content = _file(request)
        if not name.endswith(".ndjson"):
            return refusal(400, f"Invalid file extension {name}")
        objects = [json.loads(line) for line in content.splitlines()]
        if not objects or not content.endswith(b"\n"):
            return refusal(400, "not a file of objects")
        overwrites = request.query.get("overwrite") == "true"
        done: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for one in objects:
            key = {"type": one["type"], "id": one["id"]}
            is_there = (space, _key(one)) in self.kept
            fault = self._fault(one, space, objects)
            if fault is None and is_there and not overwrites:
                fault = {"type": "conflict"}
            if fault is not None:
                errors.append({**key, "meta": {}, "error": fault})
                continue
            self.kept[space, _key(one)] = one
            done.append({**key, **({"overwrite": True} if is_there else {})})
        told: dict[str, Any] = {"success": not errors, "successCount": len(done)}
        told |= {"successResults": done} if done else {}
        told |= {"errors": errors} if errors else {}
        return answer(told)

    def _fault(
        self, one: dict[str, Any], space: str, objects: list[dict[str, Any]]
    ) -> dict[str, Any] | None:
        if _key(one) in self.failing:
            return dict(self.failing[_key(one)])
        known = {key for place, key in self.kept if place == space}
        known |= {_key(other) for other in objects}
        missing = [
            {"type": ref["type"], "id": ref["id"]}
            for ref in one["references"]
            if ref["type"] in {"index-pattern", "search"} and _key(ref) not in known
        ]
        return (
            {"type": "missing_references", "references": missing} if missing else None
        )


def _key(one: Mapping[str, Any]) -> str:
    return f"{one['type']} {one['id']}"


def _file(request: Request) -> tuple[str, bytes]:
    """Return the name and the content of the file in a form."""
    head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
    form = BytesParser(policy=policy.default).parsebytes(head + request.body)
    (part,) = form.iter_parts()
    assert 'name="file"' in part["content-disposition"]
    # The parser ends lines its own way, so the content is cut out of the body itself.
    begin = request.body.index(b"\r\n\r\n") + 4
    end = request.body.rindex(b"\r\n--", 0, -4)
    return str(part.get_filename()), request.body[begin:end]


async def put(settings: Settings, clock: Any = None) -> list[Finding]:
    """Return what is found while everything is put into Kibana."""
    return [one async for one in put_dashboards(settings, clock or FakeClock())]


async def fault(settings: Settings, clock: Any = None) -> str:
    """Return the only thing that is found, which is a fault."""
    (finding,) = await put(settings, clock)
    assert finding.verdict == "ERROR"
    return finding.text


async def waiting(settings: Settings) -> list[Finding]:
    """Return what is found, moving time on whenever it is waited for."""
    clock = FakeClock()
    task = asyncio.create_task(put(settings, clock))
    while not task.done():
        await clock.advance(1.0 if clock.timers else 0.0)
    return await task
