"""One connection to a Redis, made by the client library over our own streams.

Owns the login of the library's connection and the verdict on each command. Must not
know records or keys. Importing it loads the library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from redis.asyncio.connection import Connection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from heartbeat.errors import OutputUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.outputs.redis.link import Login
    from heartbeat.outputs.redis.options import Server
    from heartbeat.outputs.streams import Opener

RESP2 = 2
"""Version of the protocol that every server speaks."""


class _Connection(Connection):
    """The library's connection, except that it is opened by us."""

    def __init__(self, opener: Opener, server: Server, **options: Any) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            host=server.host.name, port=server.host.port, **options
        )
        self._opener = opener
        self._server = server

    @property
    def is_over(self) -> bool:
        """Tell whether the server has closed the connection."""
        return self._reader is None or self._reader.at_eof()

    async def _connect(self) -> None:
        self._reader, self._writer = await self._opener.open(self._server.host)


class Wire:
    """Sends commands and returns what became of each."""

    def __init__(self, opener: Opener, server: Server, login: Login) -> None:
        """Connect to nothing yet."""
        self._host = server.host
        self._connection = _Connection(
            opener,
            server,
            db=login.db,
            username=server.username or login.username or None,
            password=server.password or login.password or None,
            socket_timeout=login.timeout,
            socket_connect_timeout=login.timeout,
            retry=Retry(NoBackoff(), 0),
            retry_on_error=[],
            driver_info=None,
            protocol=RESP2,
        )

    @property
    def is_open(self) -> bool:
        """Tell whether commands can be sent, as far as one knows."""
        return self._connection.is_connected and not self._connection.is_over

    async def open(self) -> None:
        """Connect, log in and select the database; raises `OutputUnavailable`."""
        await self.close()
        try:
            await self._connection.connect()  # type: ignore[no-untyped-call]
        except RedisError as error:
            raise self._unavailable(error) from error

    async def ask(self, *command: str | bytes) -> Any:
        """Return the answer to one command; raises `OutputUnavailable`."""
        (answer,) = await self.run([command])
        if isinstance(answer, Exception):
            raise OutputUnavailable(f"{self._host}: {answer}") from answer
        return answer

    async def run(self, commands: Sequence[Sequence[str | bytes]]) -> list[Any]:
        """Send all commands at once; return an answer or a `ResponseError` for each.

        Raises `OutputUnavailable` if the connection broke: nobody knows then what the
        server has done.
        """
        connection = self._connection
        try:
            packed = connection.pack_commands(commands)
            await connection.send_packed_command(packed, check_health=False)
            return [await self._answer() for _ in commands]
        except BaseException as error:
            await connection.disconnect(nowait=True)
            if isinstance(error, RedisError):
                raise self._unavailable(error) from error
            raise

    async def close(self) -> None:
        """Hang up."""
        await self._connection.disconnect(nowait=True)

    async def _answer(self) -> object:
        try:
            connection = cast("Any", self._connection)
            answer: object = await connection.read_response(disable_decoding=True)
        except ResponseError as error:
            return error
        return answer

    def _unavailable(self, error: RedisError) -> OutputUnavailable:
        if isinstance(error.__cause__, OutputUnavailable):
            return error.__cause__
        return OutputUnavailable(f"{self._host}: {error}")
