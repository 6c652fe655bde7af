"""Name servers played by a test, without sockets.

Owns what stands in for the machine's files and servers. Must not know what is asserted.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from heartbeat.net.dns import Answer
from heartbeat.net.hostfiles import HostFiles
from heartbeat.net.resolver import Resolver

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from heartbeat.clock import Clock, Deadline

Said: TypeAlias = "Answer | Exception | None"
"""What a server says; None for nothing at all."""

DENIAL = Answer(3)
FAULT = Answer(2)
NOTHING = Answer(0)


def found(*addresses: str, ttl: int = 60) -> Answer:
    """Return an answer with addresses."""
    return Answer(0, addresses, ttl)


class Servers:
    """All name servers of a test: what they say to which question.

    `says` holds answers by name and kind, or by server, name and kind.
    """

    def __init__(self, says: Mapping[tuple[object, ...], Said] | None = None) -> None:
        """Deny every other name."""
        self.says = dict(says or {})
        self.asked: list[tuple[str, str, int]] = []
        self.over_tcp: set[bool] = set()
        self.patience: list[float] = []

    async def ask(
        self,
        server: tuple[str, int],
        question: tuple[str, int],
        deadline: Deadline,
        /,
        *,
        over_tcp: bool,
    ) -> Answer:
        """Play a server; stands in for `heartbeat.net.nameserver.ask`."""
        self.asked.append((server[0], *question))
        self.over_tcp.add(over_tcp)
        self.patience.append(deadline.seconds)
        said = self.says.get((server[0], *question), self.says.get(question, DENIAL))
        if said is None:
            await deadline.wait(asyncio.get_running_loop().create_future())
            raise AssertionError("the deadline let the wait end")
        if isinstance(said, Exception):
            raise said
        return said

    def names(self) -> list[str]:
        """Return the names that were asked for, in order."""
        return [name for _, name, _ in self.asked]


def resolver(
    clock: Clock,
    servers: Servers,
    folder: Path,
    *,
    hosts: str = "",
    resolv_conf: str = "nameserver 10.0.0.53\nsearch .\n",
) -> Resolver:
    """Return a resolver with these servers and files."""
    paths = folder / "hosts", folder / "resolv.conf"
    for path, text in zip(paths, (hosts, resolv_conf), strict=True):
        path.write_text(text)
    return Resolver(clock, HostFiles(clock, *paths), servers.ask)
