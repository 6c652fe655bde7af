"""The template, put in place by the running process before the first document.

Owns when that happens: whenever the output connects and the template is missing, and
when a monitor joins that names a stream of its own. Only the output's own worker waits
for it, neither checks nor other outputs do. Must not know what is installed.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from heartbeat.elastic.install import LATE, install, opened
from heartbeat.elastic.refusal import TEMPLATES
from heartbeat.elastic.streams import ASKED, Fit, fit_of, streams_of
from heartbeat.outputs.elasticsearch.server import OK, read_object, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from heartbeat.clock import Clock
    from heartbeat.config import MonitorSpec
    from heartbeat.elastic.plan import Plan
    from heartbeat.outputs.base import Output
    from heartbeat.outputs.elasticsearch.access import Access
    from heartbeat.outputs.elasticsearch.client import Client
    from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput
    from heartbeat.outputs.elasticsearch.server import Answer

log = logging.getLogger(__name__)

NOT_FOUND = 404
FORBIDDEN = 403
REMEDY = (
    "events are sent all the same; run `heartbeat setup` once with an account that has"
    " the privilege, then set setup.template.enabled: false here"
)


def attach(
    outputs: Iterable[Output], plan: Plan, clock: Clock
) -> Callable[[MonitorSpec], None]:
    """Have outputs to Elasticsearch look after the template before their documents.

    Returns whom to tell of every monitor that is put in place: one that is new may name
    a stream that nobody has looked after yet.
    """
    preparations: list[Preparation] = []
    for output in outputs:
        if output.name == "elasticsearch" and plan.options.template.enabled:
            known = cast("ElasticsearchOutput", output)
            preparation = Preparation(plan, clock, known.prepare_again)
            known.prepare_with(preparation)
            preparations.append(preparation)

    def expect(spec: MonitorSpec) -> None:
        for preparation in preparations:
            preparation.expect(spec)

    return expect


class Preparation:
    """Makes sure of the template, each time an output has connected."""

    def __init__(self, plan: Plan, clock: Clock, again: Callable[[], None]) -> None:
        """Ask for nothing yet; `again` has the cluster prepared once more."""
        self._plan = plan
        self._clock = clock
        self._again = again
        self._is_done = False
        self._is_allowed = True

    def expect(self, spec: MonitorSpec) -> None:
        """Take note of a monitor that is to send documents from now on."""
        known = {stream.template_name for stream in self._plan.streams}
        fresh = [one for one in streams_of([spec]) if one.template_name not in known]
        if fresh:
            self._plan = replace(self._plan, streams=(*self._plan.streams, *fresh))
            self._again()

    async def __call__(self, client: Client, access: Access) -> None:
        """Install what is missing; raises `OutputUnavailable` if that has to wait.

        Where it is not permitted, that is said once, and documents go out without.
        """
        if not self._is_allowed or not await self._has_to(client):
            return
        faults: list[str] = []
        async with opened(access, self._clock) as cluster:
            async for finding in install(self._plan, cluster):
                if finding.verdict == "ERROR":
                    faults.append(finding.text)
                else:
                    is_late = finding.text == LATE
                    level = logging.WARNING if is_late else logging.INFO
                    log.log(level, "%s: %s", finding.name, finding.text)
        if faults:
            self._give_up("; ".join(faults))
        self._is_done = True

    async def _has_to(self, client: Client) -> bool:
        """Say whether there is something to install, at the price of few requests."""
        path = f"/_index_template/{quote(self._plan.name, safe='')}"
        query = {"filter_path": "index_templates.name"}
        answer = await client.get(path, query=query)
        if answer.status == NOT_FOUND:
            return True
        if not self._may_look(answer, f"the index template {self._plan.name}"):
            return False
        wanted = self._plan.options.template.overwrite and not self._is_done
        return wanted or await self._lacks_any(client)

    async def _lacks_any(self, client: Client) -> bool:
        """Say whether a stream that a monitor names would be mapped badly."""
        for stream in self._plan.streams:
            path = f"/_index_template/_simulate_index/{quote(stream.name, safe='')}"
            answer = await client.post(path, b"", query={"filter_path": ASKED})
            if not self._may_look(answer, f"the template of {stream.name}"):
                return False
            if fit_of(read_object(answer.body)) in (Fit.NONE, Fit.OUTDATED):
                return True
        return False

    def _may_look(self, answer: Answer, what: str) -> bool:
        """Say whether an answer tells something; raises for what has to wait."""
        if answer.status == FORBIDDEN:
            self._give_up(f"cannot look for {what}: {TEMPLATES} is missing")
            return False
        if answer.status != OK:
            raise refused(answer, self._clock)
        return True

    def _give_up(self, why: str) -> None:
        self._is_allowed = False
        log.warning("%s; %s", why, REMEDY)
