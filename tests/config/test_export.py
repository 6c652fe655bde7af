"""The effective configuration as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import Section
from heartbeat.config.document import parse
from heartbeat.config.export import exported
from heartbeat.config.tree import Node, Place, plain
from heartbeat.config.variables import Scope
from tests.support.config import loaded, unexpected

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
name: ${NAME:größer}
output.elasticsearch: {hosts: ["http://a:b@c", "${HOST}"], password: hush,
  api_key: "${KEY}"}
"""
SECRETS = {"KEY": "s3cret", "HOST": "hidden"}


def reloaded(text: str) -> Any:
    """Return what the text means when it is read as a configuration."""
    return plain(parse(text.encode(), "f.yml", unexpected))


def shown(folder: Path, text: str = TEXT, **form: bool) -> Any:
    """Return what is shown of a configuration, the directories left out."""
    settings = loaded(
        folder, text, overrides=("tags=[a]",), keystore=SECRETS.get, environment={}
    )
    return reloaded(exported(settings.root, **form)) | {"path": None}


def test_resolved(tmp_path: Path) -> None:
    """Everything is merged and nested, variables are replaced, secrets masked."""
    assert shown(tmp_path) == {
        "path": None,
        "name": "größer",
        "output": {
            "elasticsearch": {
                "hosts": ["http://a:xxxxx@c", "xxxxx"],
                "password": "xxxxx",
                "api_key": "xxxxx",
            }
        },
        "tags": ["a"],
    }


def test_unresolved(tmp_path: Path) -> None:
    """Variables may stay as they are written; secrets are masked all the same."""
    assert shown(tmp_path, is_resolved=False) == {
        "path": None,
        "name": "${NAME:größer}",
        "output": {
            "elasticsearch": {
                "hosts": ["http://a:xxxxx@c", "${HOST}"],
                "password": "xxxxx",
                "api_key": "${KEY}",
            }
        },
        "tags": ["a"],
    }


def test_origins() -> None:
    """Behind each value stands what set it and which variables it is made of."""
    place = Place("f.yml", 3, 1)
    root = Node(
        {
            "a": Node("${HOME}/${KEY}-${KEY}", place),
            "b": Node([Node({}, place), Node([Node(1)], place)], place),
            "c": Node([Node({"d": Node("x"), "e": Node(None, Place("-E"))}, place)]),
        }
    )
    scope = Scope(root, {"HOME": "/h"}, SECRETS.get)

    assert exported(Section(root, scope), has_origins=True).splitlines() == [
        "a: /h/xxxxx-xxxxx  # f.yml:3, environment HOME, keystore KEY",
        "b:",
        "  - {}  # f.yml:3",
        "  -",
        "    - 1  # default",
        "c:",
        "  - d: x  # default",
        "    e: null  # -E",
    ]


def test_a_reference_that_leads_nowhere() -> None:
    """What cannot be resolved is shown as written."""
    assert exported(Section({"a": "${NOT_SET}"})) == 'a: "${NOT_SET}"\n'


@pytest.mark.parametrize(
    "value",
    [
        *(
            "y",
            "no",
            "1",
            "1e5",
            "~",
            "",
            " a",
            "a: b",
            "a #b",
            "#",
            "- a",
            "a\nb",
            "0x1",
        ),
        *("a:", "http://a:80/b", "[a]", "${", "a\u2028b", "\x85\ufeff", "%", "@", "é"),
        *(True, None, 1, 1.5, float("inf")),
    ],
)
def test_values_survive(value: Any) -> None:
    """Whatever the value, reading the text gives the same again."""
    root = Section({"key": value})

    assert reloaded(exported(root, is_resolved=False)) == {"key": value}


def test_values_of_references_survive() -> None:
    """What a reference means may be a mapping or a list."""
    root = Node(
        {"a": Node("${b}"), "b": Node({"c": Node([Node("x"), Node(float("nan"))])})}
    )

    text = exported(Section(root, Scope(root)))

    assert text.splitlines()[0] == "a: {c: [x, .nan]}"


def test_empty_values_survive() -> None:
    """Mappings and lists without members stay what they are, at any depth."""
    data: dict[str, Any] = {"a": {}, "b": [], "1": {"y": [{}, [[]]]}}

    assert reloaded(exported(Section(data))) == data
