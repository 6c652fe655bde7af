"""TCP monitor: connect, by SOCKS or with TLS if wanted, send and expect an answer.

Owns the options of `type: tcp`, the forms a host may be written in, and the exchange of
data after connecting. Must not know how connections or TLS are made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from heartbeat.config import Flag, Listed, Options, Text, TlsOptions, Uint16
from heartbeat.errors import CheckFailed, ConfigError
from heartbeat.event import Facts, Fields, Result, microseconds
from heartbeat.monitors.addresses import (
    ConnectOptions,
    Find,
    Hosts,
    each_address,
    finder,
    is_address,
    left_to_proxy,
)
from heartbeat.net import (
    ALL,
    Connection,
    Network,
    Proxy,
    ProxyKind,
    Route,
    dial,
    parse_proxy,
    read_text,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from heartbeat.clock import Deadline
    from heartbeat.config import MonitorSpec
    from heartbeat.monitors.base import Check, Url
    from heartbeat.net import TlsContext

PLAIN_SCHEMES = ("tcp", "plain")
TLS_SCHEMES = ("tls", "ssl")
PROXIES = (ProxyKind.SOCKS5,)
MAX_PORT = 65_535

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)")
_PASSWORD = re.compile(r"(://[^:@]*:).*@")
_AUTHORITY = re.compile(
    r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<name>[^:\[\]/?#@\s]+))(?::(?P<port>[0-9]{0,9}))?"
)


class DataOptions(Options):
    """`check.*`: what is sent after connecting and what must come back."""

    send: Text = Field(default="", description="What is sent after connecting.")
    receive: Text = Field(
        default="", description="What the answer, or the greeting, must begin with."
    )


def _proxy(url: str) -> str:
    if url:
        parse_proxy(url, PROXIES)
    return url


class TcpOptions(ConnectOptions):
    """Every option of `type: tcp` beyond those of all monitors."""

    hosts: Hosts = Field(
        description="Hosts to connect to, with or without a port; tls:// wants TLS."
    )
    ports: Listed[Uint16] = Field(
        default=(), description="Ports of the hosts that are written without one."
    )
    check: DataOptions = Field(
        default=DataOptions(), description="What is sent and what must come back."
    )
    ssl: TlsOptions | None = Field(default=None, description="TLS settings.")
    proxy_url: Annotated[Text, AfterValidator(_proxy)] = Field(
        default="", description="Proxy to go through: socks5://[user:password@]host."
    )
    proxy_use_local_resolver: Flag = Field(
        default=False,
        description="Look names up on this machine, not on the proxy.",
    )

    @model_validator(mode="after")
    def _knows_all_addresses(self) -> Self:
        if self.leaves_names and self.mode == ALL:
            raise ValueError(
                # With the backquote that the reference ends in.
                "ping all ips only supported if proxy_use_local_resolver is enabled`"
            )
        return self

    @property
    def proxy(self) -> Proxy | None:
        """Return the proxy to go through, if any."""
        return parse_proxy(self.proxy_url, PROXIES) if self.proxy_url else None

    @property
    def leaves_names(self) -> bool:
        """Return whether the proxy is to look names up."""
        return bool(self.proxy_url) and not self.proxy_use_local_resolver

    @property
    def tls(self) -> TlsOptions | None:
        """Return the TLS options if there are any and they are switched on."""
        return self.ssl if self.ssl is not None and self.ssl.enabled else None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and port to connect to, and whether with TLS: what the scheme says."""

    scheme: str
    host: str
    port: int

    def url(self) -> Url:
        """Return the members of `url`; an IPv6 address has brackets in `full` only."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return {
            "full": f"{self.scheme}://{host}:{self.port}",
            "scheme": self.scheme,
            "domain": self.host,
            "port": self.port,
        }


def parse_host(text: str, ports: Sequence[int], scheme: str) -> Iterator[Endpoint]:
    """Yield the endpoints a host stands for: one at its own port, else one a port.

    `scheme` is for hosts that name none. What a URL has beyond host and port is left
    out. Raises `ConfigError`.
    """
    authority = text
    if url := _URL.match(text):
        scheme, authority = url["scheme"].lower(), url["authority"].rpartition("@")[2]
    else:
        text = f"{scheme}://{text}"
    text = _PASSWORD.sub(r"\1%3Chidden%3E@", text)
    if scheme not in PLAIN_SCHEMES + TLS_SCHEMES:
        raise ConfigError(
            f"'{scheme}' is not a supported connection scheme in '{text}', "
            "supported schemes are tcp, plain, tls, and ssl"
        )
    host, port = _host_and_port(authority, text)
    if not (port or ports):
        raise ConfigError(f"host '{text}' missing port number")
    for each in (int(port),) if port else ports:
        yield Endpoint(scheme, host, each)


def _host_and_port(authority: str, text: str) -> tuple[str, str]:
    """Return host and port, `""` if it has none; `text` is for the error."""
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or (parts["v6"] and not is_address(parts["v6"])):
        hint = f", an IPv6 address needs brackets: [{authority}]"
        raise ConfigError(
            f"could not parse tcp host '{text}'{hint if is_address(authority) else ''}"
        )
    port = parts["port"] or ""
    if port and int(port) > MAX_PORT:
        raise ConfigError(
            f"no port(s) defined for TCP endpoint {text}: {port} is above {MAX_PORT}"
        )
    return parts["v6"] or parts["name"], port


@dataclass(frozen=True, slots=True)
class ValidateFacts:
    """How long sending and receiving took, in seconds."""

    validate: float

    def put(self, fields: Fields) -> None:
        """Write `tcp.rtt.validate.us`."""
        rtt = fields.setdefault("tcp", {}).setdefault("rtt", {})
        rtt["validate"] = microseconds(self.validate)


@dataclass(frozen=True, slots=True)
class TcpCheck:
    """One endpoint of a TCP monitor; see `Check` for its members."""

    url: Url
    timeout: float
    network: Network
    find: Find
    route: Route
    send: bytes
    receive: bytes

    def run(self, deadline: Deadline) -> AsyncIterator[Result]:
        """Connect once to every address the options ask for."""
        return each_address(self.find, self._probe, deadline, self.network.clock)

    async def _probe(
        self, address: str, deadline: Deadline, facts: list[Facts]
    ) -> None:
        connection = await dial(self.network, self.route, address, deadline, facts)
        try:
            if self.send or self.receive:
                await self._converse(connection, deadline, facts)
        finally:
            connection.close()

    async def _converse(
        self, connection: Connection, deadline: Deadline, facts: list[Facts]
    ) -> None:
        """Send and receive; the time it took is a fact unless the transport failed."""
        started = deadline.now()
        if self.send:
            await _write(connection, self.send, deadline)
        received = await _read(connection, len(self.receive), deadline)
        facts.append(ValidateFacts(deadline.now() - started))
        if not received.startswith(self.receive):
            raise CheckFailed.validate("received string mismatch")


async def _write(connection: Connection, data: bytes, deadline: Deadline) -> None:
    connection.write(data)
    try:
        await connection.drain(deadline)
    except OSError as error:
        raise CheckFailed.io(read_text(error, connection, "write")) from error


async def _read(connection: Connection, size: int, deadline: Deadline) -> bytearray:
    """Return at least `size` bytes, and at least one."""
    received = bytearray()
    while len(received) < max(size, 1):
        try:
            chunk = await connection.read(deadline)
        except OSError as error:
            raise CheckFailed.io(read_text(error, connection)) from error
        if not chunk:
            raise CheckFailed.io("EOF")
        received += chunk
    return received


def build(spec: MonitorSpec, network: Network) -> Sequence[Check]:
    """Return a check for every host and port; raises `ConfigError`."""
    options = spec.options.unpack(TcpOptions)
    if options.resolver and options.leaves_names:
        spec.options.warn(
            "has no effect: the proxy looks names up without proxy_use_local_resolver",
            "resolver",
        )
    tls = None if options.tls is None else network.tls(options.tls)
    scheme = "tcp" if tls is None else "ssl"
    return [
        _check(endpoint, options, network, tls)
        for host in options.hosts
        for endpoint in parse_host(host, options.ports, scheme)
    ]


def _check(
    endpoint: Endpoint, options: TcpOptions, network: Network, tls: TlsContext | None
) -> TcpCheck:
    if endpoint.scheme in PLAIN_SCHEMES:
        tls = None
    elif tls is None:
        tls = network.tls(None)
    return TcpCheck(
        url=endpoint.url(),
        timeout=options.timeout,
        network=network,
        find=left_to_proxy(endpoint.host)
        if options.leaves_names
        else finder(network, endpoint.host, options),
        route=Route(
            endpoint.host,
            endpoint.port,
            tls=tls,
            proxy=options.proxy,
            source=options.source_address,
        ),
        send=options.check.send.encode("utf-8", "surrogateescape"),
        receive=options.check.receive.encode("utf-8", "surrogateescape"),
    )
