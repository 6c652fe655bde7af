"""From sections to the options of processors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.config import Section
from heartbeat.errors import ConfigError
from heartbeat.processors.build import build_chain
from tests.support.config import loaded
from tests.support.processors import context, faults

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("written", "messages"),
    [
        ({"add_fields": None}, ["missing fields option in processors.0.add_fields"]),
        ({"add_fields": {}}, ["missing fields option in processors.0.add_fields"]),
        (
            {"add_fields": {"fields": {}, "colour": 1}},
            ["unexpected colour option in processors.0.add_fields"],
        ),
        (
            {"add_tags": {"tag": "x"}},
            [
                "unexpected tag option in processors.0.add_tags",
                "missing tags option in processors.0.add_tags",
            ],
        ),
        (
            {"now": {"field": "a", "when": {"has_fields": ["b"]}}},
            ["unexpected when option in processors.0.now"],
        ),
        (
            {"now": {"field": ""}},
            ["string value is not set accessing 'processors.0.now.field'"],
        ),
        (
            {"rename": {"fields": [{"from": "a"}]}},
            ["missing required field accessing 'processors.0.rename.fields.0.to'"],
        ),
        ({"rename": {"fields": [], "colour": 1}}, []),
    ],
)
def test_faults(written: dict[str, object], messages: list[str]) -> None:
    """Options that are missing, or not allowed, are told in the reference's words."""
    assert messages == faults(written)


def test_places(tmp_path: Path) -> None:
    """A fault has the line of what is wrong."""
    text = "processors:\n- add_tags:\n    tags: x\n    colour: 1\n"
    settings = loaded(tmp_path, text)

    with pytest.raises(ConfigError) as caught:
        build_chain(settings.root.get("processors"), context())

    assert [
        (
            f"{tmp_path}/heartbeat.yml:4:5: unexpected colour option in"
            " processors.0.add_tags"
        )
    ] == [str(problem) for problem in caught.value.problems]


def test_unknown_options_that_do_no_harm() -> None:
    """Those without a list of what is allowed warn; `when` is no surprise."""
    section = Section(
        {"processors": [{"rename": {"field": [], "fields": [], "when": {"or": []}}}]}
    )
    build_chain(section.get("processors"), context())

    assert [str(problem) for problem in section.scope.reported] == [
        (
            "unknown option 'field' is ignored, did you mean 'fields'? accessing"
            " 'processors.0.rename.field'"
        )
    ]


def test_options_of_the_reference_without_effect() -> None:
    """They are reported with what there is to say about them."""
    script = {"lang": "js", "source": "function process() {}", "max_cached_sessions": 8}
    section = Section({"processors": [{"script": script}]})
    build_chain(section.get("processors"), context())

    (doubt,) = section.scope.reported
    assert "has no effect here: one session does the work" in str(doubt)


def test_context_has_the_clock() -> None:
    """The clock is that of the network."""
    given = context()

    assert given.clock is given.network.clock
