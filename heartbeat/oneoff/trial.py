"""One check of one target, by the very monitors and runner that `heartbeat run` has.

Owns how their parts are put together without settings, store or schedule, and what is
kept of the check beside its documents. Must not know what is made of it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson

from heartbeat import COMPATIBLE_VERSION, __version__, monitors
from heartbeat.config import MonitorSpec, Section
from heartbeat.oneoff.conditions import conditions_of, tls_facts, trust
from heartbeat.runner import Identity, Site, runners
from heartbeat.schedule import Tick, parse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from heartbeat.clock import Deadline
    from heartbeat.errors import Problem
    from heartbeat.event import Fields, Record, Result
    from heartbeat.monitors.base import Check, Url
    from heartbeat.net import Network
    from heartbeat.net.certificate import Certificate
    from heartbeat.oneoff.conditions import Conditions, Finding
    from heartbeat.oneoff.target import Target

NAME = "check"
"""What documents call a monitor that has no configuration."""

SCHEDULE = "@every 1m"
"""How long the result may be taken for true, for who stores the document."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a check.

    `bodies` are the documents as they would have been sent, the last one with the
    summary. `chains` has the certificates that servers presented, by the fingerprint of
    the first; `findings` the conditions by the address, None where documents have none.
    """

    target: Target
    bodies: Sequence[bytes]
    chains: Mapping[str, Sequence[Certificate]]
    findings: Mapping[str | None, Sequence[Finding]]
    warnings: Sequence[Problem]

    @property
    def documents(self) -> list[Fields]:
        """Return the documents, read."""
        return [orjson.loads(body) for body in self.bodies]


async def attempt(
    target: Target, options: Mapping[str, Any], network: Network, hostname: str
) -> Trial:
    """Check a target once; raises `ConfigError` for options that cannot work."""
    section = Section(dict(options))
    spec = MonitorSpec(
        id=NAME,
        name=NAME,
        type=target.kind,
        plugin=target.kind,
        schedule=parse(SCHEDULE),
        options=section,
    )
    (check,) = monitors.build(spec, network)
    if check.url is not None:
        # Not as it was written: there may be a password in it.
        spec = replace(spec, name=check.url["full"])
    conditions = conditions_of(target.kind, section)
    verifies = options.get("ssl", {}).get("verification_mode") != "none"
    watched = _Watched(check, conditions, verifies=verifies)
    notebook = _Notebook()
    site = Site.of(network.clock, notebook, _identity(hostname))
    (runner,) = runners(spec, [watched], site, {})
    await runner.run(Tick(network.clock.now()), _no_pause)
    return Trial(
        target,
        notebook.bodies,
        watched.chains,
        watched.findings,
        tuple(section.scope.reported),
    )


def _identity(hostname: str) -> Identity:
    agent: Fields = {
        "ephemeral_id": str(uuid.uuid4()),
        "id": str(uuid.uuid4()),
        "name": hostname,
        "type": "heartbeat",
        "version": COMPATIBLE_VERSION,
        "build": {"original": f"heartbeat {__version__}"},
    }
    return Identity(agent=agent)


async def _no_pause(_seconds: float) -> None:
    """Wait for nothing: a single attempt has no pauses."""


@dataclass(slots=True)
class _Notebook:
    """Where the documents go instead of a store."""

    bodies: list[bytes] = field(default_factory=list[bytes])

    def append(self, records: Sequence[Record], states: Mapping[str, bytes]) -> None:
        del states
        self.bodies += [record.body for record in records]

    @property
    def is_full(self) -> bool:
        """Have room for what comes of one check."""
        return False

    async def room(self) -> None:
        """Return: there is always room."""


class _Watched:
    """A check of which more is kept than its documents tell."""

    def __init__(self, check: Check, conditions: Conditions, *, verifies: bool) -> None:
        self._check = conditions.watched(check)
        self._verifies = verifies
        self._conditions = conditions
        self.chains: dict[str, Sequence[Certificate]] = {}
        self.findings: dict[str | None, Sequence[Finding]] = {}

    @property
    def url(self) -> Url | None:
        return self._check.url

    @property
    def timeout(self) -> float:
        return self._check.timeout

    async def run(self, deadline: Deadline) -> AsyncIterator[Result]:
        async for result in self._check.run(deadline):
            for fact in tls_facts(result.facts):
                self.chains[fact.certificate.fingerprint] = fact.chain
            trusted = trust(result) if self._verifies else []
            self.findings[result.ip] = [*trusted, *self._conditions.of(result)]
            yield result
