"""`output.logstash.*`: names, defaults and what each option may be.

Owns the options. Must not know the protocol or how a connection is made.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator

from heartbeat.config import Count, Duration, Flag, Listed, Text, TlsOptions
from heartbeat.outputs.pace import PaceOptions, some_hosts
from heartbeat.outputs.reach import parse_host, parse_proxy

PORT = 5044
MAX_LEVEL = 9


def _host(text: str) -> str:
    parse_host(text, PORT)
    return text


def _proxy(text: str) -> str:
    parse_proxy(text)
    return text


class LogstashOptions(PaceOptions):
    """`output.logstash`."""

    hosts: Listed[Annotated[Text, AfterValidator(_host)]] = Field(
        description="Host or host:port of each Logstash."
    )
    index: Text = Field(
        default="heartbeat", description="Name in @metadata.beat, lower case."
    )
    loadbalance: Flag = Field(
        default=False, description="Use all hosts; false uses the first that works."
    )
    pipelining: Count = Field(
        default=2, description="Batches on the way at a time; 0 is the same as 1."
    )
    slow_start: Flag = Field(
        default=False, description="Begin with small windows, grow while they succeed."
    )
    ttl: Duration = Field(
        default=0.0, ge=0, description="Age at which connections are renewed; 0 never."
    )
    timeout: Duration = Field(
        default=30.0, gt=0, description="Longest silence while waiting for an answer."
    )
    connect_timeout: Duration = Field(
        default=0.0, ge=0, description="Limit of connecting; 0 for that of timeout."
    )
    compression_level: Count = Field(
        default=3, le=MAX_LEVEL, description="zlib level, 0 for none."
    )
    escape_html: Flag = Field(default=False, description="Write <, > and & escaped.")
    proxy_url: Annotated[Text, AfterValidator(_proxy)] = Field(
        default="", description="SOCKS5 proxy to connect through."
    )
    proxy_use_local_resolver: Flag = Field(
        default=False, description="Look names up here, not at the proxy."
    )
    ssl: TlsOptions | None = Field(default=None, description="TLS settings.")
    port: Any = Field(default=None, description="Removed; write host:port.")

    _has_hosts = field_validator("hosts")(some_hosts)

    @field_validator("port")
    @classmethod
    def _is_absent(cls, port: Any) -> None:
        if port is not None:
            raise ValueError("setting 'output.logstash.port' has been removed")
