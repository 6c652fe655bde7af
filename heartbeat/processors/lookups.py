"""Questions to name servers on behalf of events, and what is remembered of them.

Owns the order of servers, the caches and questions under way. Must not know events.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, TypeAlias

from heartbeat.clock import Deadline
from heartbeat.errors import system_text
from heartbeat.net.dns import AAAA, DONE, NO_SUCH_NAME, PTR, TXT, A
from heartbeat.net.nameserver import ask, ask_encrypted
from heartbeat.net.wording import DialFailed, split_endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heartbeat.net import Network
    from heartbeat.net.dns import Answer

TYPES: Final[Mapping[str, int]] = {
    "a": A,
    "aaaa": AAAA,
    "ptr": PTR,
    "reverse": PTR,
    "txt": TXT,
}
FAULTS: Final = {NO_SUCH_NAME: "no such host"}

Found: TypeAlias = "tuple[str, ...] | str"
"""What is there, or in one text why not."""


@dataclass(frozen=True, slots=True)
class Manner:
    """Who is asked, and what is remembered for how long; 0 entries for nothing.

    `timeout` are the seconds for each server, `floor` those that an answer is kept at
    least, `failure` those that a failure is kept.
    """

    servers: tuple[str, ...] = ()
    timeout: float = 0.5
    over_tls: bool = False
    floor: float = 60.0
    answers: int = 10_000
    failure: float = 60.0
    failures: int = 10_000


@dataclass(slots=True)
class _Kept:
    found: Found
    until: float


class Lookups:
    """Looks things up; equal questions at the same time are one."""

    def __init__(self, network: Network, kind: int, manner: Manner) -> None:
        """Ask nothing yet."""
        self._network = network
        self._clock = network.clock
        self._kind = kind
        self._manner = manner
        self._answers: dict[str, _Kept] = {}
        self._failures: dict[str, _Kept] = {}
        self._under_way: dict[str, asyncio.Task[Found]] = {}

    async def find(self, subject: str) -> Found:
        """Return what there is for a name, or for an address if names are wanted."""
        now = self._clock.monotonic()
        for cache in (self._answers, self._failures):
            kept = cache.get(subject)
            if kept is not None and now < kept.until:
                return kept.found
        task = self._under_way.get(subject)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._asked(subject))
            self._under_way[subject] = task
            task.add_done_callback(lambda _: self._under_way.pop(subject, None))
        return await asyncio.shield(task)

    async def _asked(self, subject: str) -> Found:
        try:
            name = ip_address(subject).reverse_pointer if self._kind == PTR else subject
        except ValueError:
            return f"'{subject}' is no address"
        found: Found = "there is no name server"
        for server in self._manner.servers or self._network.resolver.servers:
            found, ttl = await self._attempt(server, name)
            if not isinstance(found, str):
                self._keep(self._answers, subject, found, ttl)
                return found
            if found == FAULTS[NO_SUCH_NAME]:
                break
        self._keep(self._failures, subject, found, self._manner.failure)
        return found

    async def _attempt(self, server: str, name: str) -> tuple[Found, float]:
        """Return what one server says, and for how long it holds."""
        try:
            answer = await self._answer(server, name)
        except DialFailed as error:
            return error.plain, 0.0
        except TimeoutError:
            return f"{server} does not answer", 0.0
        except OSError as error:
            is_tls = isinstance(error, ssl.SSLError)  # its number means something else
            return f"{server}: {error if is_tls else system_text(error)}", 0.0
        except ValueError:
            return f"'{name}' is no name", 0.0
        return self._verdict(server, answer)

    def _verdict(self, server: str, answer: Answer) -> tuple[Found, float]:
        if answer.code != DONE:
            return FAULTS.get(answer.code, f"{server} misbehaves"), 0.0
        if not answer.addresses:
            return FAULTS[NO_SUCH_NAME], 0.0
        return answer.addresses, max(float(answer.ttl), self._manner.floor)

    async def _answer(self, server: str, name: str) -> Answer:
        question = (name, self._kind)
        if self._manner.over_tls:
            async with asyncio.timeout(self._manner.timeout):
                tls = await asyncio.to_thread(trusted)
                return await ask_encrypted(split_endpoint(server), question, tls)
        deadline = Deadline(self._clock, self._manner.timeout)
        deadline.start()
        try:
            return await ask(split_endpoint(server), question, deadline)
        finally:
            deadline.cancel()

    def _keep(
        self, cache: dict[str, _Kept], subject: str, found: Found, seconds: float
    ) -> None:
        """Remember what was found; of too many the oldest goes."""
        manner = self._manner
        limit = manner.answers if cache is self._answers else manner.failures
        cache.pop(subject, None)
        if limit:
            cache[subject] = _Kept(found, self._clock.monotonic() + seconds)
        while len(cache) > limit:
            del cache[next(iter(cache))]


def trusted() -> ssl.SSLContext:
    """Return a context that trusts the system's authorities."""
    return ssl.create_default_context()
