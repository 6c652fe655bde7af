"""The table of fields, and the documents it has to cover."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from heartbeat.elastic.fields import FIELDS, missing
from heartbeat.elastic.page import page
from heartbeat.figures import stats
from heartbeat.monitors.http.exchange import Moments
from heartbeat.monitors.http.hops import Hop, JourneyFacts
from heartbeat.monitors.http.url import Target
from heartbeat.monitors.icmp.figures import Echoes, Statistics
from heartbeat.net.certificate import read_certificate
from heartbeat.net.facts import ResolveFacts, TcpFacts, TlsFacts, TunnelFacts
from heartbeat.net.proxy import ProxyKind
from heartbeat.runner.level import Level, level_note
from heartbeat.runner.notes import gap_note, note, step_note
from heartbeat.schedule import Every
from heartbeat.selfmonitor import SelfFacts
from tests.support import certificates
from tests.support.clock import FakeClock
from tests.support.parts import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.event import Fields

TREE = Path(__file__).parent.parent.parent
PATHS = [field.path for field in FIELDS]


def test_every_field_is_in_it_once() -> None:
    """Two descriptions of one field would contradict each other."""
    assert sorted(set(PATHS)) == sorted(PATHS)


def test_no_field_has_members_of_its_own() -> None:
    """Elasticsearch has either a value or an object at a place."""
    parents = {path.rpartition(".")[0] for path in PATHS}

    assert parents & set(PATHS) == set()


def test_the_page_is_up_to_date() -> None:
    """docs/fields.md is what `make docs` writes."""
    assert (TREE / "docs" / "fields.md").read_text("utf-8") == page()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"monitor": {"id": "x", "nmae": "y"}}, ["monitor.nmae"]),
        ({"fields": {"any": {"thing": 1}}, "tags": ["a"]}, []),
        ({"monitor": {"timespan": {"gte": "x", "lt": "y"}}}, []),
        ({"error": {"stack_trace": None, "other": None}}, []),
        ({"state": {"ends": {"ends": None, "id": "x", "it": 1}}}, ["state.ends.it"]),
        ({"heartbeat": {"hops": [{"url": "u"}, {"uri": "u"}]}}, ["heartbeat.hops.uri"]),
        ({"url": {"full": {"text": "x"}}}, ["url.full.text"]),
        ({"http": {"response": {"redirects": [], "more": []}}}, []),
    ],
)
def test_missing(document: Fields, expected: list[str]) -> None:
    """A field that is not in the table is told by its path."""
    assert missing(document) == expected


def own_facts() -> Fields:
    """Return `heartbeat.*` as everything writes it that writes there."""
    tunnel = TunnelFacts(ProxyKind.HTTP, 0.1)
    certificate = read_certificate(certificates.good().der)
    session = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", 0.1, certificate)
    moments = Moments(0.0)
    moments.answered = 0.1
    hop = Hop(Target("http", "a"), moments, "127.0.0.1", 0.1, status=200)
    hop.layers += [TcpFacts(0.1), tunnel, session]
    fields: Fields = {}
    for facts in (
        ResolveFacts("127.0.0.1", 0.1, is_stale=True),
        tunnel,
        Statistics(Echoes(2, [0.1, 0.2])),
        JourneyFacts([hop], [], 0.1, tells_hops=True),
    ):
        facts.put(fields)
    note(fields, step_note(1.0))
    note(fields, gap_note(Every(1), 1, 10**10))
    note(fields, level_note(Level.DEGRADED, ["total"]))
    clock = FakeClock()
    own: Fields = {}
    SelfFacts(stats(parts_of(clock)), "h", 1, 1, is_store_failing=False).put(own)
    note(fields, own["heartbeat"])
    return {"heartbeat": fields["heartbeat"]}


def paths(value: Any, path: str) -> Iterator[str]:
    """Yield the path of every value that is no object."""
    if isinstance(value, dict):
        for name, member in cast("Fields", value).items():
            yield from paths(member, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for item in cast("list[Any]", value):
            yield from paths(item, path)
    else:
        yield path


def test_our_own_fields_are_in_the_table() -> None:
    """What we write beyond the reference is mapped and described too."""
    assert missing(own_facts()) == []


def test_our_own_fields_in_the_table_are_written() -> None:
    """The table describes nothing of ours that no document has."""
    written = set(paths(own_facts()["heartbeat"], "heartbeat"))

    assert {path for path in PATHS if path.startswith("heartbeat.")} == written
