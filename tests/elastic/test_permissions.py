"""What heartbeat does with too few privileges, against an Elasticsearch with security.

    HEARTBEAT_TEST_ELASTICSEARCH_SECURED   its URL, with the name and password of a
                                           user that may make API keys

The scripted server of `test_automatic.py` and `test_install.py` plays the same.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from heartbeat.app import App, Mode
from tests.support.servers import echo, serve
from tests.support.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]

VARIABLE = "HEARTBEAT_TEST_ELASTICSEARCH_SECURED"


@dataclass(frozen=True, slots=True)
class Secured:
    """The server, and a stream of the test's own."""

    url: str
    user: str
    name: str

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Return the answer of a request by the user who may do everything."""
        token = base64.b64encode(self.user.encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - the server under test
            f"{self.url}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Basic {token}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            return json.load(refusal)

    def key(self, *cluster: str, index: Sequence[str] = ("auto_configure",)) -> str:
        """Return an API key that may write to the stream, and what it is told."""
        privileges = ["create_doc", *index]
        indices = [{"names": [self.name], "privileges": privileges}]
        role = {"cluster": list(cluster), "indices": indices}
        body = {"name": self.name, "role_descriptors": {"writer": role}}
        made = self.call("POST", "_security/api_key", body)
        return f"{made['id']}:{made['api_key']}"


@pytest.fixture
def secured() -> Iterator[Secured]:
    """Return a server with security, or skip the test."""
    parts = urlsplit(os.environ.get(VARIABLE, ""))
    if not parts.username:
        pytest.skip(f"{VARIABLE} names no Elasticsearch with security to test with")
    made = Secured(
        f"{parts.scheme}://{parts.hostname}:{parts.port}",
        f"{parts.username}:{parts.password}",
        f"heartbeat-test-{secrets.token_hex(4)}",
    )
    yield made
    made.call("DELETE", f"_data_stream/{made.name}")
    made.call("DELETE", f"_index_template/{made.name}")
    made.call("DELETE", f"_ilm/policy/{made.name}")
    made.call("DELETE", made.name)


async def shipped(home: Path, secured: Secured, key: str) -> int:
    """Check a monitor once by the whole program; return its exit code."""
    async with serve(echo) as port:
        config = f"""
output.elasticsearch:
  hosts: ["{secured.url}"]
  index: {secured.name}
  api_key: "{key}"
setup.template: {{name: {secured.name}, pattern: {secured.name}}}
setup.ilm.policy_name: {secured.name}
heartbeat.monitors:
- {{type: tcp, id: x, hosts: ["127.0.0.1:{port}"], schedule: "@every 60s"}}
"""
        app = App(settings_of(home, config), hostname="probe-1", mode=Mode.ONCE)
        return await app.run()


def count(secured: Secured) -> int:
    """Return how many documents have arrived."""
    secured.call("POST", f"{secured.name}/_refresh")
    found: int = secured.call("GET", f"{secured.name}/_count")["count"]
    return found


@pytest.mark.parametrize(
    ("cluster", "missing"),
    [
        (("monitor",), "the cluster privilege manage_index_templates is missing"),
        (
            ("monitor", "manage_index_templates"),
            "the cluster privilege manage_ilm is missing",
        ),
        (
            ("monitor", "manage_index_templates", "manage_ilm"),
            "the index privilege manage on {} is missing",
        ),
    ],
    ids=["template", "policy", "stream"],
)
async def test_the_missing_privilege_is_named_and_documents_are_sent(
    tmp_path: Path,
    secured: Secured,
    caplog: pytest.LogCaptureFixture,
    cluster: tuple[str, ...],
    missing: str,
) -> None:
    """One warning with the privilege and the way out; nothing is held back."""
    code = await shipped(tmp_path, secured, secured.key(*cluster))
    warnings = [
        one.getMessage() for one in caplog.records if one.levelno > logging.INFO
    ]
    told = [one for one in warnings if missing.format(secured.name) in one]

    assert (code, count(secured)) == (0, 1)
    assert len(told) == 1
    assert "run `heartbeat setup` once" in told[0]


async def test_with_all_privileges_nothing_is_said(
    tmp_path: Path, secured: Secured, caplog: pytest.LogCaptureFixture
) -> None:
    """The template is put in place, and past states are looked for."""
    allowed = ("monitor", "manage_index_templates", "manage_ilm")
    key = secured.key(*allowed, index=("manage", "read"))
    code = await shipped(tmp_path, secured, key)
    (stream,) = secured.call("GET", f"_data_stream/{secured.name}")["data_streams"]

    assert (code, count(secured)) == (0, 1)
    assert stream["template"] == secured.name
    assert [one for one in caplog.records if one.levelno > logging.INFO] == []
