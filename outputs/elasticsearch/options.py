"""`output.elasticsearch.*`: names, defaults and what each option may be.

Owns the options, the presets and the words for combinations that cannot work. Must not
know how a connection is made or a request looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from heartbeat.config import (
    ByteSize,
    Count,
    Duration,
    Fields,
    Flag,
    Integer,
    Listed,
    Options,
    Text,
    TlsOptions,
)
from heartbeat.errors import ConfigError
from heartbeat.outputs.base import Limits
from heartbeat.outputs.elasticsearch.hosts import Defaults, parse_host, parse_proxy
from heartbeat.outputs.elasticsearch.index import IndexRule, PipelineRule
from heartbeat.outputs.elasticsearch.login import AuthOptions, basic, encoded_api_key
from heartbeat.outputs.pace import GATHER, some_hosts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.config import Section

QUEUE_BATCH = 1600
"""Events of a batch where `bulk_max_size` leaves it to us."""

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "balanced": {
        "bulk_max_size": 1600,
        "worker": 1,
        "compression_level": 1,
        "idle_connection_timeout": 3.0,
    },
    "throughput": {
        "bulk_max_size": 1600,
        "worker": 4,
        "compression_level": 1,
        "idle_connection_timeout": 15.0,
    },
    "scale": {
        "bulk_max_size": 1600,
        "worker": 1,
        "compression_level": 1,
        "idle_connection_timeout": 1.0,
        "backoff": {"init": 5.0, "max": 300.0},
    },
    "latency": {
        "bulk_max_size": 50,
        "worker": 1,
        "compression_level": 1,
        "idle_connection_timeout": 60.0,
    },
}
"""What each preset sets. Queues are not theirs: they would undo `queue.*`."""

UNLESS_CUSTOM = ("", "custom")

POLICIES = frozenset({"drop", "dead_letter_index"})

UNSUPPORTED = ("kerberos",)
"""Options that would change who sends events: never ignored."""


def _host(text: str) -> str:
    parse_host(text, Defaults())
    return text


def _proxy(text: str) -> str:
    if text:
        parse_proxy(text)
    return text


class BackoffOptions(Options):
    """`backoff`."""

    init: Duration = Field(default=1.0, description="First wait after a failure.")
    max: Duration = Field(default=60.0, description="Longest wait.")


class DeadLetterOptions(Options):
    """`non_indexable_policy.dead_letter_index`."""

    index: Text = Field(default="", description="Where rejected events are put.")

    @field_validator("index")
    @classmethod
    def _is_given(cls, index: str) -> str:
        if not index:
            raise ValueError(
                "dead_letter_index policy requires an `index` to be specified"
            )
        return index.lower()


class PolicyOptions(Options):
    """`non_indexable_policy`."""

    drop: Fields | None = Field(
        default=None, description="Rejected events go to the dead-letter file."
    )
    dead_letter_index: DeadLetterOptions | None = Field(
        default=None, description="Rejected events go to another index."
    )


class ElasticsearchOptions(Options):
    """`output.elasticsearch`."""

    hosts: Listed[Annotated[Text, AfterValidator(_host)]] = Field(
        description="Host, host:port or URL of each node."
    )
    protocol: Text = Field(
        default="http", description="http or https, for hosts that do not say."
    )
    path: Text = Field(default="", description="Prefix of every path.")
    parameters: Fields = Field(
        default_factory=dict[str, Any], description="Added to the query of requests."
    )
    headers: Fields = Field(
        default_factory=dict[str, Any], description="Added to requests."
    )
    username: Text = Field(default="", description="User for Basic authentication.")
    password: Text = Field(default="", description="Password of that user.")
    api_key: Text = Field(
        default="", description="API key as id:key, or that in base64."
    )
    service_token: Text = Field(
        default="", description="Token of a service account, sent as Bearer."
    )
    loadbalance: Flag = Field(
        default=True, description="Use all hosts; false uses the first that works."
    )
    worker: Integer | None = Field(
        default=None, description="Requests at a time for each host."
    )
    workers: Integer | None = Field(default=None, description="The same as worker.")
    bulk_max_size: Integer = Field(
        default=1600, description="Most events of a request; 0 leaves it to heartbeat."
    )
    bulk_max_bytes: ByteSize = Field(
        default=10_000_000, ge=1, description="Most bytes of a request, uncompressed."
    )
    max_retries: Integer = Field(
        default=-1, description="Attempts after the first; negative for no end."
    )
    backoff: BackoffOptions = Field(
        default=BackoffOptions(), description="Waits between attempts."
    )
    timeout: Duration = Field(default=90.0, gt=0, description="Limit of a request.")
    idle_connection_timeout: Duration = Field(
        default=3.0, description="How long an unused connection is kept; 0 for 60s."
    )
    compression_level: Count = Field(
        default=1, le=9, description="gzip level of requests, 0 for none."
    )
    escape_html: Flag = Field(default=False, description="Write <, > and & escaped.")
    index: Text = Field(
        default="",
        description="Index or data stream; a format string, such as a-%{+yyyy.MM.dd}.",
    )
    indices: Listed[IndexRule] = Field(
        default=(), description="Rules that choose an index before index does."
    )
    pipeline: Text = Field(
        default="",
        description="Ingest pipeline where the monitor names none; a format string.",
    )
    pipelines: Listed[PipelineRule] = Field(
        default=(), description="Rules that choose a pipeline before pipeline does."
    )
    proxy_url: Annotated[Text, AfterValidator(_proxy)] = Field(
        default="", description="Proxy to connect through."
    )
    proxy_headers: Fields = Field(
        default_factory=dict[str, Any], description="Sent to the proxy on CONNECT."
    )
    proxy_disable: Flag = Field(
        default=False, description="Do not use any proxy, not even the environment's."
    )
    ssl: TlsOptions | None = Field(default=None, description="TLS settings.")
    allow_older_versions: Flag = Field(
        default=True, description="false refuses servers older than heartbeat."
    )
    non_indexable_policy: PolicyOptions = Field(
        default=PolicyOptions(), description="What becomes of rejected events."
    )
    preset: Text = Field(
        default="", description="balanced, throughput, scale, latency or custom."
    )
    auth: AuthOptions = Field(
        default=AuthOptions(), description="For requests without a login of their own."
    )
    kerberos: Any = Field(default=None, description="Not supported yet.")

    _has_hosts = field_validator("hosts")(some_hosts)

    @field_validator("protocol")
    @classmethod
    def _is_http(cls, protocol: str) -> str:
        if protocol not in {"http", "https"}:
            raise ValueError(f"expecting http or https, not '{protocol}'")
        return protocol

    @field_validator("preset")
    @classmethod
    def _is_preset(cls, preset: str) -> str:
        if preset not in PRESETS and preset not in UNLESS_CUSTOM:
            raise ValueError(f"unknown preset value {preset}")
        return preset

    @field_validator("api_key")
    @classmethod
    def _encoded_key(cls, key: str) -> str:
        return encoded_api_key(key) if key else ""

    @field_validator("parameters", "headers", "proxy_headers")
    @classmethod
    def _texts(cls, members: Mapping[str, Any]) -> dict[str, str]:
        return {name: _as_text(value) for name, value in members.items()}

    @field_validator(*UNSUPPORTED)
    @classmethod
    def _is_absent(cls, value: Any) -> None:
        # The reference ignores a kerberos section that is not enabled.
        if value and not (isinstance(value, dict) and value.get("enabled") is False):  # pyright: ignore[reportUnknownMemberType]
            raise ValueError("is not supported here yet")

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        if self.api_key and (self.username or self.password):
            raise ValueError("cannot set both api_key and username/password")
        if self.service_token and (self.api_key or self.username or self.password):
            raise ValueError(
                "cannot set service_token beside api_key or username/password"
            )
        if self.password and not self.username:
            raise ValueError("password is set, but username is not")
        return self

    @property
    def lanes(self) -> int:
        """Return how many requests each host may have at a time."""
        chosen = self.worker if self.worker is not None else self.workers
        return max(chosen or 1, 1)

    @property
    def authorization(self) -> str:
        """Return the header that says who we are, "" for nobody."""
        if self.api_key:
            return f"ApiKey {self.api_key}"
        if self.service_token:
            return f"Bearer {self.service_token}"
        return basic(self.username, self.password) if self.username else ""

    def limits(self, hosts: int) -> Limits:
        """Return how the worker is to batch and to retry."""
        return Limits(
            max_events=self.bulk_max_size if self.bulk_max_size > 0 else QUEUE_BATCH,
            concurrency=self.lanes * (hosts if self.loadbalance else 1),
            backoff_init=self.backoff.init,
            backoff_max=max(self.backoff.max, self.backoff.init),
            max_retries=self.max_retries,
            gather=GATHER,
        )


def _as_text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _:
            raise ValueError("the values must be texts")


def read_options(section: Section) -> ElasticsearchOptions:
    """Return the options with their preset applied; raises `ConfigError`.

    Warns about every option that the preset overrides.
    """
    _check_policy(section)
    options = section.unpack(ElasticsearchOptions)
    forced = PRESETS.get(options.preset, {})
    for name in (*forced, "workers"):
        if forced and section.get(name) is not None:
            section.warn(
                f"Performance preset '{options.preset}' overrides user setting for"
                f" field '{name}'",
                name,
            )
    values = dict(forced)
    if "backoff" in values:
        values["backoff"] = BackoffOptions.model_validate(values["backoff"])
    return options.model_copy(update=values)


def _check_policy(section: Section) -> None:
    policy = section.get("non_indexable_policy")
    names = policy.members() if policy else {}
    for name, member in names.items():
        if name not in POLICIES:
            raise ConfigError([member.problem(f"no such policy type: {name}")])
    if policy and len(names) > 1:
        raise ConfigError([policy.problem("more than one namespace configured")])
