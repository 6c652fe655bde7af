"""TCP monitor: connect, optionally with TLS, optionally send and expect an answer.

Owns the options of `type: tcp`, the forms a host may be written in, and the exchange of
data after connecting. Must not know how connections or TLS are made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from heartbeat.config import Listed, Options, Text, TlsOptions, Uint16
from heartbeat.errors import CheckFailed, ConfigError
from heartbeat.event import Facts, Fields, Result, microseconds
from heartbeat.monitors.addresses import (
    AddressOptions,
    Find,
    Hosts,
    each_address,
    finder,
    is_address,
)
from heartbeat.net import Connection, Network, Route, dial, read_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from heartbeat.clock import Deadline
    from heartbeat.config import MonitorSpec
    from heartbeat.monitors.base import Check, Url
    from heartbeat.net import TlsContext

PLAIN_SCHEMES = ("tcp", "plain")
TLS_SCHEMES = ("tls", "ssl")
MAX_PORT = 65_535

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)")
_PASSWORD = re.compile(r"(://[^:@]*:).*@")
_AUTHORITY = re.compile(
    r"(?:\[(?P<v6>[^\[\]]+)\]|(?P<name>[^:\[\]/?#@\s]+))(?::(?P<port>[0-9]{0,9}))?"
)


class DataOptions(Options):
    """`check.*`: what is sent after connecting and what must come back."""

    send: Text = ""
    receive: Text = ""


def _not_yet(url: str) -> str:
    if url:
        raise ValueError("proxy_url is not supported here yet")
    return url


class TcpOptions(AddressOptions):
    """Every option of `type: tcp` beyond those of all monitors."""

    hosts: Hosts
    ports: Listed[Uint16] = ()
    check: DataOptions = DataOptions()
    ssl: TlsOptions | None = None
    proxy_url: Annotated[Text, AfterValidator(_not_yet)] = ""

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
        clock = self.network.clock
        started = clock.monotonic()
        if self.send:
            await _write(connection, self.send, deadline)
        received = await _read(connection, len(self.receive), deadline)
        facts.append(ValidateFacts(clock.monotonic() - started))
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
        find=finder(network, endpoint.host, options),
        route=Route(endpoint.host, endpoint.port, tls=tls),
        send=options.check.send.encode("utf-8", "surrogateescape"),
        receive=options.check.receive.encode("utf-8", "surrogateescape"),
    )
