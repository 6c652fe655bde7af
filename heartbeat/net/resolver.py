"""Names to addresses: who is asked, in which order, and what is remembered.

Owns the cache of answers and the questions under way. Must not know monitors, their
modes or the words of documents.

Asked are the hosts file and name servers by DNS, as the reference does; other sources
of the system (nsswitch.conf) are not. The system's own `getaddrinfo` would know them
but blocks a thread for each lookup and does not tell how long an answer holds.

Answers are kept for their time to live, but at least `FLOOR` and at most `CEILING`
seconds. What the server denies is asked anew each time: a name that is missing is what
a monitor is there to tell, at once and from the moment on that it is back. An answer
that is too old stands in, marked as stale, while the servers fail.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeAlias

from heartbeat.clock import Deadline
from heartbeat.errors import system_text
from heartbeat.net.dns import DONE, NO_SUCH_NAME
from heartbeat.net.hostfiles import HostFiles
from heartbeat.net.nameserver import ask as ask_server
from heartbeat.net.wording import DialFailed, is_deadline, split_endpoint

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from heartbeat.clock import Clock
    from heartbeat.net.dns import Answer

FLOOR, CEILING = 1.0, 300.0
"""Seconds that an answer is kept at least and at most."""

STALE_LIMIT = 86_400.0
"""Seconds after its time for which an answer may stand in."""

RECHECK = 30.0
"""Seconds for which servers that failed are not asked while an old answer stands in."""

PATIENCE = 4.0
"""Seconds that all attempts at one question share."""

REMEMBERED = 65_536
"""Answers kept."""

UNDER_WAY = 256
"""Questions that may be under way at a time; each has a socket."""

NO_SUCH_HOST = "no such host"
MISBEHAVING = "server misbehaving"
TIMED_OUT = "i/o timeout"
FAULTS = {DONE: "", NO_SUCH_NAME: NO_SUCH_HOST}


class Ask(Protocol):
    """Asks one server one question; see `nameserver.ask`."""

    def __call__(
        self,
        server: tuple[str, int],
        question: tuple[str, int],
        deadline: Deadline,
        /,
        *,
        over_tcp: bool,
    ) -> Coroutine[None, None, Answer]:
        """Return the answer, raise `OSError` or `DialFailed` without one."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a lookup is to find: addresses of the first of the kinds, or of every one.

    `server` is asked as `ip:port`; the machine's own ways where it is empty.
    """

    kinds: tuple[int, ...]
    every: bool = False
    server: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a question: `fault` says why there is no answer.

    A server's denial is an answer without addresses. `server` is who said it or was
    asked last, `ttl` in seconds.
    """

    addresses: tuple[str, ...] = ()
    server: str = ""
    fault: str = ""
    is_stale: bool = False
    ttl: float = 0.0


@dataclass(slots=True)
class Kept:
    """An answer in the cache: good until `until`, in need of no question before `next`.

    Both are moments of the monotonic clock; `next` is later while servers fail.
    """

    reply: Reply
    until: float
    next: float


Question: TypeAlias = tuple[tuple[str, ...], str, int]
"""The servers to ask, the absolute name in lower case, the kind."""


