"""`decode_json_fields`, and decoded documents on their way into events."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.errors import ProcessorError
from heartbeat.processors.merging import expanded, merged
from tests.support.processors import chain, event, faults, processed

INNER = '{"a": {"b": 1}, "s": "{\\"x\\": \\"[2]\\"}"}'


def decoded(fields: dict[str, Any], **options: object) -> dict[str, Any] | None:
    """Return the fields after JSON was decoded in `m`."""
    return processed("decode_json_fields", {"fields": ["m"], **options}, fields)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"a": {"b": 1}, "s": '{"x": "[2]"}'}),
        ({"max_depth": 2}, {"a": {"b": 1}, "s": {"x": "[2]"}}),
        ({"max_depth": 3}, {"a": {"b": 1}, "s": {"x": [2]}}),
        ({"max_depth": 0}, {"a": {"b": 1}, "s": {"x": [2]}}),
    ],
)
def test_depth(options: dict[str, Any], expected: object) -> None:
    """JSON in JSON is decoded as deep as options say."""
    assert decoded({"m": INNER}, **options) == {"m": expected}


def test_lists() -> None:
    """JSON in the items of a list is decoded if options say so."""
    text = '["{\\"a\\": 1}", "plain", "{broken}"]'

    assert decoded({"m": text}, max_depth=2) == {"m": ['{"a": 1}', "plain", "{broken}"]}
    assert decoded({"m": text}, max_depth=2, process_array=True) == {
        "m": [{"a": 1}, "plain", "{broken}"]
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"target": "t.u"}, {"a": {"x": 1}, "t": {"u": {"a": {"y": 2, "x": 0}}}}),
        ({"target": ""}, {"a": {"x": 1, "y": 2}}),
        ({"target": "", "overwrite_keys": True}, {"a": {"x": 0, "y": 2}}),
    ],
)
def test_targets(options: dict[str, Any], expected: dict[str, Any]) -> None:
    """The document goes elsewhere, or is merged with the event."""
    text = '{"a": {"y": 2, "x": 0}}'

    assert decoded({"m": text, "a": {"x": 1}}, **options) == {"m": text, **expected}


async def test_root_members() -> None:
    """A document at the root that may overwrite sets the time and the id."""
    text = '{"@timestamp": "2026-01-01T00:00:00Z", "id": "x", "n": 1}'
    options = {"fields": "m", "target": "", "overwrite_keys": True, "document_id": "id"}

    changed = await chain({"decode_json_fields": options}).run(event(m=text))

    assert changed is not None
    assert (changed.timestamp, changed.routing.id, changed.fields) == (
        1_767_225_600_000_000_000,
        "x",
        {"m": text, "n": 1},
    )


def test_expansion() -> None:
    """Dotted names become nested members if options say so."""
    text = '{"a.b": 1, "a": {"c": 2}}'

    assert decoded({"m": text}, expand_keys=True) == {"m": {"a": {"b": 1, "c": 2}}}
    with pytest.raises(ProcessorError, match="cannot expand 'a': found conflicting"):
        expanded({"a.b": 1, "a": 2})


def test_merging() -> None:
    """Neither mapping is written into."""
    below, above = {"a": {"x": 1}}, {"a": {"y": 2}}

    assert merged(below, above, overwrite=True) == {"a": {"x": 1, "y": 2}}
    assert (below, above) == ({"a": {"x": 1}}, {"a": {"y": 2}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no", "field m: it is no JSON"),
        ('{"a": 1} {"b": 2}', "field m: it is no JSON"),
        ("[" * 200 + "]" * 200, "field m: it is nested deeper than 100 levels"),
        ("[" * 100_000, "field m: it is no JSON"),
        ("\udcff", "field m: it is no JSON"),
    ],
)
async def test_hostile_texts(text: str, message: str) -> None:
    """What cannot be decoded stays, and is told."""
    options = {"fields": ["m"], "add_error_key": True}
    changed = await chain({"decode_json_fields": options}).run(event(m=text))
    assert changed is not None
    assert changed.fields["m"] == text
    assert message in changed.fields["error"]["message"]


def test_others() -> None:
    """Fields that are missing or no text are left alone."""
    assert decoded({"n": 1}) == {"n": 1}
    assert decoded({"m": 1}) == {"m": 1}


def test_no_mapping_at_root() -> None:
    """Only a mapping can be merged with the event."""
    with pytest.raises(ProcessorError, match="failed to add target to root"):
        decoded({"m": "[1]"}, target="")


def test_bad_options() -> None:
    """Options that are missing or unknown are told."""
    told = faults({"decode_json_fields": {"depth": 1}})

    assert told == [
        "unexpected depth option in processors.0.decode_json_fields",
        "missing fields option in processors.0.decode_json_fields",
    ]
