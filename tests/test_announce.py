"""What repeats is announced at once and then once a minute, and nothing is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.announce import Kinds, Outage, Tally, span

if TYPE_CHECKING:
    from tests.support.clock import FakeClock


async def test_the_first_is_announced_at_once(clock: FakeClock) -> None:
    """A first occurrence does not wait."""
    said: list[int] = []
    Tally(clock, said.append).add(3)

    assert said == [3]


async def test_what_follows_is_added_up(clock: FakeClock) -> None:
    """Occurrences within a minute are announced together at its end."""
    said: list[int] = []
    tally = Tally(clock, said.append)
    tally.add()
    tally.add(2)
    tally.add(4)

    await clock.advance(60)

    assert said == [1, 6]


async def test_silence_ends_a_tally(clock: FakeClock) -> None:
    """After a quiet minute nothing is announced and the next is a first again."""
    said: list[int] = []
    tally = Tally(clock, said.append)
    tally.add()
    await clock.advance(120)

    tally.add(5)

    assert said == [1, 5]


async def test_closing_leaves_nothing_out(clock: FakeClock) -> None:
    """What waits for its minute is announced when there is no more time."""
    said: list[int] = []
    tally = Tally(clock, said.append)
    tally.add()
    tally.add(2)

    tally.close()
    tally.close()

    assert said == [1, 2]
    assert clock.timers == 0


async def test_kinds_are_announced_apart(clock: FakeClock) -> None:
    """Each kind has its own minute, and its latest words are used."""
    said: list[tuple[str, int, str]] = []

    def say(form: str, count: int, words: str) -> None:
        said.append((form, count, words))

    kinds = Kinds(clock, say)
    kinds.add("%d rejected", "400", "bad 1", 1)
    kinds.add("%d rejected", "400", "bad 2", 2)
    kinds.add("%d rejected", "413", "large", 1)
    kinds.add("%d delayed", "400", "busy", 1)
    kinds.close()

    assert said == [
        ("%d rejected", 1, "bad 1"),
        ("%d rejected", 1, "large"),
        ("%d delayed", 1, "busy"),
        ("%d rejected", 2, "bad 2"),
    ]


async def test_very_many_kinds_are_one(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of kinds is bounded, their occurrences are still counted."""
    monkeypatch.setattr("heartbeat.announce.MAX_KINDS", 2)
    said: list[tuple[str, int, str]] = []

    def say(form: str, count: int, words: str) -> None:
        said.append((form, count, words))

    kinds = Kinds(clock, say)
    for number in range(5):
        kinds.add("%d", str(number), f"words {number}", 1)
    kinds.close()

    assert said == [
        ("%d", 1, "words 0"),
        ("%d", 1, "words 1"),
        ("%d", 1, "words 2"),
        ("%d", 2, "words 4"),
    ]


async def test_an_outage_is_announced_once_a_minute(clock: FakeClock) -> None:
    """The first failure speaks at once, later ones wait for the minute."""
    outage = Outage(clock)
    said = [outage.failed(), outage.failed()]
    await clock.advance(60)
    said.append(outage.failed())

    assert said == ["", None, "still, after 1m00s and 3 attempts, "]


async def test_the_end_of_an_outage_tells_its_length(clock: FakeClock) -> None:
    """The recovery says how long it took; success without an outage says nothing."""
    outage = Outage(clock)
    outage.failed()
    lasted = outage.lasts
    await clock.advance(252)

    assert [outage.worked(), outage.worked()] == ["4m12s", None]
    assert [lasted, outage.lasts] == [True, False]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4s"), (1, "1s"), (59.9, "59s"), (60, "1m00s"), (7500, "2h05m")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    """A duration has the precision an operator wants."""
    assert text == span(seconds)
