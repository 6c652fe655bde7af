"""The table of fields against everything that writes into documents, both ways.

What heartbeat writes of its own, `heartbeat.*`, has the same tests in `test_fields.py`.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from heartbeat.assembly import agent_of, identity_of
from heartbeat.config import DataStream, Flapping, Location
from heartbeat.elastic.fields import FIELDS, missing
from heartbeat.event import Result
from heartbeat.monitors.http.exchange import Moments
from heartbeat.monitors.http.facts import HttpFacts, ResponseFacts
from heartbeat.monitors.http.hops import Hop, JourneyFacts
from heartbeat.monitors.http.response import Body, Head
from heartbeat.monitors.http.url import parse
from heartbeat.monitors.icmp.figures import Echoes, Statistics
from heartbeat.monitors.tcp import ValidateFacts
from heartbeat.net.facts import (
    CertificateFacts,
    ResolveFacts,
    TcpFacts,
    TlsFacts,
    TunnelFacts,
)
from heartbeat.net.proxy import ProxyKind
from tests.support import certificates
from tests.support.settings import settings_of
from tests.support.stage import REFUSED, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.event import Facts, Fields
    from tests.support.clock import FakeClock

PACKAGE = Path(__file__).parent.parent.parent / "heartbeat"
OWN = "heartbeat."
PLACE = {
    "name": "n",
    "location": "1, 2",
    "city_name": "c",
    "continent_name": "c",
    "country_iso_code": "c",
    "country_name": "c",
    "region_iso_code": "r",
    "region_name": "r",
}
URL = "https://user:secret@host.test:8443/path?query#fragment"


def everything() -> list[list[Facts]]:
    """Return all facts that checks can learn, as lists that fit one document."""
    moments = Moments(0.0)
    moments.answered = 0.1
    head = Head(200, ((b"a", b"b"),))
    response = ResponseFacts(head, Body(b"<html>", 6), True, 6)  # noqa: FBT003
    session = [
        TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", 0.1, certificates.read(issued))
        for issued in (certificates.good_rsa(), certificates.good())
    ]
    hop = Hop(parse(URL), moments, "127.0.0.1", 0.1, status=200, layers=[*session])
    return [
        [
            ResolveFacts("127.0.0.1", 0.1),
            TcpFacts(0.1),
            TunnelFacts(ProxyKind.SOCKS5, 0.1),
            session[0],
            ValidateFacts(0.1),
        ],
        [session[1], HttpFacts(moments, response)],
        [CertificateFacts(certificates.read(certificates.expired()))],
        [JourneyFacts([hop], ["x"], 0.1, tells_hops=True, response=response)],
        [Echoes(1, [0.1]), Statistics(Echoes(2, [0.1, 0.2]))],
    ]


@pytest.fixture
async def documents(tmp_path: Path, clock: FakeClock) -> list[Fields]:
    """Return documents that have, together, every field a document can have."""
    settings = settings_of(tmp_path, "output.console: ~\n")
    identity = identity_of(settings, agent_of(settings, "i", "probe-1"))
    stage = Stage(clock, identity=identity)
    facts = everything()
    ups = [Result("127.0.0.1", None, one) for one in facts]
    down = Result("127.0.0.1", REFUSED)
    check = stage.check(*[step for up in ups for step in ([down], [up])])
    check.url = parse(URL).document()
    (runner,) = stage.runners(
        [check],
        origin="ui",
        service_name="shop",
        tags=("a",),
        fields={"x": "y"},
        data_stream=DataStream("synthetics", "http", "default"),
        location=Location("here", PLACE),
        flapping=Flapping(10, 20),
    )
    for _ in range(2 * len(facts)):
        await stage.run(runner)
    return stage.journal.documents


def places(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of every value, no further than the table goes."""
    known = {field.path: field for field in FIELDS}
    if isinstance(value, dict) and not (path in known and known[path].is_open):
        for name, member in cast("Fields", value).items():
            yield from places(member, f"{path}.{name}" if path else name)
    elif value not in ([], {}):
        yield path


def test_what_is_written_is_in_the_table(documents: list[Fields]) -> None:
    """A field that the table lacks would be mapped by chance."""
    assert {path for document in documents for path in missing(document)} == set()


def test_what_is_in_the_table_is_written(documents: list[Fields]) -> None:
    """The table promises no field that no document has."""
    written = {path for document in documents for path in places(document)}
    promised = {
        field.path
        for field in FIELDS
        if field.is_written and not field.path.startswith(OWN)
    }

    assert promised - written == set()


def test_what_is_left_to_others_is_not_written(documents: list[Fields]) -> None:
    """Among them what hides a document from Kibana: config_id, meta, run_once."""
    written = {path for document in documents for path in places(document)}
    foreign = {field.path for field in FIELDS if not field.is_written}

    assert written & foreign == set()


def writers() -> Iterator[str]:
    """Yield the names of all classes that put something into documents."""
    for folder in ("net", "monitors"):
        for path in (PACKAGE / folder).resolve().rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ClassDef) and any(
                    isinstance(one, ast.FunctionDef) and one.name == "put"
                    for one in node.body
                ):
                    yield node.name


def test_no_writer_is_left_out() -> None:
    """Facts that are new have to be looked at here."""
    looked_at = {type(fact).__name__ for one in everything() for fact in one}

    assert set(writers()) == looked_at
