"""`output.redis.*`: names, defaults and what each option may be.

Owns the options and the forms of a host. Must not know how a connection is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from heartbeat.config import Count, Duration, Flag, Listed, Text, TlsOptions
from heartbeat.config.types import Words
from heartbeat.outputs.codec import CodecOptions
from heartbeat.outputs.pace import PaceOptions, some_hosts
from heartbeat.outputs.reach import Host, parse_host, parse_proxy
from heartbeat.outputs.selector import RuleOptions

PORT = 6379
SCHEMES = {"redis": False, "rediss": True}
"""URL schemes of hosts, and whether they mean TLS."""

LIST, CHANNEL = "list", "channel"


@dataclass(frozen=True, slots=True)
class Server:
    """A Redis; `is_secure` is None and the login empty where the host does not say."""

    host: Host
    is_secure: bool | None = None
    username: str = ""
    password: str = ""


def parse_server(text: str) -> Server:
    """Return the Redis that a host or URL names; raises `ValueError`.

    Errors never show a login.
    """
    if "://" not in text:
        return Server(parse_host(text, PORT))
    scheme, _, rest = text.partition("://")
    if scheme not in SCHEMES:
        raise ValueError(f"invalid redis url scheme {scheme}")
    parts = urlsplit(f"//{rest}")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("write nothing behind host and port; the database is db")
    return Server(
        parse_host(parts.netloc.rpartition("@")[2], PORT),
        SCHEMES[scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def _host(text: str) -> str:
    parse_server(text)
    return text


def _proxy(text: str) -> str:
    parse_proxy(text)
    return text


def _datatype(text: str) -> str:
    if text not in {LIST, CHANNEL}:
        raise ValueError(f"redis data type {text} not supported")
    return text


class KeyRule(RuleOptions):
    """A rule of `keys`."""

    key: Text = Field(default="", description="Format string for the key.")


class RedisOptions(PaceOptions):
    """`output.redis`."""

    hosts: Listed[Annotated[Text, AfterValidator(_host)]] = Field(
        description="Host, host:port or redis:// or rediss:// URL of each Redis."
    )
    index: Text = Field(
        default="heartbeat", description="Name in @metadata.beat, and the default key."
    )
    key: Text = Field(
        default="", description="List or channel; a format string, index by default."
    )
    keys: Listed[KeyRule] = Field(
        default=(), description="Rules that choose a key before key does."
    )
    datatype: Annotated[Text, AfterValidator(_datatype), Words((LIST, CHANNEL))] = (
        Field(default=LIST, description="list (RPUSH) or channel (PUBLISH).")
    )
    db: Count = Field(default=0, description="Number of the database.")
    username: Text = Field(default="", description="User of the access control list.")
    password: Text = Field(default="", description="Password to authenticate with.")
    loadbalance: Flag = Field(
        default=True, description="Use all hosts; false uses the first that works."
    )
    timeout: Duration = Field(
        default=5.0, gt=0, description="Limit of connecting and of each answer."
    )
    codec: CodecOptions | None = Field(default=None, description="How values look.")
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
            raise ValueError("setting 'output.redis.port' has been removed")

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if self.username and not self.password:
            raise ValueError("username is set, but password is not")
        return self
