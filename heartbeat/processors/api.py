"""Asking the programs around heartbeat over HTTP: Docker, Kubernetes, a cloud.

Owns the session, limits of what is read, and asking again until there is an answer.
Must not know what is asked.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import orjson

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping

    from heartbeat.clock import Clock

FAILURES: Final = (
    *(aiohttp.ClientError, OSError, TimeoutError, ValueError),
    *(LookupError, TypeError, AttributeError),
)
"""What goes wrong with whoever is asked; the last ones if an answer is no such one."""

LARGEST: Final = 67_108_864
"""The most bytes of an answer, and of a line of a stream."""

PAUSE: Final = 10.0
"""Seconds before a follower that failed tries again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an API is, and what all requests to it have.

    `socket` is the path of a Unix socket. `patience` are the seconds that connecting
    and each wait for an answer may take.
    """

    url: str
    socket: str = ""
    tls: ssl.SSLContext | None = None
    patience: float = 10.0
    headers: Callable[[], Mapping[str, str]] = field(default=dict)

    def __str__(self) -> str:
        """Return the place as an operator wrote it."""
        return f"unix://{self.socket}" if self.socket else self.url


class Api:
    """A session with one place; to be closed."""

    def __init__(self, place: Place) -> None:
        """Open the session; connects with the first request."""
        self._place = place
        connector: aiohttp.BaseConnector
        if place.socket:
            connector = aiohttp.UnixConnector(place.socket)
        else:
            connector = aiohttp.TCPConnector(ssl=place.tls or True)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(
                sock_connect=place.patience, sock_read=place.patience
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=2**16,
        )

    async def close(self) -> None:
        """End the session."""
        await self._session.close()

    async def text(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
        limit: int = LARGEST,
    ) -> bytes:
        """Return an answer; raises one of `FAILURES` unless it is a success."""
        async with self._request(
            method, path, headers=headers, params=parameters
        ) as response:
            parts: list[bytes] = []
            size = 0
            async for part in response.content.iter_chunked(65_536):
                size += len(part)
                if size > limit:
                    raise ValueError(f"the answer has more than {limit} bytes")
                parts.append(part)
        return b"".join(parts)

    async def json(self, path: str, **more: Any) -> Any:
        """Return what an answer says in JSON."""
        return orjson.loads(await self.text(path, **more))

    async def stream(
        self, path: str, parameters: Mapping[str, str], patience: float | None = None
    ) -> AsyncGenerator[Any]:
        """Yield the lines of an answer without end, each decoded from JSON.

        `patience` are the seconds that a line may take, None for any time.
        """
        wait = aiohttp.ClientTimeout(
            sock_connect=self._place.patience, sock_read=patience
        )
        request = self._request("GET", path, params=parameters, timeout=wait)
        async with request as response:
            rest = b""
            async for part in response.content.iter_any():
                *lines, rest = (rest + part).split(b"\n")
                if len(rest) > LARGEST:
                    raise ValueError(f"a line has more than {LARGEST} bytes")
                for line in lines:
                    if line.strip():
                        yield orjson.loads(line)

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, **more: Any
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        own: Mapping[str, str] = more.pop("headers", None) or {}
        headers = {**self._place.headers(), **own}
        async with self._session.request(
            method,
            f"{self._place.url}{path}",
            headers=headers,
            allow_redirects=False,
            **more,
        ) as response:
            if response.status != 200:  # noqa: PLR2004 - all of these answer so
                raise ValueError(f"HTTP status {response.status} for {path}")
            yield response


async def follow(
    name: str,
    place: Place,
    clock: Clock,
    once: Callable[[Api], Coroutine[Any, Any, None]],
    pause: float = PAUSE,
) -> None:
    """Follow an API with `once`, anew whenever that ends or fails; never return.

    The log has one line when the API goes away. `pause` are the seconds before it is
    tried again.
    """
    is_away = False
    while True:
        began = clock.monotonic()
        api = Api(place)
        try:
            await once(api)
        except FAILURES as error:
            if not is_away:
                log.info("%s: nothing answers at %s: %s", name, place, words(error))
            is_away = True
        else:
            is_away = False
        finally:
            await api.close()
        if is_away or clock.monotonic() - began < 1.0:
            await clock.sleep_until(clock.monotonic() + pause)


def words(error: BaseException) -> str:
    """Return what an error says, or what it is."""
    return str(error) or type(error).__name__
