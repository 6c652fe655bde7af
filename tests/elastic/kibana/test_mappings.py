"""The template in a real Elasticsearch, and the documents that it takes.

No type of the table is one that the test node lacks (`LACKING`), so the template goes
there as it is, without anything being adapted.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.elastic.fields import FIELDS, missing
from heartbeat.elastic.template import mappings
from tests.support.clauses import call
from tests.support.fleet import deliver
from tests.support.settings import settings_of
from tests.support.watched import Place, configuration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heartbeat.event import Record
    from tests.elastic.kibana.conftest import Stay

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]

MANY = 10_000
LACKING = frozenset(
    {
        "constant_keyword",
        "wildcard",
        "match_only_text",
        "scaled_float",
        "unsigned_long",
        "version",
        "histogram",
    }
)
"""Types that an Elasticsearch of core modules alone does not have."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream of many documents; `is_whole` if all of them were taken."""

    server: str
    name: str
    is_whole: bool

    def get(self, path: str) -> Any:
        """Return what the cluster says about it."""
        return call("GET", f"{self.server}/{path}")


def many(records: list[Record]) -> Iterator[Record]:
    """Yield the documents over and over, each time as new ones."""
    for turn in count():
        for one in records:
            routing = replace(one.routing, id=f"{one.routing.id}-{turn}")
            yield replace(one, routing=routing)


@pytest.fixture(scope="module")
def stream(
    stays: tuple[Stay, Stay], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stream]:
    """Return a stream with ten thousand documents of the fleet."""
    home = tmp_path_factory.mktemp("many")
    server, name = stays[0].app.server, f"heartbeat-test-many-{secrets.token_hex(4)}"
    settings = settings_of(home, configuration(Place(server, name), "", []))
    records = list(islice(many(stays[0].records), MANY))
    is_whole = asyncio.run(deliver(settings, records, home))
    call("POST", f"{server}/{name}/_refresh")
    yield Stream(server, name, is_whole)
    call("DELETE", f"{server}/_data_stream/{name}")
    call("DELETE", f"{server}/_index_template/{name}")
    call("DELETE", f"{server}/_ilm/policy/{name}")


def test_everything_of_the_fleet_is_taken(stays: tuple[Stay, Stay]) -> None:
    """No document is refused, in our stream or in those of the monitors."""
    assert all(stay.is_whole for stay in stays)
    for stay in stays:
        assert call("GET", f"{stay.app.url}/_count")["count"] == len(stay.records)


def test_ten_thousand_documents_without_a_mapping_failure(stream: Stream) -> None:
    """All are there, none was refused, none has a value that the index ignored."""
    ignored = {"query": {"exists": {"field": "_ignored"}}}
    url = f"{stream.server}/{stream.name}/_count"

    assert stream.is_whole
    assert call("GET", url)["count"] == MANY
    assert call("POST", url, ignored)["count"] == 0


def test_nothing_has_to_be_adapted() -> None:
    """The template is valid wherever there is an Elasticsearch."""
    assert {field.type for field in FIELDS} & LACKING == set()


def test_the_template_is_valid(stream: Stream) -> None:
    """The cluster has it as we made it, and makes a stream with the policy of it."""
    found = stream.get(f"_index_template/{stream.name}")["index_templates"]
    (one,) = stream.get(f"_data_stream/{stream.name}")["data_streams"]
    template = found[0]["index_template"]

    assert template["template"]["mappings"]["properties"] == mappings()["properties"]
    assert template["priority"] == 150
    assert (one["template"], one["ilm_policy"]) == (stream.name, stream.name)


def test_no_field_is_mapped_by_chance(stays: tuple[Stay, Stay]) -> None:
    """After all documents the mappings are what the template says, and no more."""
    for stay in stays:
        for index in call("GET", f"{stay.app.url}/_mapping").values():
            assert index["mappings"]["properties"] == mappings()["properties"]


def forms() -> dict[str, list[str]]:
    """Return the type of every field of the table and of its further forms.

    Objects are no fields of the index, whether they are open or only shown.
    """
    found: dict[str, list[str]] = {}
    for field in FIELDS:
        if field.type != "object":
            found[field.path] = [field.type]
            for name, form in (field.multi or {}).items():
                found[f"{field.path}.{name}"] = [form["type"]]
    return found


def test_field_capabilities_are_the_table(stays: tuple[Stay, Stay]) -> None:
    """What Kibana is told that there is: every field with its type, and no other."""
    query = "_field_caps?fields=*&filters=-metadata,-parent"
    for stay in stays:
        told = call("GET", f"{stay.app.url}/{query}")["fields"]

        assert {name: list(types) for name, types in told.items()} == forms()


def test_every_document_is_in_the_table(stays: tuple[Stay, Stay]) -> None:
    """Real checks write nothing that the table does not know."""
    for stay in stays:
        for document in stay.app.documents():
            assert missing(document) == []


def test_our_own_version_is_told(stays: tuple[Stay, Stay]) -> None:
    """The compatible version is that of the agent, ours stands beside it."""
    (document, *_) = stays[0].app.documents()

    assert document["agent"]["version"] == "9.5.0"
    assert document["agent"]["build"]["original"].startswith("heartbeat 0.")
