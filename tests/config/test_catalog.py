"""Reading models: kinds, words, bounds, defaults."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import pytest
from pydantic import Field

from heartbeat.config import (
    ByteSize,
    Count,
    Duration,
    Fields,
    Flag,
    Listed,
    Options,
    Text,
    Words,
)
from heartbeat.config.catalog import (
    Form,
    Option,
    Shape,
    options_of,
    options_together,
)
from heartbeat.config.types import Kind
from heartbeat.config.words import default_of, duration, kind_of, size


class Colour(StrEnum):
    """Some words."""

    RED = "red"
    BLUE = "blue"


class Inner(Options):
    """Options of an option."""

    flag: Flag = True


class Outer(Options):
    """An option of each form."""

    one: Inner = Inner()
    maybe: Inner | None = None
    many: Listed[Inner] = ()
    named: Mapping[str, Inner] = {}
    headers: Mapping[str, Text] = {}
    own: Fields = Field(default_factory=dict[str, Any])
    colour: Colour = Colour.RED
    colours: Listed[Annotated[Text, Words(("a", "b"), is_any_case=True)]] = ("a",)
    wait: Duration | None = Field(default=None, gt=0, description="How long.")
    size: ByteSize = Field(default=2048, ge=1024, lt=4096)
    permissions: Count = Field(default=0o600, le=0o777)
    open: Any = None
    plain: int = 3
    text: Text = Field(alias="json")


OPTIONS = {option.name: option for option in options_of(Outer)}


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("one", Form(Kind.MAPPING, members=Inner)),
        ("maybe", Form(Kind.MAPPING, members=Inner)),
        ("many", Form(Kind.MAPPING, members=Inner, shape=Shape.LIST)),
        ("named", Form(Kind.MAPPING, members=Inner, shape=Shape.NAMED)),
        ("headers", Form(Kind.MAPPING)),
        ("own", Form(Kind.MAPPING)),
        ("colour", Form(Kind.TEXT, ("red", "blue"))),
        ("colours", Form(Kind.TEXT, ("a", "b"), is_any_case=True, shape=Shape.LIST)),
        ("wait", Form(Kind.DURATION)),
        ("open", Form(Kind.ANY)),
        ("plain", Form(Kind.ANY)),
        ("json", Form(Kind.TEXT)),
    ],
)
def test_forms(name: str, form: Form) -> None:
    """Unions, lists, mappings, models and words are seen through."""
    assert OPTIONS[name].form == form


def test_an_option() -> None:
    """Description, bounds and whether it must be there come along."""
    assert OPTIONS["wait"] == Option(
        name="wait",
        form=Form(Kind.DURATION),
        description="How long.",
        default=None,
        is_required=False,
        bounds={"exclusiveMinimum": 0},
    )
    assert OPTIONS["json"].is_required


@pytest.mark.parametrize(
    ("name", "kind", "default"),
    [
        ("one", "mapping", ""),
        ("many", "list of mapping", ""),
        ("own", "mapping", "{}"),
        ("colour", "red or blue", "red"),
        ("colours", "list of a or b", "[a]"),
        ("wait", "duration, above 0s", ""),
        ("size", "size, at least 1KiB, below 4KiB", "2KiB"),
        ("permissions", "count, at most 0777", "0600"),
        ("plain", "any", "3"),
        ("json", "text", ""),
    ],
)
def test_words(name: str, kind: str, default: str) -> None:
    """Kinds, bounds and defaults read as an operator would write them."""
    assert (kind_of(OPTIONS[name]), default_of(OPTIONS[name])) == (kind, default)


def test_flag_and_empty_text() -> None:
    """Booleans and the empty text are written as YAML has them."""
    (flag,) = options_of(Inner)

    assert default_of(flag) == "true"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0, "0s"), (0.1, "100ms"), (1.5, "1500ms"), (16, "16s"), (90, "90s")),
        *((120, "2m"), (7200, "2h")),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    """A duration is told in its largest whole unit."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (100, "100"), (10 * 1024**2, "10MiB"), (1024**3, "1GiB")],
)
def test_sizes(count: int, text: str) -> None:
    """A size is told in its largest whole unit."""
    assert size(count) == text


def test_options_of_several_models() -> None:
    """Of two options with one name the later model's counts."""

    class Other(Options):
        one: Text = "x"

    options = {o.name: o for o in options_together(Outer, Other)}

    assert options["one"].form == Form(Kind.TEXT)
    assert options.keys() == OPTIONS.keys()
