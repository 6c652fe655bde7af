"""From written lists to processors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat import processors
from heartbeat.config import Section
from heartbeat.processors.build import build_chain
from heartbeat.processors.chain import Branch, Step
from tests.support.processors import chain, context, event, faults

if TYPE_CHECKING:
    from heartbeat.processors.base import Processor, ProcessorContext

TAG = {"add_tags": {"tags": "a"}}


@pytest.mark.parametrize("written", [None, []])
def test_nothing(written: object) -> None:
    """No list is an empty one."""
    assert not build_chain(
        Section({"processors": written}).get("processors"), context()
    )
    assert not build_chain(None, context())


def test_a_single_one() -> None:
    """A mapping stands for a list of one, also for one with numbered entries."""
    for written in (TAG, {"0": TAG}, {"0.add_tags.tags": "a"}):
        section = Section({"processors": written}).get("processors")
        (step,) = build_chain(section, context())
        assert isinstance(step, Step)
        assert step.name == "add_tags"


def test_without_options() -> None:
    """`- drop_event:` and `- drop_event: {}` are the same."""
    assert len(chain({"drop_event": None}, {"drop_event": {}})) == 2


def test_a_branch() -> None:
    """Sides are lists or single processors; `else` may be left out."""
    both = {"if": {"has_fields": ["a"]}, "then": [TAG, TAG], "else": TAG}
    one = {"if.equals.a": 1, "then": TAG}
    first, second = chain(both, one)

    assert isinstance(first, Branch)
    assert isinstance(second, Branch)
    assert [
        len(side)
        for side in (first.then, first.otherwise, second.then, second.otherwise)
    ] == [2, 1, 1, 0]


async def test_branches_within() -> None:
    """A side may hold branches."""
    inner = {"if": {"equals": {"b": 2}}, "then": TAG}
    changed = await chain({"if": {"equals": {"a": 1}}, "then": inner}).run(
        event(a=1, b=2)
    )

    assert changed is not None
    assert changed.fields["tags"] == ["a"]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            {"add_tags": {}, "tags": ["a"], "add_fields": {}},
            (
                "each processor must have exactly one action, but found 3 actions"
                " (add_fields,add_tags,tags) accessing 'processors.0'"
            ),
        ),
        (
            {},
            (
                "each processor must have exactly one action, but found 0 actions ()"
                " accessing 'processors.0'"
            ),
        ),
        (
            {"if": {"equals": {"a": 1}}},
            "missing then option beside if accessing 'processors.0'",
        ),
        (
            {"if": {"equals": {"a": 1}}, "then": TAG, "add_tags": {}},
            (
                "unexpected add_tags option beside if, then and else accessing"
                " 'processors.0.add_tags'"
            ),
        ),
        (
            {"if": None, "then": TAG},
            "missing or invalid condition accessing 'processors.0.if'",
        ),
        (
            {"if": {"equals": {"a": 1}}, "then": {"drop_event": {"a": 1}}},
            "unexpected a option in processors.0.then.drop_event",
        ),
        (
            {"drop_event": {"when": {"equals": {"a": 1.5}}}},
            (
                "condition attempted to set 'a' -> '1.5' and encountered unexpected"
                " type 'float', only strings, ints, and booleans are allowed accessing"
                " 'processors.0.drop_event.when'"
            ),
        ),
    ],
)
def test_faults(written: object, message: str) -> None:
    """A list that cannot be read says where, in the reference's words."""
    assert [message] == faults(written)


def test_all_faults() -> None:
    """Every fault is told at once, those of a condition and of options together."""
    assert faults({"add_tags": {"when": {}}}, {"drop_event": {"x": 1}}) == [
        "missing or invalid condition accessing 'processors.0.add_tags.when'",
        "missing tags option in processors.0.add_tags",
        "unexpected x option in processors.1.drop_event",
    ]


def test_an_unknown_action() -> None:
    """It is told with all there are."""
    (fault,) = faults({"add_tag": {}})

    assert fault.startswith(
        "the processor action add_tag does not exist. Valid actions: add_"
    )
    assert fault.endswith("accessing 'processors.0.add_tag'")


def test_a_plug_in_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a `build` raises is a fault of its options."""

    def build(_section: Section, _context: ProcessorContext) -> Processor:
        raise RuntimeError("oops")

    monkeypatch.setattr("heartbeat.processors.drop_event.build", build)

    assert faults({"drop_event": {}}) == [
        "RuntimeError: oops accessing 'processors.0.drop_event'"
    ]


def test_doubts_about_a_condition() -> None:
    """Operators that do not count are told."""
    two = {"equals": {"a": 1}, "has_fields": ["b"]}
    section = Section({"processors": {"drop_event": {"when": two}}})
    build_chain(section.get("processors"), context())

    assert [str(problem) for problem in section.scope.reported] == [
        (
            "only 'equals' counts in this condition, not has_fields accessing"
            " 'processors.drop_event.when'"
        )
    ]


def test_others_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processors of other packages are found by their entry points."""

    class Entry:
        name = "shout"

        def load(self) -> object:
            return build

    def build(_section: Section, _context: ProcessorContext) -> Processor:
        return lambda one: one

    def installed(**_: str) -> list[Entry]:
        return [Entry()]

    monkeypatch.setattr(processors, "entry_points", installed)

    assert len(chain({"shout": {}})) == 1
    assert "shout" in processors.names()


def test_some_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out on purpose says why."""
    monkeypatch.setitem(processors.REFUSED, "translate_sid", "it needs Windows")

    assert faults({"translate_sid": {}}) == [
        (
            "the processor translate_sid is not supported here: it needs Windows"
            " accessing 'processors.0.translate_sid'"
        )
    ]
