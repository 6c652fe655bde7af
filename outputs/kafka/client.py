"""What the output needs of a Kafka client, apart from the library that does it.

Owns the values that pass between both. Must not know the library.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence


class Fate(Enum):
    """What a failure means for the message."""

    LATER = auto()
    TOO_LARGE = auto()
    NEVER = auto()


class SendFailed(Exception):  # noqa: N818 - an outcome, not a fault of the program
    """A message was not taken."""

    def __init__(self, message: str, fate: Fate = Fate.LATER) -> None:
        """Keep the library's words and what they mean."""
        super().__init__(message)
        self.fate = fate


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach a cluster and as whom; times in seconds, sizes in bytes.

    `acks` is -1 for all replicas, 1 for the leader, 0 for nobody.
    """

    hosts: tuple[str, ...]
    client_id: str
    timeout: float
    acks: int
    max_message: int
    metadata_age: float
    compression: str | None = None
    linger: float = 0.0
    is_idempotent: bool = False
    is_secure: bool = False
    username: str = ""
    password: str = field(default="", repr=False)
    mechanism: str = "PLAIN"

    @property
    def transport(self) -> str:
        """Return the name of the protocol below the login."""
        return "SSL" if self.is_secure else "PLAINTEXT"


@dataclass(frozen=True, slots=True)
class Message:
    """A record on its way; `timestamp` in milliseconds since the epoch."""

    topic: str
    partition: int
    value: bytes
    key: bytes | None
    timestamp: int
    headers: Sequence[tuple[str, bytes]] = ()


class Client(Protocol):
    """A connection to a cluster."""

    async def start(self) -> None:
        """Connect; raises `SendFailed`."""

    async def partitions(self, topic: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return all partitions of a topic and those with a leader, in order.

        Raises `SendFailed`.
        """
        ...

    async def send(self, message: Message) -> Awaitable[None]:
        """Queue a message; return what ends with it. Both raise `SendFailed`."""
        ...

    async def stop(self) -> None:
        """Let go of the connection."""
