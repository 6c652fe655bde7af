"""Telling the operator about what repeats: at once, then once a minute with a count.

Owns the rate limit and the wording of durations. Must not know what is announced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.clock import Clock, Timer

INTERVAL = 60.0
"""Seconds between two announcements of the same thing."""

MAX_KINDS = 100


class Tally:
    """Counts occurrences of one thing and announces them, none left out.

    The first is announced at once; what follows within a minute is added up and
    announced at its end.
    """

    __slots__ = ("_clock", "_count", "_say", "_timer")

    def __init__(self, clock: Clock, say: Callable[[int], None]) -> None:
        """Announce by calling `say` with how many there were since the last call."""
        self._clock = clock
        self._say = say
        self._count = 0
        self._timer: Timer | None = None

    def add(self, count: int = 1) -> None:
        """Count some more."""
        self._count += count
        if self._timer is None:
            self._announce()

    def close(self) -> None:
        """Announce what was not announced yet and stop counting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._count:
            self._say(self._count)
            self._count = 0

    def _announce(self) -> None:
        self._timer = None
        if self._count:
            self._say(self._count)
            self._count = 0
            due = self._clock.monotonic() + INTERVAL
            self._timer = self._clock.call_at(due, self._announce)


class Kinds:
    """Tallies of many kinds of things, each announced with the latest words about it.

    A kind is the form of its announcement and what its occurrences have in common.
    """

    __slots__ = ("_clock", "_known", "_say")

    def __init__(self, clock: Clock, say: Callable[[str, int, str], None]) -> None:
        """Announce by calling `say` with the form, the count and the latest words."""
        self._clock = clock
        self._say = say
        self._known: dict[tuple[str, str], _Kind] = {}

    def add(self, form: str, common: str, words: str, count: int) -> None:
        """Count some of a kind; beyond a hundred kinds they are counted as one."""
        if len(self._known) >= MAX_KINDS and (form, common) not in self._known:
            common = "others"
        kind = self._known.get((form, common))
        if kind is None:
            kind = self._known[form, common] = _Kind(self._clock, self._say, form)
        kind.words = words
        kind.tally.add(count)

    def close(self) -> None:
        """Announce what was not announced yet."""
        for kind in self._known.values():
            kind.tally.close()


class _Kind:
    __slots__ = ("tally", "words")

    def __init__(
        self, clock: Clock, say: Callable[[str, int, str], None], form: str
    ) -> None:
        self.words = ""
        self.tally = Tally(clock, lambda count: say(form, count, self.words))


class Outage:
    """One thing that fails, keeps failing and works again, in three kinds of lines.

    The first failure is announced at once, a lasting one once a minute, the recovery
    with how long it took.
    """

    __slots__ = ("_announced_at", "_attempts", "_clock", "_since")

    def __init__(self, clock: Clock) -> None:
        """Assume that all is well."""
        self._clock = clock
        self._since: float | None = None
        self._announced_at = 0.0
        self._attempts = 0

    @property
    def lasts(self) -> bool:
        """Say whether the last attempt failed."""
        return self._since is not None

    def failed(self) -> str | None:
        """Note a failed attempt.

        Returns how an announcement begins, None if it is too early for another one.
        """
        now = self._clock.monotonic()
        self._attempts += 1
        if self._since is None:
            self._since = self._announced_at = now
            return ""
        if now - self._announced_at < INTERVAL:
            return None
        self._announced_at = now
        lasted = span(now - self._since)
        return f"still, after {lasted} and {self._attempts} attempts, "

    def worked(self) -> str | None:
        """Note a successful attempt; return how long the outage was that it ended."""
        if self._since is None:
            return None
        lasted = span(self._clock.monotonic() - self._since)
        self._since = None
        self._attempts = 0
        return lasted


def span(seconds: float) -> str:
    """Return a duration as an operator reads it: `0.4s`, `59s`, `4m12s`, `2h05m`."""
    if seconds < 1:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004 - minutes in an hour
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m"
