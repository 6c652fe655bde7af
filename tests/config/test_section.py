"""From a section to a model: places, coercions, unknown keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field

from heartbeat.config import (
    Count,
    Duration,
    Fields,
    Flag,
    Listed,
    Options,
    Section,
    Text,
)
from heartbeat.config.document import parse
from heartbeat.config.tree import Node, Place, node_of
from heartbeat.config.variables import Scope
from heartbeat.errors import ConfigError, Problem


class Inner(Options):
    """A model below another."""

    port: Annotated[Count, Field(gt=0)] = 1
    mode: Literal["any", "all"] = "any"


class Outer(Options):
    """A model with every kind of member."""

    elsewhere: ClassVar[frozenset[str]] = frozenset({"other"})

    name: Text
    hosts: Listed[Text] = ()
    timeout: Duration = 16.0
    enabled: Flag = True
    fields: Fields = Field(default={})
    inner: Inner = Inner()
    maybe: Inner | None = None
    several: Listed[Inner] = ()
    named: Mapping[str, Inner] = Field(default={})
    body: str | list[str] = ""
    renamed: Text = Field(default="", alias="json")


TEXT = b"""\
name: ${NAME}
hosts: a
inner.port: 0
several:
- port: 1
- {port: 2, pott: 3}
named:
  x: {mode: ALL}
