"""`dns`: names of addresses, addresses of names.

Owns that processor and where results go. Must not know how name servers are asked.
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

from pydantic import AfterValidator, Field

from heartbeat.conditions import MISSING
from heartbeat.conditions.document import flat
from heartbeat.config import Count, Duration, Fields, Flag, Listed, Text, Words
from heartbeat.config import Options as Plain
from heartbeat.errors import ConfigError, ProcessorError
from heartbeat.net.dns import PTR
from heartbeat.processors.access import get, put
from heartbeat.processors.lookups import TYPES, Lookups, Manner
from heartbeat.processors.options import ProcessorOptions, unpacked
from heartbeat.processors.tags import TAGS, add_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import AsyncProcessor, ProcessorContext

ACTIONS: Final = ("append", "replace")
TRANSPORTS: Final[dict[str, int]] = {"udp": 53, "tls": 853}
"""Ways to name servers and their ports."""


def _type(text: str) -> str:
    if text.lower() not in TYPES:
        raise ValueError(f"invalid dns lookup type '{text}' specified in config")
    return text.lower()


def _action(text: str) -> str:
    if text.lower() not in ACTIONS:
        raise ValueError(f"invalid dns action value '{text}', use append or replace")
    return text.lower()


def _transport(text: str) -> str:
    if text.lower() not in TRANSPORTS:
        raise ValueError(f"invalid transport '{text}', use udp or tls")
    return text.lower()


class CapacityOptions(Plain):
    """How much is remembered."""

    max: Count = Field(default=10_000, gt=0, description="The most that is kept.")


class SuccessOptions(Plain):
    """What is remembered of answers."""

    enabled: Flag = Field(default=True, description="Remember answers.")
    min_ttl: Duration = Field(
        default=60.0, gt=0, description="How long an answer is kept at least."
    )
    capacity: CapacityOptions = Field(
        default=CapacityOptions(), description="How many."
    )


class FailureOptions(Plain):
    """What is remembered of failures."""

    enabled: Flag = Field(default=True, description="Remember failures.")
    ttl: Duration = Field(default=60.0, gt=0, description="How long a failure is kept.")
    capacity: CapacityOptions = Field(
        default=CapacityOptions(), description="How many."
    )


class Options(ProcessorOptions):
    """`dns`: looks fields up; the event waits, checks do not."""

    type: Annotated[
        Text, AfterValidator(_type), Words(tuple(TYPES), is_any_case=True)
    ] = Field(description="What is looked up.")
    fields: Fields = Field(description="From fields to where results go.")
    action: Annotated[
        Text, AfterValidator(_action), Words(ACTIONS, is_any_case=True)
    ] = Field(default="append", description="What becomes of a result that is there.")
    nameservers: Listed[Text] = Field(
        default=(), description="Name servers to ask in turn; by default the system's."
    )
    timeout: Duration = Field(
        default=0.5, gt=0, description="The longest that each server is waited for."
    )
    transport: Annotated[
        Text, AfterValidator(_transport), Words(tuple(TRANSPORTS), is_any_case=True)
    ] = Field(default="udp", description="How servers are asked.")
    tag_on_failure: Listed[Text] = Field(
        default=(), description="Tags of events where a lookup failed."
    )
    success_cache: SuccessOptions = Field(
        default=SuccessOptions(), description="What is remembered of answers."
    )
    failure_cache: FailureOptions = Field(
        default=FailureOptions(), description="What is remembered of failures."
    )


class Dns:
    """The processor."""

    def __init__(
        self, options: Options, pairs: Sequence[tuple[str, str]], lookups: Lookups
    ) -> None:
        """Look up the first field of each pair for the second."""
        self._options = options
        self._pairs = pairs
        self._lookups = lookups

    async def process(self, event: Event) -> Event:
        """Write what is found; raises `ProcessorError` with all that is not."""
        subjects = [get(event, source) for source, _ in self._pairs]
        asked = [
            (pair, subject)
            for pair, subject in zip(self._pairs, subjects, strict=True)
            if isinstance(subject, str) and subject
        ]
        found = await asyncio.gather(*(self._lookups.find(one) for _, one in asked))
        faults: list[str] = []
        for ((source, target), subject), result in zip(asked, found, strict=True):
            if isinstance(result, str):
                faults.append(f"{source} value '{subject}': {result}")
            else:
                self._write(event, target, result)
        if faults:
            if self._options.tag_on_failure:
                add_words(event, TAGS, self._options.tag_on_failure)
            raise ProcessorError(f"dns lookup failed: {'; '.join(faults)}")
        return event

    def _write(self, event: Event, target: str, result: Sequence[str]) -> None:
        present: Any = get(event, target)
        if self._options.action == "replace" or present is MISSING or present is None:
            is_name = TYPES[self._options.type] == PTR and len(result) == 1
            put(event, target, result[0] if is_name else list(result))
        elif isinstance(present, (list, tuple)):
            put(event, target, [*cast("Iterable[Any]", present), *result])
        else:
            put(event, target, [present, *result])


def build(section: Section, context: ProcessorContext) -> AsyncProcessor:
    """Return the processor."""
    options = unpacked(section, Options)
    pairs: list[tuple[str, str]] = []
    for source, target in flat(options.fields):
        if not isinstance(target, str) or not target:
            message = f"bad target of {source}: '{target}' is no name of a field"
            raise ConfigError([section.problem(message, "fields")])
        pairs.append((source, target))
    lookups = Lookups(context.network, TYPES[options.type], _manner(section, options))
    return Dns(options, pairs, lookups)


def _manner(section: Section, options: Options) -> Manner:
    port = TRANSPORTS[options.transport]
    try:
        servers = tuple(endpoint_of(text, port) for text in options.nameservers)
    except ValueError as error:
        raise ConfigError([section.problem(str(error), "nameservers")]) from error
    success, failure = options.success_cache, options.failure_cache
    over_tls = options.transport == "tls"
    if over_tls and not servers:
        message = "transport tls needs nameservers: the system's answer over udp"
        raise ConfigError([section.problem(message, "transport")])
    return Manner(
        servers,
        options.timeout,
        over_tls,
        success.min_ttl,
        success.capacity.max if success.enabled else 0,
        failure.ttl,
        failure.capacity.max if failure.enabled else 0,
    )


def endpoint_of(text: str, port: int) -> str:
    """Return a server as `ip:port`; raises `ValueError`."""
    host, written = text, ""
    if text.startswith("["):
        host, _, written = text[1:].partition("]")
        written = written.removeprefix(":")
    elif text.count(":") == 1:
        host, _, written = text.partition(":")
    try:
        address = ip_address(host)
        number = int(written or port)
    except ValueError:
        raise ValueError(f"'{text}' is no address of a name server") from None
    return f"[{address}]:{number}" if address.version == 6 else f"{address}:{number}"  # noqa: PLR2004
