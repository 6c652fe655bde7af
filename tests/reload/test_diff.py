"""What is new, changed and gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.config import MonitorFiles
from heartbeat.errors import Problem
from heartbeat.reload.diff import Changes, compare, faulty, unique, with_last_good
from tests.support.stage import spec_of

if TYPE_CHECKING:
    from heartbeat.config import MonitorSpec


def spec(name: str, digest: str = "1") -> MonitorSpec:
    """Return a monitor that is told by its id and digest."""
    return spec_of(id=name, digest=digest)


def test_compare_tells_new_changed_and_removed() -> None:
    """Unchanged ones are in none of the lists."""
    kept, changed, new = spec("kept"), spec("changed", "2"), spec("new")
    running = {"kept": "1", "changed": "1", "removed": "1"}

    assert compare(running, [kept, changed, new]) == Changes(
        (new,), (changed,), ("removed",)
    )


@pytest.mark.parametrize(
    "changes",
    [Changes(new=(spec("a"),)), Changes(changed=(spec("a"),)), Changes(removed=("a",))],
)
def test_any_difference_is_a_change(changes: Changes) -> None:
    """Whether anything is to be done is whether any list holds something."""
    assert changes


def test_nothing_to_do() -> None:
    """The same monitors again are no change."""
    assert not compare({"a": "1"}, [spec("a")])


def test_what_is_wanted_is_new_or_changed() -> None:
    """Removed ones need not be built."""
    a, b = spec("a"), spec("b")

    assert Changes((a,), (b,), ("c",)).wanted == (a, b)


def test_faulty_are_unreadable_files_and_those_with_a_fault() -> None:
    """A doubt does not make a file faulty."""
    problems = [
        Problem("bad", file="bad.yml"),
        Problem("odd", file="odd.yml", is_warning=True),
    ]
    files = MonitorFiles((), frozenset({"gone.yml"}), dict.fromkeys(problems))

    assert faulty(files) == {"bad.yml", "gone.yml"}


def test_broken_file_gives_its_last_good_monitors() -> None:
    """All of them, and none of those that are found in it now."""
    old, half, other = spec("old"), spec("half"), spec("other")

    assert with_last_good(
        {"a.yml": (half,), "b.yml": (other,)}, {"a.yml": (old,)}, {"a.yml"}
    ) == {"b.yml": (other,), "a.yml": (old,)}


def test_broken_file_without_a_past_gives_what_it_can() -> None:
    """As at the start."""
    found = {"a.yml": (spec("half"),)}

    assert with_last_good(found, {}, {"a.yml", "b.yml"}) == found


def test_file_that_is_gone_gives_nothing() -> None:
    """Its last good monitors are for a file that is broken."""
    assert with_last_good({}, {"a.yml": (spec("old"),)}, set()) == {}


def test_first_of_an_id_stays() -> None:
    """What comes later with the same id is left out."""
    assert unique([spec("a", "1"), spec("a", "2")]) == [spec("a", "1")]
