"""Streams of asyncio to the hosts of an output, for libraries that read from those.

Owns opening them: addresses, the SOCKS proxy, TLS. Must not know the library or what is
said on a stream.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.errors import CheckFailed, OutputUnavailable, system_text
from heartbeat.net.dialogue import Refused
from heartbeat.net.socks import connect_by_socks
from heartbeat.net.wording import tls_text
from heartbeat.outputs.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.net import Proxy
    from heartbeat.outputs.reach import Host, Reach
    from heartbeat.outputs.trust import TlsAccess

    Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

CHUNK = 4096


class Opener:
    """Opens streams to any host in the same way."""

    def __init__(self, reach: Reach, tls: TlsAccess | None = None) -> None:
        """Read nothing yet."""
        self._reach = reach
        self._tls = tls
        self._trust: Trust | None = None

    async def open(self, host: Host) -> Streams:
        """Return streams to the first address that takes them.

        Raises `OutputUnavailable`.
        """
        try:
            addresses = list(await self._reach.addresses(host))
            self._reach.random.shuffle(addresses)
            return await self._first(host, addresses)
        except CheckFailed as error:
            raise OutputUnavailable(f"{host}: {error}") from error
        except TimeoutError as error:
            text = f"{host}: no connection within {self._reach.timeout:g}s"
            raise OutputUnavailable(text) from error
        except (OSError, EOFError, Refused) as error:
            raise OutputUnavailable(f"{host}: {words(error)}") from error

    async def _first(self, host: Host, addresses: Sequence[str]) -> Streams:
        for address in addresses[:-1]:
            try:
                return await self._attempt(host, address)
            except OSError:
                continue
        return await self._attempt(host, addresses[-1])

    async def _attempt(self, host: Host, address: str) -> Streams:
        """Connect once, or twice if the first time taught us a certificate."""
        try:
            return await self._connect(host, address)
        except ssl.SSLCertVerificationError:
            if self._trust is None or not self._trust.take_news():
                raise
        return await self._connect(host, address)

    async def _connect(self, host: Host, address: str) -> Streams:
        context = await self._context()
        proxy = self._reach.proxy
        async with asyncio.timeout(self._reach.timeout):
            if proxy is None:
                name = host.name if context is not None else None
                return await asyncio.open_connection(
                    address, host.port, ssl=context, server_hostname=name
                )
            reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
            try:
                await _ask(proxy, (address, host.port), reader, writer)
                if context is not None:
                    await writer.start_tls(context, server_hostname=host.name)
            except BaseException:
                writer.close()
                raise
            return reader, writer

    async def _context(self) -> ssl.SSLContext | None:
        if self._tls is None:
            return None
        if self._trust is not None:
            return self._trust.context
        loop = asyncio.get_running_loop()
        trust = await loop.run_in_executor(None, Trust, self._tls)
        self._trust = trust
        return trust.context


async def _ask(
    proxy: Proxy,
    target: tuple[str, int],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Ask a SOCKS proxy for a connection to the target.

    Nothing may come beyond its answer: clients speak first in the protocols here.
    """
    dialogue = connect_by_socks(proxy, *target)
    step = next(dialogue)
    try:
        while True:
            received = b""
            if step is None:
                received = await reader.read(CHUNK)
            else:
                writer.write(step)
            step = dialogue.send(received)
    except StopIteration:
        return
    finally:
        dialogue.close()


def words(error: Exception) -> str:
    """Return what went wrong with a connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"tls: {error.strerror}"
    if isinstance(error, ssl.SSLError):
        return tls_text(error)
    if isinstance(error, OSError):
        return f"dial: {system_text(error)}"
    return f"proxy: {error}"