class Resolver:
    """Looks names up for everybody; equal questions at the same time are one."""

    def __init__(
        self, clock: Clock, files: HostFiles | None = None, ask: Ask = ask_server
    ) -> None:
        """Ask nothing yet. `files` and `ask` stand in for the machine's."""
        self._clock = clock
        self._files = files or HostFiles(clock)
        self._ask = ask
        self._kept: dict[Question, Kept] = {}
        self._waiting: dict[Question, list[asyncio.Future[Reply]]] = {}
        self._tasks: set[asyncio.Task[Reply]] = set()
        self._slots = asyncio.Semaphore(UNDER_WAY)
        self._turn = 0

    @property
    def servers(self) -> tuple[str, ...]:
        """The system's name servers as `ip:port`."""
        return self._files.servers.addresses

    def close(self) -> None:
        """Ask no more; whoever still waits is not answered."""
        for task in self._tasks:
            task.cancel()

    async def find(self, host: str, wanted: Wanted, limit: Deadline) -> Reply:
        """Return the addresses of a name, or why there are none.

        They are of the first kind wanted that the name has, or of every kind. Raises
        `TimeoutError` at the limit.
        """
        if not wanted.server:
            listed = self._files.hosts.get(host.lower().removesuffix("."))
            if listed is not None:
                return Reply(listed)
        servers = self._files.servers
        asked = (wanted.server,) if wanted.server else servers.addresses
        failed = Reply(server=asked[0], fault=NO_SUCH_HOST)
        for name in servers.candidates(host.lower()):
            reply = await self._of_kinds((asked, name), wanted, limit)
            if reply.addresses:
                return reply
            if failed.fault == NO_SUCH_HOST:
                failed = reply
        return failed

    async def _of_kinds(
        self, subject: tuple[tuple[str, ...], str], wanted: Wanted, limit: Deadline
    ) -> Reply:
        """Return what one absolute name has of the kinds wanted."""
        replies: list[Reply] = []
        for kind in wanted.kinds:
            reply = await self._reply((*subject, kind), limit)
            is_enough = reply.addresses or reply.fault
            if reply.fault == NO_SUCH_HOST or (is_enough and not wanted.every):
                return reply
            replies.append(reply)
        found = [reply for reply in replies if reply.addresses]
        if not found:
            faults = [reply for reply in replies if reply.fault]
            return faults[0] if faults else replace(replies[0], fault=NO_SUCH_HOST)
        return Reply(
            tuple(address for reply in found for address in reply.addresses),
            is_stale=any(reply.is_stale for reply in found),
        )

    async def _reply(self, question: Question, limit: Deadline) -> Reply:
        """Return what is remembered, else ask, or wait with those who did."""
        kept = self._kept.get(question)
        if kept is not None:
            now = self._clock.monotonic()
            if now < kept.next:
                return kept.reply if now < kept.until else _stale(kept)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if question in self._waiting:
            self._waiting[question].append(future)
        else:
            self._waiting[question] = [future]
            task = asyncio.get_running_loop().create_task(self._answer(question))
            self._tasks.add(task)
            task.add_done_callback(partial(self._tell, question))
        limit.start()
        return await limit.wait(future)

    async def _answer(self, question: Question) -> Reply:
        """Ask the servers in turn until one answers."""
        addresses, name, kind = question
        options = self._files.servers
        order = self._order(addresses) * options.attempts
        share = min(options.timeout, PATIENCE / len(order))
        reply = Reply()
        async with self._slots:
            for server in order:
                reply = await self._attempt(server, (name, kind), share)
                if _is_answered(reply):
                    break
        return reply

    def _order(self, addresses: tuple[str, ...]) -> tuple[str, ...]:
        if not self._files.servers.rotates:
            return addresses
        self._turn = (self._turn + 1) % len(addresses)
        return addresses[self._turn :] + addresses[: self._turn]

    async def _attempt(
        self, server: str, question: tuple[str, int], seconds: float
    ) -> Reply:
        deadline = Deadline(self._clock, seconds)
        deadline.start()
        over_tcp = self._files.servers.uses_tcp
        try:
            answer = await self._ask(
                split_endpoint(server), question, deadline, over_tcp=over_tcp
            )
        except (OSError, DialFailed) as error:
            return Reply(server=server, fault=_fault(error))
        except ValueError:
            return Reply(fault=NO_SUCH_HOST)
        finally:
            deadline.cancel()
        fault = FAULTS.get(answer.code, MISBEHAVING)
        return Reply(answer.addresses, server, fault, ttl=answer.ttl)

    def _tell(self, question: Question, task: asyncio.Task[Reply]) -> None:
        """Keep what came of a question and tell everybody who waits for it."""
        self._tasks.discard(task)
        waiting = self._waiting.pop(question)
        if task.cancelled():
            return
        reply = self._remembered(question, task.result())
        for future in waiting:
            if not future.done():
                future.set_result(reply)

    def _remembered(self, question: Question, reply: Reply) -> Reply:
        """Keep an answer; return it, or an old one in place of a failure."""
        now = self._clock.monotonic()
        kept = self._kept.pop(question, None)
        if reply.addresses:
            until = now + min(max(reply.ttl, FLOOR), CEILING)
            self._kept[question] = Kept(reply, until, until)
        elif _is_answered(reply) or kept is None or now >= kept.until + STALE_LIMIT:
            return reply
        else:
            self._kept[question] = Kept(kept.reply, kept.until, now + RECHECK)
            reply = _stale(kept)
        if len(self._kept) > REMEMBERED:
            del self._kept[next(iter(self._kept))]
        return reply


def _is_answered(reply: Reply) -> bool:
    """Tell a server that knows what there is from one that does not say."""
    return reply.fault in {"", NO_SUCH_HOST}


def _stale(kept: Kept) -> Reply:
    return replace(kept.reply, is_stale=True)


def _fault(error: OSError | DialFailed) -> str:
    if isinstance(error, DialFailed):
        return TIMED_OUT if error.timed_out else error.plain
    return TIMED_OUT if is_deadline(error) else system_text(error)
