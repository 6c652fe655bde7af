"""The JSON Schema, the page and the sample of all options."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.catalog import catalog
from heartbeat.config import Request, load
from heartbeat.config.document import parse
from heartbeat.config.handbook import handbook
from heartbeat.config.sample import sample
from heartbeat.config.schema import schema_of
from heartbeat.errors import ConfigError
from tests.support.config import KINDS, unexpected, written
from tests.support.jsonschema import Checker

if TYPE_CHECKING:
    from heartbeat.config.tree import Node

TREE = Path(__file__).parent.parent.parent
REAL = sorted((TREE / "tests/data/real").rglob("*.yml"))
BAD = TREE / "tests/data/bad"

KNOWN_TO_NOBODY = {
    "anchored": [".common: unknown"],
    "run-once-queue": [".heartbeat.monitors.0.kind: unknown"],
}
"""What the real files hold that is reported when they are loaded, too."""


@cache
def checker() -> Checker:
    """Return what checks against the schema."""
    return Checker(schema_of(catalog()))


def raw(node: Node) -> Any:
    """Return a tree as data."""
    if isinstance(node.value, dict):
        return {key: raw(member) for key, member in node.value.items()}
    if isinstance(node.value, list):
        return [raw(entry) for entry in node.value]
    return node.value


def data_of(file: Path) -> Any:
    """Return what a file holds, keys with dots as nested ones."""
    return raw(parse(file.read_bytes(), str(file), lambda _problem: None))


@pytest.mark.parametrize(
    ("file", "produce"),
    [
        ("docs/configuration.md", lambda: handbook(catalog())),
        ("heartbeat.reference.yml", lambda: sample(catalog())),
        (
            "docs/heartbeat.schema.json",
            lambda: (
                orjson.dumps(schema_of(catalog()), option=orjson.OPT_INDENT_2).decode()
                + "\n"
            ),
        ),
    ],
    ids=["page", "sample", "schema"],
)
def test_what_is_generated_is_up_to_date(file: str, produce: Any) -> None:
    """The files in the tree are those that `make docs` would write."""
    assert (TREE / file).read_text(encoding="utf-8") == produce()


@pytest.mark.parametrize("file", [*REAL, TREE / "heartbeat.yml"], ids=lambda p: p.stem)
def test_real_files_fit(file: Path) -> None:
    """Configurations that load fit the schema, but for what nobody knows."""
    expected = KNOWN_TO_NOBODY.get(file.stem, [])

    found = checker().faults(data_of(file))

    assert found == expected


SPELLINGS: list[Any] = [
    {"http.port": "${PORT}", "logging": {"level": "INFO"}},
    {"heartbeat": {"monitors": None}, "output.file.codec.json.pretty": True},
    {"heartbeat.scheduler": {"limit": "0x10"}, "tags": "one"},
    {"fields.a.b": 1, "heartbeat.jobs.http.limit": 1, "queue.mem.flush.timeout": 1},
    {"output.elasticsearch.ssl.verification_mode": "none"},
    {
        "processors": [
            {"add_tags": {"tags": "a", "when.equals.a": 1}},
            {"add_id": None},
        ]
    },
    {"processors.add_tags.tags": "a"},
    {
        "processors": {
            "if": {"equals": {"a": 1}},
            "then": [{"rename": {"fields": [{"from": "a", "to": "b"}]}}],
            "else": {"if.has_fields": ["b"], "then": {"drop_event": {}}},
        }
    },
    [{"type": "icmp", "schedule": "@every 5s", "hosts": "a", "ssl.x": 1} | {"wait": 1}],
]


@pytest.mark.parametrize("data", SPELLINGS)
def test_spellings(data: Any) -> None:
    """Dotted or nested, as text or number, from a variable: all fit."""
    found = checker().faults(data)

    assert [fault for fault in found if "ssl.x" not in fault] == []


MISTAKES: list[tuple[Any, str]] = [
    ({"http.prot": 1}, ".http.prot: unknown"),
    ({"http": {"prot": 1}}, ".http.prot: unknown"),
    ({"http.port": 70000}, ".http.port: maximum"),
    ({"http.enabled": "yes"}, ".http.enabled: pattern"),
    ({"queue.mem.events": 3}, ".queue.mem.events: minimum"),
    ({"timestamp.precision": "second"}, ".timestamp.precision: enum"),
    ({"heartbeat.monitors": {}}, ".heartbeat.monitors: type"),
    ([{"type": "dns", "schedule": "x"}], ".0.type: enum"),
    ([{"type": "icmp"}], ".0.schedule: required"),
    ([{"type": "tcp", "schedule": "x", "url": "a"}], ".0.url: unknown"),
    ([{"type": "tcp", "schedule": "x", "timeout": "1d"}], ".0.timeout: pattern"),
    ({"processors": [{"add_tag": {}}]}, ".processors.0.add_tag: unknown"),
    (
        {"processors": {"now": {"field": "a", "when": {}}}},
        ".processors.now.when: unknown",
    ),
    (
        {"processors": [{"if": {}, "then": {"add_tags": {"tag": "a"}}}]},
        ".processors.0.then.add_tags.tag: unknown",
    ),
]


@pytest.mark.parametrize(("data", "fault"), MISTAKES)
def test_mistakes(data: Any, fault: str) -> None:
    """What a loader would refuse or doubt, an editor marks."""
    assert fault in checker().faults(data)


def test_options_without_effect() -> None:
    """Options that do nothing here are marked as such, nested or dotted."""
    definitions = schema_of(catalog())["$defs"]

    marked = [
        definitions["main"]["properties"]["instrumentation"],
        definitions["MemoryQueueOptions"]["properties"]["flush"],
        definitions["monitor_http"]["properties"]["publisher_pipeline"],
    ]

    assert [note.get("deprecated") for note in marked] == [True, True, True]


def uncommented() -> str:
    """Return the sample with every option in it switched on."""
    return re.sub(r"^#(?! \S|$)", "", sample(catalog()), flags=re.MULTILINE)


def test_the_sample_is_a_configuration(tmp_path: Path) -> None:
    """Switched on, all of it is known; what is missing is for the operator to say."""
    request = Request((written(tmp_path, uncommented()),), environment={})

    with pytest.raises(ConfigError) as caught:
        load(request, KINDS, needs_output=False)

    messages = [problem.message for problem in caught.value.problems]
    assert [text for text in messages if "unknown option" in text] == []
    assert "missing field" not in " ".join(messages)


def test_the_sample_fits_the_schema() -> None:
    """Editors find nothing unknown in it."""
    data = raw(parse(uncommented().encode(), "sample", unexpected))

    assert [f for f in checker().faults(data) if f.endswith("unknown")] == []


def test_the_sample_as_it_is() -> None:
    """As it stands, it says nothing at all."""
    assert parse(sample(catalog()).encode(), "sample", unexpected).value is None


def test_the_page_tells_every_option() -> None:
    """Every option of a monitor is in the page."""
    text = handbook(catalog())
    names = {
        name for model in catalog().monitors.values() for name in model.model_fields
    }

    assert {name for name in names if f"`{name}" not in text} == set()


def test_the_schema_is_json() -> None:
    """It holds nothing that JSON does not have."""
    schema = schema_of(catalog())

    assert json.loads(json.dumps(schema)) == schema
