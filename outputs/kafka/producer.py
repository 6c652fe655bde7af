"""The client library, as the output uses it.

Owns its settings and the map of its errors. Must not know records. Importing it loads
the library.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, cast

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTimestampError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)

from heartbeat.outputs.kafka.client import Fate, SendFailed

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Sequence

    from heartbeat.outputs.kafka.client import Access, Message

BATCH_BYTES = 512 * 1024
"""Bytes of a broker's batch before compression; brokers take a little over 1 MB."""

FATES = {
    MessageSizeTooLargeError: Fate.TOO_LARGE,
    RecordListTooLargeError: Fate.TOO_LARGE,
    InvalidTopicError: Fate.NEVER,
    InvalidTimestampError: Fate.NEVER,
}
"""Errors that are about the message itself; all others may be over the next time."""

ENDS = 5.0
"""Seconds for the library to finish with what nobody waits for any more."""


class Producer:
    """One connection to a cluster."""

    def __init__(self, access: Access, context: ssl.SSLContext | None) -> None:
        """Connect to nothing yet; needs a running loop."""
        # What it has to say is said by the worker, without tracebacks.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        security = f"SASL_{access.transport}" if access.username else access.transport
        self._producer = cast("Any", AIOKafkaProducer)(
            bootstrap_servers=list(access.hosts),
            client_id=access.client_id,
            metadata_max_age_ms=round(access.metadata_age * 1000),
            request_timeout_ms=round(access.timeout * 1000),
            acks=access.acks,
            compression_type=access.compression,
            max_batch_size=min(access.max_message, BATCH_BYTES),
            max_request_size=access.max_message,
            linger_ms=round(access.linger * 1000),
            enable_idempotence=access.is_idempotent,
            security_protocol=security,
            ssl_context=context,
            sasl_mechanism=access.mechanism,
            sasl_plain_username=access.username or None,
            sasl_plain_password=access.password or None,
        )

    async def start(self) -> None:
        """Connect to the first broker that answers; raises `SendFailed`."""
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            raise failure(error) from error

    async def partitions(self, topic: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return all partitions of a topic and those with a leader, in order.

        Raises `SendFailed`.
        """
        try:
            known = await self._producer.partitions_for(topic)
        except (KafkaError, OSError) as error:
            raise failure(error) from error
        led = self._producer.client.cluster.available_partitions_for_topic(topic)
        return sorted(known), sorted(led or ())

    async def send(self, message: Message) -> Awaitable[None]:
        """Queue a message; return what ends with it. Both raise `SendFailed`."""
        try:
            future = await self._producer.send(
                message.topic,
                value=message.value,
                key=message.key,
                partition=message.partition,
                timestamp_ms=message.timestamp,
                headers=message.headers,
            )
        except (KafkaError, OSError) as error:
            raise failure(error) from error
        return _outcome(future)

    async def stop(self) -> None:
        """Let go; what nobody waits for any more gets a few seconds at most."""
        producer = self._producer
        try:
            async with asyncio.timeout(ENDS):
                await producer.stop()
        except (KafkaError, OSError):
            # The library would go on trying to send what nobody waits for.
            await producer._sender.close()  # noqa: SLF001 - there is no other way
            await producer.client.close()


async def _outcome(future: asyncio.Future[Any]) -> None:
    try:
        await future
    except (KafkaError, OSError) as error:
        raise failure(error) from error


def failure(error: KafkaError | OSError) -> SendFailed:
    """Return an error of the library in our terms."""
    fate = next(
        (fate for kind, fate in FATES.items() if isinstance(error, kind)), Fate.LATER
    )
    name = type(error).__name__.removesuffix("Error")
    words = " ".join(str(part) for part in cast("Any", error).args) or str(error)
    return SendFailed(f"{name}: {words}" if words else name, fate)
