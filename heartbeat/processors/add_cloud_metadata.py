"""`add_cloud_metadata`: the machine, as its cloud knows it.

Owns that processor and when the cloud is asked. Must not know how.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

from pydantic import AfterValidator, Field

from heartbeat.config import Duration, Flag, Listed, Text
from heartbeat.errors import ConfigError
from heartbeat.processors import cloud
from heartbeat.processors.access import get, put
from heartbeat.processors.merging import merged
from heartbeat.processors.options import ProcessorOptions, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.clock import Clock
    from heartbeat.config import Section
    from heartbeat.event import Event, Fields
    from heartbeat.processors.base import Processor, ProcessorContext, Source

VARIABLE: Final = "BEATS_ADD_CLOUD_METADATA_PROVIDERS"
AGAIN: Final = (30.0, 300.0)
"""Seconds before questions that nobody answered are asked again; then never."""

log = logging.getLogger(__name__)


def _provider(text: str) -> str:
    name = cloud.ALIASES.get(text, text)
    if name not in cloud.PROVIDERS:
        raise ValueError(
            f"unknown provider {text}; those that are asked without credentials are"
            f" {', '.join(cloud.PROVIDERS)}"
        )
    return name


class Options(ProcessorOptions):
    """`add_cloud_metadata`: writes what the machine's cloud says of it to `cloud`."""

    timeout: Duration = Field(
        default=3.0, gt=0, description="The longest that the cloud is waited for."
    )
    providers: Listed[Annotated[Text, AfterValidator(_provider)]] = Field(
        default=(), description="Clouds to ask; all if empty."
    )
    overwrite: Flag = Field(
        default=False, description="Write even if the event has facts of a cloud."
    )


class CloudFacts:
    """What the cloud says; None before it has answered."""

    def __init__(self, clock: Clock, providers: Sequence[str], patience: float) -> None:
        """Ask nothing yet."""
        self._clock = clock
        self._providers = providers
        self._patience = patience
        self.found: Fields | None = None

    async def run(self) -> None:
        """Ask, and twice more if nobody answers."""
        for pause in (*AGAIN, None):
            self.found = await cloud.ask(self._providers, self._patience)
            if self.found is not None:
                log.info("add_cloud_metadata: cloud is %s", self.found["provider"])
                return
            if pause == AGAIN[0]:
                log.info("add_cloud_metadata: no cloud answers at %s", cloud.ADDRESS)
            if pause is not None:
                await self._clock.sleep_until(self._clock.monotonic() + pause)


class AddCloudMetadata:
    """The processor."""

    def __init__(self, facts: CloudFacts, *, overwrite: bool) -> None:
        """Write these facts."""
        self.sources: Sequence[Source] = (facts,)
        self._facts = facts
        self._overwrite = overwrite

    def __call__(self, event: Event) -> Event:
        """Write what is known by now."""
        found = self._facts.found
        present: Any = get(event, "cloud")
        has_facts = isinstance(present, dict) and present != {}
        if found is None or (has_facts and not self._overwrite):
            return event
        if has_facts:
            found = merged(cast("Fields", present), found, overwrite=True)
        put(event, "cloud", found)
        return event


def build(section: Section, context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    providers = options.providers or _from_environment(section, context)
    wanted = tuple(name for name in cloud.PROVIDERS if name in providers)
    key = (CloudFacts, wanted, options.timeout)
    facts = context.sources.of(
        key, lambda: CloudFacts(context.clock, wanted, options.timeout)
    )
    return AddCloudMetadata(facts, overwrite=options.overwrite)


def _from_environment(section: Section, context: ProcessorContext) -> Sequence[str]:
    """Return the clouds that a variable names, all without it."""
    names = context.environment.get(VARIABLE, "").split(",")
    try:
        found = [_provider(name.strip()) for name in names if name.strip()]
    except ValueError as error:
        raise ConfigError([section.problem(f"{VARIABLE}: {error}")]) from error
    return found or tuple(cloud.PROVIDERS)
