"""A cluster of a few lines that keeps templates, policies and streams.

Owns answering as Elasticsearch does to whoever prepares an index. Must not know who
asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from tests.support.bulk import Bulk, answer

if TYPE_CHECKING:
    from tests.support.bulk import Act, Request

SIMULATE = "/_index_template/_simulate_index/"
PRODUCT: dict[str, Any] = {"x_elastic_product": "Elasticsearch"}


def refusal(status: int, kind: str, reason: str, **more: Any) -> Act:
    """Return the act of answering with an error."""
    error = {"type": kind, "reason": reason, **more}
    return answer({"error": error, "status": status}, status=status, **PRODUCT)


@dataclass
class FakeCluster(Bulk):
    """Keeps what is put, by its path; `forbidden` and `faults` go by begin of path.

    `simulated` is what any other stream would become.
    """

    things: dict[str, Any] = field(default_factory=dict[str, Any])
    forbidden: tuple[str, ...] = ()
    faults: dict[str, Act] = field(default_factory=dict[str, "Act"])
    flavor: str = "default"
    simulated: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def puts(self) -> list[str]:
        """Return the paths that something was put at."""
        return [one.path for one in self.requests if one.method == "PUT"]

    def _act(self, request: Request) -> Act:
        path = request.path
        for begin, act in self.faults.items():
            if f"{request.method} {path}".startswith(begin):
                return act
        if path.startswith(self.forbidden):
            return refusal(403, "security_exception", "it is unauthorized")
        if path == "/":
            version = {"number": "9.4.3", "build_flavor": self.flavor}
            return answer({"version": version}, **PRODUCT)
        if path.endswith(("/_bulk", "/_search")):
            return super()._act(request)
        if path.startswith(SIMULATE):
            return answer(self.simulated, **PRODUCT)
        return self._put(request) if request.method == "PUT" else self._get(path)

    def _put(self, request: Request) -> Act:
        self.things[request.path] = orjson.loads(request.body or b"{}")
        return answer({"acknowledged": True}, **PRODUCT)

    def _get(self, path: str) -> Act:
        if path.endswith("/_lifecycle"):
            set_one = {"lifecycle": self.things[path]} if path in self.things else {}
            return answer({"data_streams": [{"name": "x", **set_one}]}, **PRODUCT)
        if path in self.things:
            return answer(self.things[path], **PRODUCT)
        return refusal(404, "resource_not_found_exception", f"no {path}")