"""


def section(data: Any, **environment: str) -> Section:
    """Return plain data as a section."""
    return Section(data, Scope(environment=environment))


def placed(text: bytes, **environment: str) -> Section:
    """Return the text of a file as a section of a monitor."""
    scope = Scope(environment=environment)
    return Section(parse(text, "f.yml", scope.report), scope, "m.0", area="monitor")


def faults(found: Section) -> list[str]:
    """Return why a section cannot become a model."""
    with pytest.raises(ConfigError) as caught:
        found.unpack(Outer)
    return [str(problem) for problem in caught.value.problems]


def doubts(found: Section) -> list[str]:
    """Return what unpacking a section reports."""
    found.unpack(Outer)
    return [str(problem) for problem in found.scope.reported]


def test_unpack() -> None:
    """Values are resolved, coerced and defaulted."""
    found = section(
        {"name": "${NAME}", "hosts": "h", "inner.port": "2", "json": 1, "maybe": None},
        NAME="n",
    ).unpack(Outer)

    assert found == Outer(name="n", hosts=("h",), inner=Inner(port=2), json="1")


def test_faults_have_places() -> None:
    """Every fault names file, line, column and full path."""
    assert faults(placed(TEXT, NAME="n")) == [
        "f.yml:3:1: requires value > 0 accessing 'm.0.inner.port'",
        "f.yml:8:7: expecting 'any' or 'all', not 'ALL' accessing 'm.0.named.x.mode'",
    ]


def test_unresolved_variable() -> None:
    """A reference that leads nowhere is named with the option that holds it."""
    expected = (
        "f.yml:1:1: missing field: ${NAME} is no option, not in the environment"
        " and not in the keystore accessing 'm.0.name'"
    )

    assert faults(placed(TEXT)) == [expected]


def test_unresolved_variable_of_no_concern() -> None:
    """A reference in an option that nobody reads is harmless."""
    found = section({"name": "n", "unknown": "${NAME}", "inner": {"no": "${NAME}"}})

    assert found.unpack(Outer).name == "n"


def test_missing_option() -> None:
    """A required option is named though it is nowhere."""
    assert faults(placed(b"hosts: a\n")) == [
        "f.yml:1:1: missing required field accessing 'm.0.name'"
    ]


def test_unknown_options() -> None:
    """Unknown keys are named at every depth, with the nearest known one."""
    found = doubts(
        placed(b"name: n\nHosts: a\nseveral:\n- pott: 3\nzzz: 1\nother: 1\n")
    )

    assert found == [
        (
            "f.yml:2:1: unknown option 'Hosts' is ignored, did you mean 'hosts'?"
            " accessing 'm.0.Hosts'"
        ),
        (
            "f.yml:4:3: unknown option 'pott' is ignored, did you mean 'port'?"
            " accessing 'm.0.several.0.pott'"
        ),
        "f.yml:5:1: unknown option 'zzz' is ignored accessing 'm.0.zzz'",
    ]


def test_known_but_not_acted_on() -> None:
    """Options of the reference say what became of them."""
    assert doubts(placed(b"name: n\ndataset: x\nalert: ~\n")) == [
        (
            "f.yml:2:1: dataset has no effect in the reference either: remove it"
            " accessing 'm.0.dataset'"
        )
    ]


def test_alias_is_the_name() -> None:
    """A field with an alias is written by its alias."""
    assert doubts(section({"name": "n", "json": 1})) == []
    assert doubts(section({"name": "n", "renamed": 1})) == [
        "unknown option 'renamed' is ignored, did you mean 'named'? accessing 'renamed'"
    ]


def test_names_another_model_reads() -> None:
    """Names that are known elsewhere are no doubt."""
    found = Section({"name": "n", "type": "x"}, known=frozenset({"type"}))

    assert doubts(found) == []


def test_models_by_number() -> None:
    """A list written as numbered keys holds models too."""
    found = section({"name": "n", "several.0.port": 4}).unpack(Outer)

    assert found.several == (Inner(port=4),)


def test_scalar_where_models_belong() -> None:
    """A scalar is no list of sections."""
    assert faults(section({"name": "n", "several": "x", "inner": 5})) == [
        "required 'object', but found 'uint' accessing 'inner'",
        "required 'object', but found 'string' accessing 'several'",
    ]


def test_branches_of_a_union_are_no_names() -> None:
    """A fault in a union is placed at the option."""
    found = faults(section({"name": "n", "body": [1]}))

    assert found == [
        "Input should be a valid string accessing 'body'",
        "Input should be a valid string accessing 'body.0'",
    ]


def test_secrets_stay_out_of_faults() -> None:
    """The password of an address is not repeated in a fault."""
    assert faults(section({"name": "n", "timeout": "http://a:b@c"})) == [
        (
            "invalid duration 'http://a:xxxxx@c' (units: h m s ms us ns)"
            " accessing 'timeout'"
        )
    ]


def test_peek() -> None:
    """A part can be read without a word about the rest."""
    found = section({"port": 3, "zzz": 1})

    assert found.peek(Inner) == Inner(port=3)
    assert not found.scope.reported


def test_peek_at_text() -> None:
    """Text is no section, whoever looks."""
    with pytest.raises(ConfigError, match="required 'object', but found 'string'"):
        Section("text").peek(Inner)


def test_plain_and_written() -> None:
    """Plain data is resolved, written data is not."""
    found = section({"a.b": "${X}"}, X="1")

    assert found.plain() == {"a": {"b": 1}}
    assert found.written() == {"a": {"b": "${X}"}}
    assert section({"a": "${X}"}).lenient() == {"a": "${X}"}


def test_navigation() -> None:
    """Members and entries are sections with paths of their own."""
    found = Section({"a": {"b": [1, None]}}, path="top")
    inner = found.get("a.b")

    assert inner is not None
    assert [entry.path for entry in inner.entries() or ()] == ["top.a.b.0", "top.a.b.1"]
    assert [entry.is_null() for entry in inner.entries() or ()] == [False, True]
    assert list(found.members()) == ["a"]
    assert found.get("a.x") is None
    assert found.entries() is None
    assert inner.members() == {}


def test_overlaid() -> None:
    """Options can be set over what is written."""
    found = section({"a": {"b": 1, "c": 2}}).overlaid({"a.b": Node(9)})

    assert found.plain() == {"a": {"b": 9, "c": 2}}


def test_problem() -> None:
    """A problem is placed at an option, or at the section if there is none."""
    place = Place("f.yml", 3, 2)
    found = Section(node_of({"a": 1}, place), path="p")

    found.warn("odd", "a")
    problems = (found.problem("bad"), found.problem("bad", "zzz"))

    assert list(found.scope.reported) == [
        Problem("odd", "p.a", "f.yml", 3, 2, is_warning=True)
    ]
    assert problems == (
        Problem("bad", "p", "f.yml", 3, 2),
        Problem("bad", "p.zzz", "f.yml", 3, 2),
    )
    assert found.place == place
