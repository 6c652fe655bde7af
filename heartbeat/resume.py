"""States taken up from Elasticsearch, where the store knows none.

Owns whom to ask for which monitors, for how long, and what is said about it. Must not
know how a search looks or how states are kept.

The store is what states survive in. Without it, as in a container whose disk is gone,
the documents already sent still tell how things stood. They are asked for in the
background: no check waits for the answer. Only the judgement on the first outcomes
does, for `PATIENCE` seconds at most, outside of all limits, because a state once begun
cannot be unsaid. An answer that comes later meets states that documents have already
told, and then this holds:

1. Nothing recorded yet: the past state goes on, as if the store had kept it.
2. Only one state yet, of the same status as the past one: the target has been in the
   past state all along. That one goes on, with its id, its start and the checks of
   both; the first document after the answer has the short state under `state.ends`.
3. Anything else: the past state ended when this process began its first one, which goes
   on as it is. The next document that has no other `state.ends` has the past one there.

So no document already sent is contradicted: a state keeps its id and its start, every
state that was begun is ended by one document, and every check counts once. Whether
nobody looked for a while, `heartbeat.gap` tells in the first case.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from typing import TYPE_CHECKING, Final, cast

from heartbeat.elastic.states import PAST_NS, Search, Sought, is_final
from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.elasticsearch.access import open_client

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from heartbeat.clock import Clock
    from heartbeat.config import Settings
    from heartbeat.outputs.base import Output
    from heartbeat.outputs.elasticsearch.access import Access
    from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput
    from heartbeat.reload import Roster
    from heartbeat.runner import Runner, Site
    from heartbeat.state import Past

log = logging.getLogger(__name__)

PATIENCE: Final = 2.0
"""Seconds that the first outcomes are kept unjudged for the answer."""

LONGEST_PAUSE: Final = 60.0
STREAMS: Final = ("heartbeat-*", "synthetics-*")
"""Where the reference looks."""

_REFERENCE = re.compile(r"%\{(\[[^\]]*\]|\+[^}]*)\}")


class Resumption:
    """Asks once, and again until there is an answer."""

    def __init__(
        self, roster: Roster, site: Site, access: Access, indices: Sequence[str]
    ) -> None:
        """Ask for nothing yet, but let the first outcomes wait from now on."""
        self._roster = roster
        self._clock: Clock = site.clock
        self._patience = site.patience
        self._access = access
        self._sought = distinct(roster.runners)
        since_ns = self._clock.now() - PAST_NS
        self._search = Search(indices, since_ns, site.identity.agent["ephemeral_id"])
        self._patience.until = self._clock.monotonic() + PATIENCE

    async def run(self) -> None:
        """Take up what is found; return when there is nothing left to wait for."""
        try:
            await self._run()
        except Exception:
            log.exception("states cannot be loaded from Elasticsearch; they begin anew")
        finally:
            self._patience.until = 0.0

    async def _run(self) -> None:
        pause = 1.0
        while True:
            try:
                found = await self._ask()
            except OutputUnavailable as error:
                if is_final(error):
                    log.warning("states are not loaded from Elasticsearch: %s", error)
                    return
                self._tell(error, is_first=self._patience.until > 0.0)
            else:
                self._take_up(found)
                return
            self._patience.until = 0.0
            await self._clock.sleep_until(self._clock.monotonic() + pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _ask(self) -> Mapping[str, Past]:
        client = await open_client(self._access, self._clock)
        try:
            return await self._search.ask(
                client, list(self._sought.values()), self._clock
            )
        finally:
            await client.close()

    def _tell(self, error: OutputUnavailable, *, is_first: bool) -> None:
        log.log(
            logging.WARNING if is_first else logging.DEBUG,
            "states cannot be loaded from Elasticsearch yet: %s",
            error,
        )

    def _take_up(self, found: Mapping[str, Past]) -> None:
        """Hand the states to whoever runs those monitors by now."""
        taken = 0
        for runner in self._roster.runners:
            sought = self._sought.get(runner.id)
            past = found.get(runner.monitor_id)
            if past is not None and sought == sought_by(runner):
                runner.recall(past)
                taken += 1
        log.info(
            "the states of %d of %d monitors were found in Elasticsearch",
            taken,
            len(self._sought),
        )


def resumption_of(
    settings: Settings, roster: Roster, site: Site, outputs: Iterable[Output]
) -> Resumption | None:
    """Return what asks for the states; None if they are known or not wanted."""
    if not settings.options.heartbeat.load_states:
        return None
    runners = roster.runners
    if not runners or not all(runner.is_new for runner in runners):
        return None
    for output in outputs:
        if output.name == "elasticsearch":
            access = cast("ElasticsearchOutput", output).access
            return Resumption(roster, site, access, indices_of(settings))
    return None


def indices_of(settings: Settings) -> list[str]:
    """Return where documents of the monitors may be, dates and fields as wildcards."""
    section = settings.outputs["elasticsearch"].get("index")
    written = [] if section is None or section.is_null() else [str(section.plain())]
    for spec in settings.monitors:
        if spec.index:
            written.append(spec.index)
        elif spec.data_stream is not None:
            stream = spec.data_stream
            written.append(f"{stream.type}-{stream.dataset}-{stream.namespace}")
    patterns = (_REFERENCE.sub("*", text) for text in written)
    return list(dict.fromkeys((*STREAMS, *(one for one in patterns if one.strip("*")))))


def distinct(runners: Sequence[Runner]) -> dict[str, Sought]:
    """Return what to look for, without those whose documents look like another's."""
    count = Counter(runner.monitor_id for runner in runners)
    return {
        runner.id: sought_by(runner)
        for runner in runners
        if count[runner.monitor_id] == 1
    }


def sought_by(runner: Runner) -> Sought:
    """Return what a runner's documents are found by."""
    return Sought(runner.monitor_id, runner.type, runner.location)
