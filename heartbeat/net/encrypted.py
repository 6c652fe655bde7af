"""The TLS layer of a connection: an encrypted stream on top of another one.

Owns the traffic between OpenSSL and the connection below. Must not know certificates
(`handshake` judges them) or how the connection below came about, so that it works on a
direct one, through a proxy or after a plain-text greeting alike.

OpenSSL works on memory here (`ssl.SSLObject`), which is the cheapest way there is and
leaves the certificates of a failed handshake in hand.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from heartbeat.errors import CheckError, CheckFailed, ErrorType

if TYPE_CHECKING:
    from heartbeat.clock import Deadline
    from heartbeat.net.connection import Connection
    from heartbeat.net.tls import TlsContext

NOT_TLS = "tls: first record does not look like a TLS handshake"

RECORD = 16_384
"""The most bytes of one TLS record."""

HEADER = 5
"""Bytes of a record's header."""

HELLO = 11
"""Bytes up to and including the version in the server's greeting."""

ALERT, HANDSHAKE = 21, 22
"""Types of the records that a server may begin with."""

VERSION_LIMIT = 0x10
"""No version of TLS has a first byte like this or above."""


class NotTls(CheckFailed):
    """The peer answered in another protocol; `first` holds its first bytes."""

    def __init__(self, first: bytes) -> None:
        """Keep the bytes for whoever knows other protocols."""
        super().__init__(CheckError(ErrorType.IO, NOT_TLS))
        self.first = first


class TlsConnection:
    """The TLS layer; see `Connection` for its methods.

    `first` holds the beginning of what the peer sent in the handshake.
    """

    __slots__ = (
        "__weakref__",
        "_below",
        "_fault",
        "_header",
        "_incoming",
        "_missing",
        "_outgoing",
        "context",
        "first",
        "server_name",
        "tls",
    )

    def __init__(
        self, below: Connection, context: TlsContext, server_name: str
    ) -> None:
        """Prepare for a handshake on the connection below."""
        self._below = below
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._fault: str | None = None
        self._header: bytes = b""
        self._missing = 0
        self.context = context
        self.server_name = server_name
        self.tls = context.wrap(self._incoming, self._outgoing, server_name)
        self.first = b""

    @property
    def local(self) -> str:
        """Our end as `ip:port`."""
        return self._below.local

    @property
    def peer(self) -> str:
        """The other end as `ip:port`."""
        return self._below.peer

    async def shake_hands(self, deadline: Deadline) -> None:
        """Agree with the peer on versions, ciphers and keys.

        Our last message stays behind, to travel with the first bytes written. Raises
        `EOFError`, `NotTls`, `TimeoutError` at the deadline, `ssl.SSLError`, `OSError`.
        """
        while not self._is_agreed():
            if not await self._receive(deadline):
                raise EOFError
            self._look_at_first()

    async def read(self, deadline: Deadline) -> bytes:
        """Return the next bytes, `b""` at the end of the stream.

        Many peers end it without saying so in TLS; that is an error inside a record
        only, as in the reference.
        """
        while True:
            try:
                return self.tls.read(RECORD)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLEOFError:
                if self._missing or self._header:
                    raise
                return b""
            await self._receive(deadline)

    def write(self, data: bytes) -> None:
        """Encrypt and hand on."""
        try:
            self.tls.write(data)
        except ssl.SSLError as error:
            self._fault = str(error)
        self._flush()

    async def drain(self, deadline: Deadline) -> None:
        """Return when little of what was written still waits."""
        if self._fault is not None:
            raise ssl.SSLError(self._fault)
        await self._below.drain(deadline)

    def close(self) -> None:
        """Say what is still unsaid, without waiting, and let go."""
        self._flush()
        self._below.close()

    def _is_agreed(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    async def _receive(self, deadline: Deadline) -> bool:
        """Give OpenSSL the next bytes of the peer, or tell it that there are none."""
        self._flush()
        data = await self._below.read(deadline)
        if not data:
            self._incoming.write_eof()
            return False
        self._incoming.write(data)
        self._follow(data)
        if len(self.first) < HELLO:
            self.first = (self.first + data[:HELLO])[:HELLO]
        return True

    def _follow(self, data: bytes) -> None:
        """Keep track of where the present record ends."""
        data = self._header + data
        place = self._missing
        while place + HEADER <= len(data):
            place += HEADER + int.from_bytes(data[place + 3 : place + HEADER])
        self._missing = max(place - len(data), 0)
        self._header = data[place:]

    def _flush(self) -> None:
        """Hand on what OpenSSL has to say."""
        if self._outgoing.pending:
            self._below.write(self._outgoing.read())

    def _look_at_first(self) -> None:
        """Raise unless the peer began with the head of a TLS handshake or alert."""
        first = self.first
        if len(first) < HEADER:
            return
        if first[0] not in {ALERT, HANDSHAKE} or first[1] >= VERSION_LIMIT:
            raise NotTls(first)
