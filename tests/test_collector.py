"""When the garbage collector looks, and at what."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from heartbeat import collector
from heartbeat.config import load_monitor_files
from tests.support.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Node:
    """Something that leads to itself."""

    def __init__(self) -> None:
        """Make the cycle."""
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Give back what a test has taken out of the collector's sight."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def seen(kind: type[object]) -> int:
    """Return how many objects of a kind the collector would look at."""
    return sum(type(one) is kind for one in gc.get_objects())


class TestAtRest:
    """While something is made that stays."""

    def test_no_round(self) -> None:
        """However much is made, nobody looks at it meanwhile."""
        with collector.at_rest():
            assert not gc.isenabled()

        assert gc.isenabled()

    def test_what_was_made_is_out_of_sight(self) -> None:
        """The first round behind it has nothing to walk over."""
        with collector.at_rest():
            made = Node()

        assert seen(Node) == 0
        assert made.itself is made

    def test_earlier_cycles_do_not_stay(self) -> None:
        """What was garbage before is not kept for good."""
        garbage = weakref.ref(Node())
        with collector.at_rest():
            pass

        assert garbage() is None

    def test_within_itself(self) -> None:
        """The rest lasts until the outermost one ends."""
        with collector.at_rest():
            with collector.at_rest():
                pass
            assert not gc.isenabled()

        assert gc.isenabled()

    def test_a_failure_ends_it(self) -> None:
        """A configuration that cannot be read leaves the collector at work."""
        with pytest.raises(ValueError, match="bad"), collector.at_rest():
            raise ValueError("bad")

        assert gc.isenabled()


class TestSettle:
    """Behind the start."""

    def test_what_is_there_is_spared(self) -> None:
        """It is not walked over again."""
        made = Node()
        collector.settle()

        assert seen(Node) == 0
        assert made.itself is made

    def test_bursts_are_no_reason_to_collect(self) -> None:
        """A thousand checks under way are less than what makes the collector look."""
        before = gc.get_threshold()
        collector.settle()

        assert gc.get_threshold() == (collector.MANY_OBJECTS, *before[1:])


FILE = """
- {type: http, id: web, schedule: '@every 5s', urls: ['https://localhost:1'],
   check.response: {status: [200], body: ['a+']}, tags: [one]}
- {type: tcp, id: db, schedule: '0 * * * * * *', hosts: ['localhost:1'], mode: all}
- {type: icmp, id: host, schedule: '@every 10s', hosts: ['127.0.0.1']}
"""
FAULTS = """
- {type: http, id: web, schedule: '@every 5x', urls: 3, check.response: {body: ['(']}}
- {type: nothing, id: db}
"""


@pytest.mark.parametrize("text", [FILE, FAULTS, "- [", "a: b: c"])
def test_reading_monitors_leaves_no_cycle(tmp_path: Path, text: str) -> None:
    """It would never be collected, and files may be read a thousand times a day."""
    folder = tmp_path / "monitors.d"
    folder.mkdir()
    (folder / "some.yml").write_text(text, encoding="utf-8")
    followed = (
        "output.console.enabled: true\n"
        f"heartbeat.config.monitors.path: {folder}/*.yml\n"
    )
    source = settings_of(tmp_path, followed).source
    assert source is not None
    load_monitor_files(source)  # what is kept from the first time on is no garbage
    gc.unfreeze()
    gc.collect()

    load_monitor_files(source)
    gc.unfreeze()

    assert gc.collect() == 0
