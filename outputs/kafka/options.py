"""`output.kafka.*`: names, defaults and what each option may be.

Owns the options and the words for combinations that cannot work. Must not know the
client library.
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from heartbeat.config import Count, Duration, Flag, Integer, Listed, Options, Text
from heartbeat.config.tls import TlsOptions
from heartbeat.config.types import Words
from heartbeat.outputs.codec import CodecOptions
from heartbeat.outputs.pace import BatchOptions
from heartbeat.outputs.reach import parse_host
from heartbeat.outputs.selector import RuleOptions

PORT = 9092
ALL_ACKS = -1
COMPRESSIONS = ("none", "no", "off", "gzip", "lz4", "snappy", "zstd")
UNCOMPRESSED = frozenset(("none", "no", "off"))
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


def _host(text: str) -> str:
    parse_host(text, PORT)
    return text


def _compression(text: str) -> str:
    if text.lower() not in COMPRESSIONS:
        raise ValueError(f"compression mode '{text}' unknown")
    return text.lower()


def _mechanism(text: str) -> str:
    if text.upper() not in MECHANISMS:
        known = ", ".join(MECHANISMS)
        raise ValueError(f"not valid mechanism '{text}', only supported with {known}")
    return text.upper()


class TopicRule(RuleOptions):
    """A rule of `topics`."""

    topic: Text = Field(default="", description="Format string for the topic.")


class SpreadOptions(Options):
    """`partition.random` and `partition.round_robin`."""

    group_events: Count = Field(
        default=1, ge=1, description="Events in a row for the same partition."
    )
    reachable_only: Flag = Field(
        default=False, description="Only partitions that have a leader now."
    )


class HashOptions(Options):
    """`partition.hash`."""

    hash: Listed[Text] = Field(
        default=(), description="Fields to hash; without any the key is."
    )
    random: Flag = Field(
        default=True, description="Any partition for events that lack a field."
    )
    reachable_only: Flag = Field(
        default=False, description="Only partitions that have a leader now."
    )


class PartitionOptions(Options):
    """`partition`: at most one of them."""

    random: SpreadOptions | None = Field(default=None, description="Any partition.")
    round_robin: SpreadOptions | None = Field(
        default=None, description="One partition after the other."
    )
    hash: HashOptions | None = Field(
        default=None, description="The same partition for the same key or fields."
    )


class SaslOptions(Options):
    """`sasl`."""

    mechanism: Annotated[Text, AfterValidator(_mechanism), Words(MECHANISMS)] = Field(
        default="PLAIN", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512."
    )


class MetadataOptions(Options):
    """`metadata`."""

    refresh_frequency: Duration = Field(
        default=600.0, gt=0, description="How long what is known of topics is used."
    )


class HeaderOptions(Options):
    """An entry of `headers`."""

    key: Text = Field(description="Name of the header.")
    value: Text = Field(default="", description="Its value.")


class KafkaOptions(BatchOptions):
    """`output.kafka`."""

    hosts: Listed[Annotated[Text, AfterValidator(_host)]] = Field(
        default=(), description="Host or host:port of brokers to begin with."
    )
    topic: Text = Field(default="", description="Format string for the topic.")
    topics: Listed[TopicRule] = Field(
        default=(), description="Rules that choose a topic before topic does."
    )
    key: Text = Field(
        default="", description="Format string for the key of a message; none if empty."
    )
    partition: PartitionOptions = Field(
        default=PartitionOptions(), description="How partitions are chosen."
    )
    client_id: Text = Field(
        default="beats", description="Our name in the broker's log."
    )
    timeout: Duration = Field(
        default=30.0, gt=0, description="Limit of a request and of a batch."
    )
    required_acks: Integer = Field(
        default=1, ge=-1, le=1, description="-1 all replicas, 1 the leader, 0 nobody."
    )
    max_message_bytes: Count = Field(
        default=1_000_000, ge=1, description="Larger messages are rejected."
    )
    compression: Annotated[Text, AfterValidator(_compression), Words(COMPRESSIONS)] = (
        Field(default="gzip", description="none, gzip, snappy, lz4 or zstd.")
    )
    metadata: MetadataOptions = Field(
        default=MetadataOptions(), description="Keeping track of topics."
    )
    bulk_flush_frequency: Duration = Field(
        default=0.0, ge=0, description="How long a broker's batch waits for more."
    )
    headers: Listed[HeaderOptions] = Field(
        default=(), description="Headers of every message."
    )
    username: Text = Field(default="", description="User for SASL; none if empty.")
    password: Text = Field(default="", description="Password of that user.")
    sasl: SaslOptions = Field(default=SaslOptions(), description="How to log in.")
    idempotent: Flag = Field(
        default=False, description="No doubles when the client repeats a message."
    )
    ssl: TlsOptions | None = Field(default=None, description="TLS settings.")
    codec: CodecOptions | None = Field(default=None, description="How messages look.")
    kerberos: Any = Field(default=None, description="Not supported.")

    @field_validator("hosts")
    @classmethod
    def _has_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if not hosts:
            raise ValueError("no hosts configured")
        return hosts

    @field_validator("kerberos")
    @classmethod
    def _is_absent(cls, value: Any) -> None:
        # The reference ignores a kerberos section that is not enabled.
        if value and not (isinstance(value, dict) and value.get("enabled") is False):  # pyright: ignore[reportUnknownMemberType]
            raise ValueError("is not supported here")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if not self.topic and not self.topics:
            raise ValueError("either 'topic' or 'topics' must be defined")
        if self.username and not self.password:
            raise ValueError("password must be set when username is configured")
        if self.idempotent and self.required_acks != ALL_ACKS:
            raise ValueError("idempotent mode requires required_acks to be -1")
        return self

    @property
    def codec_name(self) -> str | None:
        """Return the compression as the client library calls it."""
        return None if self.compression in UNCOMPRESSED else self.compression
