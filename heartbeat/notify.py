"""Telling the service manager how we are: systemd's notification protocol.

Owns the messages and their rhythm. Must not know what being well means. Without a
manager (`NOTIFY_SOCKET` is not set) nothing is sent; a manager that cannot be reached
costs a debug line, never the monitoring.

The messages are datagrams of `NAME=value` lines, and that is the whole protocol, so
there is no library for it here: https://www.freedesktop.org/software/systemd/man/sd_notify
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from typing import TYPE_CHECKING

from heartbeat.errors import system_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Mapping

    from heartbeat.clock import Clock

log = logging.getLogger(__name__)

VARIABLES = frozenset({"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"})
"""What tells a process about its manager."""

STATUS_SECONDS = 30.0
"""The status line is renewed so often where no watchdog wants more."""


class ServiceManager:
    """Who started this process and wants to know how it is."""

    def __init__(self, environment: Mapping[str, str], clock: Clock) -> None:
        """Take its address, and how often it wants a sign of life."""
        self._clock = clock
        self._place = environment.get("NOTIFY_SOCKET", "")
        self._watchdog_seconds = _watchdog(environment) if self._place else 0.0

    @property
    def is_there(self) -> bool:
        """Return whether anybody listens."""
        return bool(self._place)

    def ready(self) -> None:
        """Tell that all parts are up, for the first time or after a reload."""
        self._tell("READY=1")

    @contextlib.contextmanager
    def reloading(self) -> Generator[None]:
        """Tell that the configuration is being read again, and when that is done."""
        moment = int(self._clock.monotonic() * 1e6)
        self._tell("RELOADING=1", f"MONOTONIC_USEC={moment}")
        try:
            yield
        finally:
            self.ready()

    def stopping(self) -> None:
        """Tell that the end has begun."""
        self._tell("STOPPING=1", "STATUS=stopping")

    async def run(
        self, is_stuck: Callable[[], bool], status: Callable[[], Awaitable[str]]
    ) -> None:
        """Give signs of life until cancelled, none while the schedule is stuck.

        The loop that sends them is the one that runs the checks: if it hangs, there is
        none either, and the manager does what its unit says. Only what a restart mends
        may count here.
        """
        period = self._watchdog_seconds / 2 or STATUS_SECONDS
        due = self._clock.monotonic()
        while self.is_there:
            words = f"STATUS={await status()}".replace("\n", " ")
            is_alive = self._watchdog_seconds and not is_stuck()
            self._tell(words, *(["WATCHDOG=1"] if is_alive else []))
            due += period
            await self._clock.sleep_until(due)

    def _tell(self, *lines: str) -> None:
        if not self._place:
            return
        # A name in the abstract namespace begins with a zero byte, written as @.
        place = self._place
        address = "\0" + place[1:] if place.startswith("@") else place
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(0.0)
                sender.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            log.debug("service manager at %s: %s", place, system_text(error))


def _watchdog(environment: Mapping[str, str]) -> float:
    """Return the longest time without a sign of life, 0.0 if nobody waits for any."""
    meant = environment.get("WATCHDOG_PID", "")
    text = environment.get("WATCHDOG_USEC", "")
    if not text.isdecimal() or meant not in {"", str(os.getpid())}:
        return 0.0
    return int(text) / 1e6
