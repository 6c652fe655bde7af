"""A fleet with a past in a real Elasticsearch, and Kibana's two apps over it.

The fleet lives once for all tests of a session, at two places at once: in a stream like
`heartbeat-*`, which Uptime reads, and in streams like `synthetics-*`, which monitors
with `data_stream` write and Synthetics reads.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.fleet import live
from tests.support.kibana import Kibana, abilities, call
from tests.support.watched import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.event import Record


@dataclass(frozen=True, slots=True)
class Stay:
    """What became of the fleet at one place.

    `is_whole` if the cluster has taken every document, `records` are what was sent.
    """

    app: Kibana
    is_whole: bool
    records: list[Record]


@pytest.fixture(scope="session")
def stays(
    elasticsearch_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stay, Stay]]:
    """Return the fleet in heartbeat's own stream and in those of its monitors."""
    server, mark = elasticsearch_url, secrets.token_hex(4)
    own, kind = f"heartbeat-test-{mark}", f"synthetics{mark}"
    more = f", data_stream: {{type: {kind}, namespace: test}}"
    # Its stream stays empty: every monitor names one of its own.
    places = [Place(server, own), Place(server, f"{own}-empty", more)]
    lived = asyncio.run(live(tmp_path_factory.mktemp("fleet"), places))
    can = abilities(server, own)
    apps = Kibana(server, own, **can), Kibana(server, f"{kind}-*", **can)
    for app in apps:
        call("POST", f"{app.url}/_refresh")
    uptime, synthetics = (Stay(app, *one) for app, one in zip(apps, lived, strict=True))
    yield uptime, synthetics
    call("DELETE", f"{server}/_data_stream/{own}*,{kind}-*")
    call("DELETE", f"{server}/_index_template/{own}*")
    call("DELETE", f"{server}/_index_template/heartbeat-{kind}-*")
    for place in places:
        call("DELETE", f"{server}/_ilm/policy/{place.index}")


@pytest.fixture(scope="session")
def uptime(stays: tuple[Stay, Stay]) -> Kibana:
    """Return Uptime over the fleet."""
    return stays[0].app


@pytest.fixture(scope="session")
def synthetics(stays: tuple[Stay, Stay]) -> Kibana:
    """Return Synthetics over the fleet."""
    return stays[1].app
