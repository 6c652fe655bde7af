"""The TLS layer of a connection: how a stream ends."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import pytest

from heartbeat.config.tls import TlsOptions
from heartbeat.net import Route, dial, read_text
from tests.support import certificates as pki
from tests.support.servers import serve

if TYPE_CHECKING:
    from heartbeat.clock import Deadline
    from heartbeat.net import Connection, Network


async def connected(network: Network, port: int, deadline: Deadline) -> Connection:
    """Connect with TLS."""
    authorities = {"certificate_authorities": [pki.root().pem]}
    tls = network.tls(TlsOptions.model_validate(authorities))
    route = Route("localhost", port, tls)
    return await dial(network, route, "127.0.0.1", deadline, [])


async def pong(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer once."""
    await reader.read(100)
    writer.write(b"pong")


async def test_a_stream_that_ends_in_good_order(
    network: Network, deadline: Deadline
) -> None:
    """The peer says that it has finished."""
    async with serve(pong, tls=pki.server_context(pki.good())) as port:
        connection = await connected(network, port, deadline)
        connection.write(b"ping")
        found = [await connection.read(deadline) for _ in range(3)]
        connection.close()

    assert found == [b"pong", b"", b""]


class Cut:
    """A TLS server behind a relay that ends the stream where it is told."""

    def __init__(self, port: int, keep: int | None) -> None:
        """Cut the last bytes off: leave out all after `keep` of the last chunk."""
        self._port = port
        self._keep = keep

    async def talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Relay until the answer has come, of which only a part is passed on."""
        inner, outer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            while not reader.at_eof():
                outer.write(await reader.read(65_536))
                data = await inner.read(65_536)
                if data[:1] == b"\x17" and len(data) < 100:
                    writer.write(data[: self._keep])
                    return
                writer.write(data)
        finally:
            outer.transport.abort()


@pytest.mark.parametrize(
    ("keep", "expected"),
    [(None, b"pong"), (3, "unexpected EOF"), (9, "unexpected EOF"), (0, b"")],
)
async def test_a_stream_that_just_ends(
    network: Network, deadline: Deadline, keep: int | None, expected: object
) -> None:
    """An end without a word is an error inside a record, else as good as any."""
    tls = pki.server_context(pki.good())
    tls.maximum_version = ssl.TLSVersion.TLSv1_2
    async with (
        serve(pong, tls=tls) as inner,
        serve(Cut(inner, keep).talk) as port,
    ):
        connection = await connected(network, port, deadline)
        connection.write(b"ping")
        found: object
        try:
            found = await connection.read(deadline)
            end = await connection.read(deadline)
        except OSError as error:
            found, end = read_text(error, connection), b""
        connection.close()

    assert (found, end) == (expected, b"")
