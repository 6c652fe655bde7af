"""What all checks of the process share to reach the network.

Owns the lifetime of shared things: resolver, TLS contexts, sockets that many checks use
together. Must not know any protocol.
"""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, runtime_checkable

from heartbeat.config.tls import TlsOptions
from heartbeat.net.resolver import Resolver
from heartbeat.net.tls import TlsContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.clock import Clock

T = TypeVar("T")

DEFAULT = TlsOptions.model_validate({})
"""What holds where nothing is configured or the section is not enabled."""


@runtime_checkable
class _Closeable(Protocol):
    def close(self) -> None: ...


class Network:
    """One per process, given to every monitor when it is built."""

    def __init__(self, clock: Clock, *, tells_chains: bool = False) -> None:
        """Open nothing yet.

        With `tells_chains` facts of TLS have every certificate that a server presented,
        which takes time to read: for those who look at one connection, not at many.
        """
        self.clock = clock
        self.tells_chains = tells_chains
        self.resolver = Resolver(clock)
        self._lock = RLock()
        self._contexts: dict[TlsOptions, TlsContext] = {}
        self._shared: dict[Callable[[Network], Any], Any] = {}

    def tls(self, options: TlsOptions | None) -> TlsContext:
        """Return the context for these options, the same one for equal options.

        May be called in any thread. Raises `ConfigError`.
        """
        if options is None or not options.enabled:
            options = DEFAULT
        with self._lock:
            if options not in self._contexts:
                self._contexts[options] = TlsContext(
                    options, self.clock, tells_chain=self.tells_chains
                )
            return self._contexts[options]

    def shared(self, factory: Callable[[Network], T]) -> T:
        """Return what `factory` makes of this network, the same thing every time."""
        with self._lock:
            if factory not in self._shared:
                self._shared[factory] = factory(self)
            return cast("T", self._shared[factory])

    async def close(self) -> None:
        """Close everything shared that can be closed."""
        for thing in self._shared.values():
            if isinstance(thing, _Closeable):
                thing.close()
        self._shared.clear()
        self.resolver.close()
