"""When the configuration is read again, and what is said about it.

Owns the rhythm of looking, the rule that nothing invalid replaces what works, and the
counts of it all. Must not know how monitors are built, run or taken out.

Files of monitors are followed by themselves if that is enabled; the main files are read
again when someone asks (SIGHUP). A change has to hold still for a moment before it is
read, so that half-written files do no harm.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from heartbeat import collector
from heartbeat.config import load_monitor_files
from heartbeat.config.models import ReloadOptions
from heartbeat.errors import ConfigError
from heartbeat.reload.diff import (
    by_file,
    compare,
    faulty,
    file_of,
    unique,
    with_last_good,
)
from heartbeat.reload.watch import Notices, fingerprint, folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from heartbeat.clock import Clock
    from heartbeat.config import MonitorFiles, MonitorSource, MonitorSpec, Settings
    from heartbeat.errors import Problem
    from heartbeat.reload.diff import ByFile, Changes
    from heartbeat.reload.roster import Built, Roster

log = logging.getLogger(__name__)

QUIET_SECONDS = 0.5
"""A change counts once the files have not changed any more for so long."""

MOST_LOOKS = 120
"""After so many looks files are read as they are, though they never hold still."""


@dataclass(slots=True)
class Counters:
    """What reloading has to say about itself.

    `errors` counts faults, each once for as long as it lasts; `invalid` names the files
    whose last good monitors run, or of whose monitors only the good ones do.
    """

    scans: int = 0
    reloads: int = 0
    errors: int = 0
    invalid: tuple[str, ...] = ()


class Reloader:
    """Keeps the running monitors in line with what is written."""

    def __init__(
        self,
        roster: Roster,
        settings: Settings,
        load: Callable[[], Settings],
        clock: Clock,
        around: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Assume that `settings` run already; `load` reads them anew.

        `around` is entered while everything is read again.
        """
        self._around = around
        self._roster = roster
        self._settings = settings
        self._load = load
        self._clock = clock
        self._woken = asyncio.Event()
        self._is_asked = False
        self._seen = b""
        self._good: ByFile = by_file(settings.files)
        self._said: set[Problem] = set(settings.files.problems)
        self.counters = Counters(invalid=tuple(sorted(faulty(settings.files))))

    def ask(self) -> None:
        """Have everything read again, the main files included."""
        self._is_asked = True
        self._woken.set()

    async def run(self) -> None:
        """Follow the configuration until cancelled."""
        with Notices(self._woken.set) as notices:
            while True:
                source = self._followed()
                if source is not None:
                    notices.follow(folders(source.pattern))
                await self._rest()
                try:
                    await self._attend()
                except Exception:
                    log.exception("reloading failed; the monitors stay as they are")

    async def look(self) -> None:
        """Read the files of monitors again if they are not what they were."""
        source = self._followed()
        if source is None:
            return
        self.counters.scans += 1
        seen = await self._steady(source.pattern)
        if seen == self._seen:
            return
        files = await asyncio.to_thread(load_monitor_files, source)
        await self._bring(_inline(self._settings), files)
        self._seen = seen

    async def reload(self) -> None:
        """Read everything again; with any fault of the main files nothing changes."""
        try:
            settings = await asyncio.to_thread(self._load)
            await self._bring(_inline(settings), settings.files, is_strict=True)
        except ConfigError as error:
            self._said -= set(error.problems)
            self._say(error.problems)
            log.error(  # noqa: TRY400 - for the operator, who has no use for a trace
                "the configuration is invalid and stays as it was: %d errors",
                sum(not problem.is_warning for problem in error.problems),
            )
            return
        if _rest_of(settings) != _rest_of(self._settings):
            log.warning("options outside of monitors have changed: restart to use them")
        self._settings = settings

    def _followed(self) -> MonitorSource | None:
        return self._settings.source if self._options().enabled else None

    def _options(self) -> ReloadOptions:
        files = self._settings.options.heartbeat.config.monitors
        return files.reload if files else ReloadOptions()

    async def _rest(self) -> None:
        """Return when there is reason to look, or a period has passed."""
        if self._followed() is None:
            await self._woken.wait()
            return
        due = self._clock.monotonic() + self._options().period
        timer = self._clock.call_at(due, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            timer.cancel()

    async def _attend(self) -> None:
        self._woken.clear()
        if self._is_asked:
            self._is_asked = False
            with self._around():
                await self.reload()
        else:
            await self.look()

    async def _steady(self, pattern: str) -> bytes:
        """Return the fingerprint of the files once it holds still."""
        seen = await asyncio.to_thread(fingerprint, pattern)
        for _ in range(MOST_LOOKS):
            if seen == self._seen:
                break
            await self._clock.sleep_until(self._clock.monotonic() + QUIET_SECONDS)
            before, seen = seen, await asyncio.to_thread(fingerprint, pattern)
            if seen == before:
                break
        return seen

    async def _bring(
        self,
        inline: Sequence[MonitorSpec],
        files: MonitorFiles,
        *,
        is_strict: bool = False,
    ) -> None:
        """Make these the running monitors, broken files by their last good ones.

        With `is_strict` raises `ConfigError` for a fault of the monitors beside them.
        """
        draft = _Draft(inline, files, self._good)
        while True:
            changes = compare(self._roster.digests, draft.monitors)
            built = await asyncio.to_thread(self._roster.build, changes.wanted)
            if draft.accepts(built, is_strict=is_strict):
                break
        await self._roster.apply(changes, built)
        self._good = draft.wanted
        self.counters.invalid = tuple(sorted(draft.broken))
        self._say((*files.problems, *draft.problems))
        if changes:
            self.counters.reloads += 1
            log.info("%s", _words(changes))
            collector.spare()

    def _say(self, problems: Iterable[Problem]) -> None:
        """Log what was not true the last time."""
        found = dict.fromkeys(problems)
        for problem in found:
            if problem not in self._said:
                level = logging.WARNING if problem.is_warning else logging.ERROR
                log.log(level, "%s", problem)
                self.counters.errors += not problem.is_warning
        self._said = set(found)


class _Draft:
    """What is to run next, while it turns out which files can be used."""

    def __init__(
        self, inline: Sequence[MonitorSpec], files: MonitorFiles, good: ByFile
    ) -> None:
        self._inline = inline
        self._found = by_file(files)
        self._good = good
        self.broken = faulty(files)
        self.problems: list[Problem] = []

    @property
    def wanted(self) -> ByFile:
        """Return the monitors of each file."""
        return with_last_good(self._found, self._good, self.broken)

    @property
    def monitors(self) -> list[MonitorSpec]:
        """Return all monitors."""
        return unique((*self._inline, *chain.from_iterable(self.wanted.values())))

    def accepts(self, built: Sequence[Built], *, is_strict: bool) -> bool:
        """Return whether the monitors can be used as they were built.

        If not, a file has turned out to be broken that has something to fall back to.
        """
        faults: dict[str, list[Problem]] = {}
        for one in built:
            if one.problems:
                faults.setdefault(file_of(one.spec), []).extend(one.problems)
        elsewhere = faults.keys() - self._found.keys()
        if is_strict and elsewhere:
            raise ConfigError([p for name in elsewhere for p in faults[name]])
        broken = faults.keys() - elsewhere - self.broken
        self.problems += chain.from_iterable(faults.values())
        self.broken |= broken
        return broken.isdisjoint(self._good)


def _inline(settings: Settings) -> Sequence[MonitorSpec]:
    """Return the monitors of the main files, which come first."""
    return settings.monitors[: len(settings.monitors) - len(settings.files.monitors)]


def _rest_of(settings: Settings) -> tuple[object, ...]:
    """Return everything that a reload does not bring about."""
    options = settings.options
    heartbeat = options.heartbeat.model_copy(update={"config": None})
    outputs = {name: output.lenient() for name, output in settings.outputs.items()}
    return options.model_copy(update={"heartbeat": heartbeat}), settings.paths, outputs


def _words(changes: Changes) -> str:
    new, changed, removed = changes.new, changes.changed, changes.removed
    return (
        f"the monitors were read again: {len(new)} new, {len(changed)} changed,"
        f" {len(removed)} removed"
    )
