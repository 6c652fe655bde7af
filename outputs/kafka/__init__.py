"""`output.kafka`: documents to topics of Kafka.

Owns the building of the output from its section; the parts have modules of their own.
Must not connect.
"""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, cast

from heartbeat.errors import ConfigError, OutputUnavailable
from heartbeat.outputs.codec import Envelope, build_codec
from heartbeat.outputs.kafka.client import Access
from heartbeat.outputs.kafka.options import (
    PORT,
    HashOptions,
    KafkaOptions,
    SpreadOptions,
    TopicRule,
)
from heartbeat.outputs.kafka.output import KafkaOutput, Probes, Shape
from heartbeat.outputs.kafka.partition import Hash, Spread
from heartbeat.outputs.reach import Reach, parse_host
from heartbeat.outputs.selector import build_selector, format_of
from heartbeat.outputs.trust import TlsAccess, Trust

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.outputs.base import OutputContext
    from heartbeat.outputs.kafka import producer
    from heartbeat.outputs.kafka.client import Client
    from heartbeat.outputs.kafka.partition import Partitioner

__all__ = ["KafkaOutput", "build"]

STRATEGIES = ("random", "round_robin", "hash")


def build(section: Section, context: OutputContext) -> KafkaOutput:
    """Return the output that the section describes; raises `ConfigError`."""
    options = section.unpack(KafkaOptions)
    chosen = _strategy(section, options)
    hosts = tuple(dict.fromkeys(parse_host(text, PORT) for text in options.hosts))
    is_secure = options.ssl is not None and options.ssl.enabled
    tls = TlsAccess.of(options.ssl, context.network) if is_secure else None
    opener = Opener(_access(options, tuple(map(str, hosts)), is_secure=is_secure), tls)
    shape = Shape(
        build_codec(section, context, Envelope(end=b"")),
        build_selector(section, "topic", TopicRule),
        format_of(section, "key", options.key) if options.key else None,
        chosen.partitioner(),
        reachable_only=chosen.options.reachable_only,
        headers=[(one.key, one.value.encode()) for one in options.headers],
    )
    rules = None if tls is None else tls.rules
    reach = Reach(context.network, timeout=options.timeout, tls=rules)
    return KafkaOutput(opener.open, shape, options.limits(1), Probes(reach, hosts))


class Opener:
    """Makes clients for one cluster."""

    def __init__(self, access: Access, tls: TlsAccess | None) -> None:
        """Load nothing yet."""
        self._access = access
        self._tls = tls

    async def open(self) -> Client:
        """Return a client; raises `OutputUnavailable`.

        In a thread: the first import of the library and certificates take their time.
        """
        loop = asyncio.get_running_loop()
        name = "heartbeat.outputs.kafka.producer"
        module = await loop.run_in_executor(None, importlib.import_module, name)
        try:
            trust = (
                None
                if self._tls is None
                else await loop.run_in_executor(None, Trust, self._tls)
            )
        except ConfigError as error:
            # Certificates were good when the output was built and have changed since.
            raise OutputUnavailable(str(error)) from error
        made = cast("type[producer.Producer]", module.Producer)
        return made(self._access, None if trust is None else trust.context)


def _access(
    options: KafkaOptions, hosts: tuple[str, ...], *, is_secure: bool
) -> Access:
    return Access(
        hosts=hosts,
        client_id=options.client_id,
        timeout=options.timeout,
        acks=options.required_acks,
        max_message=options.max_message_bytes,
        metadata_age=options.metadata.refresh_frequency,
        compression=options.codec_name,
        linger=options.bulk_flush_frequency,
        is_idempotent=options.idempotent,
        is_secure=is_secure,
        username=options.username,
        password=options.password,
        mechanism=options.sasl.mechanism,
    )


def _strategy(section: Section, options: KafkaOptions) -> Strategy:
    """Return the way to choose partitions, by hash if none is named."""
    partition = section.get("partition")
    members = partition.members() if partition else {}
    for name, member in members.items():
        if name not in STRATEGIES:
            raise ConfigError([member.problem(f"unknown kafka partition mode {name}")])
    if partition and len(members) > 1:
        raise ConfigError([partition.problem("too many partitioners")])
    name = next(iter(members), "hash")
    default = HashOptions() if name == "hash" else SpreadOptions()
    return Strategy(name, getattr(options.partition, name) or default)


@dataclass(frozen=True, slots=True)
class Strategy:
    """A way to choose partitions, by name, and its options."""

    name: str
    options: SpreadOptions | HashOptions

    def partitioner(self) -> Partitioner:
        """Return it at its beginning."""
        random = Random()  # noqa: S311 - it spreads load, nothing is kept secret by it
        chosen = self.options
        if isinstance(chosen, HashOptions):
            return Hash(chosen.hash, random, falls_back=chosen.random)
        in_turn = self.name == "round_robin"
        return Spread(chosen.group_events, random, in_turn=in_turn)
