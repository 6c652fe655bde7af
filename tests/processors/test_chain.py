"""Lists of processors at work."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.errors import ProcessorError
from heartbeat.processors.access import put
from heartbeat.processors.chain import Branch, Chain, Step, When
from tests.support.processors import chain, event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.event import Event


def note(word: str) -> Step:
    """Return a step that adds a word."""

    def process(one: Event) -> Event:
        put(one, "words", [*one.fields.get("words", []), word])
        return one

    return Step.of(word, process, None)


def failing(*, is_fatal: bool = False) -> Step:
    """Return a step that begins to change the event, then fails."""

    def process(one: Event) -> Event:
        put(one, "partial", value=True)
        raise ProcessorError("no luck", is_fatal=is_fatal)

    return Step.of("failing", process, None)


def dropping() -> Step:
    """Return a step that drops."""
    return Step.of("dropping", lambda _event: None, None)


ALWAYS = When(lambda _document: True)
NEVER = When(lambda _document: False)


async def fields_after(*steps: Step | Branch) -> dict[str, Any] | None:
    """Return the fields of an event after some steps, None if it is dropped."""
    changed = await Chain(steps).run(event())
    return None if changed is None else changed.fields


async def test_order() -> None:
    """Steps are taken as they stand."""
    assert await fields_after(note("a"), note("b")) == {"words": ["a", "b"]}


async def test_nothing() -> None:
    """Without steps an event stays as it is."""
    assert await fields_after() == {}
    assert len(Chain()) == 0
    assert not Chain()


async def test_drop() -> None:
    """What a step drops reaches no other."""
    assert await fields_after(dropping(), failing(is_fatal=True)) is None


async def test_a_failure_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    """The next step gets the event as it is; the failure is told at debug level."""
    caplog.set_level(logging.DEBUG)

    assert await fields_after(failing(), note("a")) == {"partial": True, "words": ["a"]}
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("DEBUG", "Fail to apply processor failing: no luck")
    ]


async def test_a_fatal_failure() -> None:
    """It loses the event, and says so to whoever asked."""
    with pytest.raises(ProcessorError, match="no luck"):
        await fields_after(failing(is_fatal=True), note("a"))


async def test_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a processor raises, the event goes on."""
    caplog.set_level(logging.DEBUG)

    def process(one: Event) -> Event:
        raise KeyError(one.timestamp)

    assert await fields_after(Step.of("bug", process, None), note("a")) == {
        "words": ["a"]
    }
    assert "Fail to apply processor bug: KeyError: " in caplog.text


async def test_when() -> None:
    """A step is taken if its condition holds."""
    yes = Step("a", note("a").processor, ALWAYS)
    no = Step("b", note("b").processor, NEVER)

    assert await fields_after(yes, no) == {"words": ["a"]}


@pytest.mark.parametrize(("when", "expected"), [(ALWAYS, ["a"]), (NEVER, ["b"])])
async def test_branch(when: When, expected: list[str]) -> None:
    """One side is taken."""
    branch = Branch(when, Chain([note("a")]), Chain([note("b")]))

    assert await fields_after(branch) == {"words": expected}


async def test_a_failure_ends_a_branch() -> None:
    """Inside a branch the first failure ends it; what comes behind goes on."""
    branch = Branch(ALWAYS, Chain([note("a"), failing(), note("b")]), Chain())

    assert await fields_after(branch, note("c")) == {
        "words": ["a", "c"],
        "partial": True,
    }


async def test_a_branch_may_drop() -> None:
    """What a branch drops is dropped."""
    branch = Branch(ALWAYS, Chain([dropping(), note("a")]), Chain())

    assert await fields_after(branch, note("b")) is None


async def test_conditions_see_all() -> None:
    """Conditions may ask for the id, the time and fields."""
    tags = [
        {"add_tags": {"tags": "id", "when.equals": {"@metadata._id": "id-1"}}},
        {"add_tags": {"tags": "time", "when.regexp": {"@timestamp": "^2026"}}},
        {"add_tags": {"tags": "field", "when.equals": {"a": 1}}},
        {"add_tags": {"tags": "no", "when.equals": {"a": 2}}},
    ]

    changed = await chain(*tags).run(event(a=1))

    assert changed is not None
    assert changed.fields["tags"] == ["id", "time", "field"]


@dataclass(eq=False)
class Waiting:
    """A processor that waits until it is told to go on."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    sources: Sequence[Any] = ()

    async def process(self, one: Event) -> Event:
        """Wait."""
        self.entered.set()
        await self.go.wait()
        put(one, "waited", value=True)
        return one


async def test_waiting() -> None:
    """An event waits for a processor that does."""
    waiting = Waiting()
    task = asyncio.create_task(fields_after(Step.of("w", waiting, None), note("a")))
    await waiting.entered.wait()
    waiting.go.set()

    assert await task == {"waited": True, "words": ["a"]}


async def test_cancelled_while_waiting() -> None:
    """The processor fails and no other is waited for, but the event goes on."""
    first, second = Waiting(), Waiting()
    steps = Step.of("first", first, None), Step.of("second", second, None), note("a")
    task = asyncio.create_task(fields_after(*steps))
    await first.entered.wait()
    task.cancel()

    assert await task == {"words": ["a"]}
    assert task.cancelling() == 1
    assert not second.entered.is_set()


async def test_a_processor_that_cancels_itself() -> None:
    """That is none of our cancelling, and goes up."""

    class Odd:
        async def process(self, one: Event) -> Event:
            raise asyncio.CancelledError(one)

    with pytest.raises(asyncio.CancelledError):
        await fields_after(Step.of("odd", Odd(), None))


def test_sources() -> None:
    """A list needs the sources of all its steps, each once."""
    one, two = object(), object()
    steps: list[Step | Branch] = [
        Step.of("a", Waiting(sources=[one]), None),
        Branch(
            ALWAYS,
            Chain([Step.of("b", Waiting(sources=[two]), None)]),
            Chain([Step.of("c", Waiting(sources=[one]), None)]),
        ),
        note("d"),
    ]

    assert Chain(steps).sources == (one, two)
    assert list(Chain(steps)) == steps
