"""`decode_xml`."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import processed

CATALOG = """<?xml version="1.0"?>
<Catalog xmlns:x="urn:x">
  <Book seq="1"><Author>W. Auden</Author></Book>
  <Book seq="2">Text</Book>
  <x:Empty/>
</Catalog>"""

BOMB = """<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>
<lolz>&b;</lolz>"""


def decoded(text: object, **options: object) -> dict[str, Any] | None:
    """Return the fields after the message was decoded."""
    return processed("decode_xml", options, {"message": text})


def test_members() -> None:
    """Elements and attributes become members, equal elements a list."""
    assert decoded(CATALOG, target_field="xml") == {
        "message": CATALOG,
        "xml": {
            "catalog": {
                "x": "urn:x",
                "book": [
                    {"seq": "1", "author": "W. Auden"},
                    {"seq": "2", "#text": "Text"},
                ],
                "empty": "",
            }
        },
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"message": {"a": {"b": "1"}}}),
        ({"to_lower": False}, {"message": {"A": {"B": "1"}}}),
        ({"target_field": ""}, {"message": "<A><B>1</B></A>", "a": {"b": "1"}}),
    ],
)
def test_options(options: dict[str, Any], expected: dict[str, Any]) -> None:
    """Options say where members go and how they are named."""
    assert decoded("<A><B>1</B></A>", **options) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<a>", "it is no XML: no element found"),
        ("plain", "it is no XML: syntax error"),
        (BOMB, "a document type .* is not accepted"),
        ("<a>" * 91 + "</a>" * 91, "it is nested deeper than 90 levels"),
        (7, "invalid type for `message`"),
    ],
)
def test_hostile_texts(text: object, message: str) -> None:
    """What is refused is told and stays, or is passed over if options say so."""
    with pytest.raises(ProcessorError, match=f"failed in decode_xml .*{message}"):
        decoded(text)
    assert decoded(text, ignore_failure=True) == {"message": text}


def test_overwriting() -> None:
    """What is there stays if options say so."""
    options = {"target_field": "t", "overwrite_keys": False}
    with pytest.raises(ProcessorError, match="target field 't' already exists"):
        processed("decode_xml", options, {"message": "<a/>", "t": 1})
