"""How the client path reaches a target, whatever host a redirect names.

Owns the choice between target and proxy, the lookup and the addresses in their turn.
Must not know requests beyond their target, or what is said on a connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from heartbeat.clock import Deadline
from heartbeat.errors import CheckFailed
from heartbeat.monitors.http.url import ascii_host
from heartbeat.net import ALL, DialFailed, ProxyKind, Route, dial, resolve
from heartbeat.net.handshake import UNVERIFIED
from heartbeat.net.wording import is_deadline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.monitors.http.hops import Hop
    from heartbeat.monitors.http.request import Draft
    from heartbeat.net import Connection, Families, Network, Proxy, TlsContext

SHORTEST_SHARE = 2.0
"""Seconds that each of several addresses gets at least, if there are so many."""


@dataclass(frozen=True, slots=True)
class Way:
    """The network and the settings that all hops share.

    `has_tls_settings` is whether the operator wrote some, for the words of failures.
    """

    network: Network
    families: Families
    tls: TlsContext
    proxy: Proxy | None = None
    source: str = ""
    has_tls_settings: bool = True

    def route(self, draft: Draft) -> Route:
        """Return the way to the target of a request."""
        target = draft.target
        return Route(
            ascii_host(target.host),
            target.port,
            self.tls if target.scheme == "https" else None,
            proxy=self.proxy,
            is_forwarded=self.forwarder(draft) is not None,
            source=self.source,
        )

    def forwarder(self, draft: Draft) -> Proxy | None:
        """Return the proxy that itself is asked for the target, None if none is."""
        proxy = self.proxy
        if proxy is None or proxy.kind is ProxyKind.SOCKS5:
            return None
        return None if draft.target.scheme == "https" else proxy

    def worded(self, draft: Draft, text: str) -> str:
        """Return why a request failed as the reference tells it on this way.

        Behind CONNECT and without TLS settings its standard library verifies.
        """
        is_tunnelled = (
            draft.target.scheme == "https"
            and self.proxy is not None
            and self.proxy.kind is not ProxyKind.SOCKS5
        )
        if is_tunnelled and not self.has_tls_settings and text.startswith("x509: "):
            return UNVERIFIED + text
        return text

    async def addresses(self, route: Route, hop: Hop, seconds: float) -> Sequence[str]:
        """Return where to try; a host behind a proxy is left to the proxy.

        Takes no longer than `seconds`. Raises `CheckFailed`.
        """
        if route.proxy is not None:
            return (route.host,)
        lookup = await resolve(
            self.network, route.host, self.families, ALL, within=seconds
        )
        hop.resolve, hop.is_stale = lookup.rtt, lookup.is_stale
        return lookup.addresses

    async def dialled(
        self, route: Route, addresses: Sequence[str], hop: Hop, deadline: Deadline
    ) -> Connection:
        """Connect to the first address that answers.

        Raises the failure of the first one, like the reference, if none does.
        """
        first: CheckFailed | None = None
        for left in range(len(addresses), 0, -1):
            address = addresses[-left]
            hop.layers.clear()
            hop.ip = address if route.proxy is None else None
            share = self._share(deadline, left)
            try:
                return await dial(self.network, route, address, share, hop.layers)
            except CheckFailed as failure:
                first = first or failure
                is_elsewhere = isinstance(failure, DialFailed) or is_late(failure)
                if not is_elsewhere or deadline.expired:
                    break
            finally:
                if share is not deadline:
                    share.cancel()
        assert first is not None  # noqa: S101 - there is at least one address
        try:
            raise first
        finally:
            del first  # its traceback holds this frame

    def _share(self, deadline: Deadline, left: int) -> Deadline:
        """Return a fair share of the time, with `left` addresses to try."""
        if left == 1:
            return deadline
        remaining = deadline.remaining()
        seconds = min(max(remaining / left, SHORTEST_SHARE), remaining)
        share = Deadline(self.network.clock, seconds)
        share.start()
        return share


def is_late(failure: CheckFailed) -> bool:
    """Tell whether it was a deadline of ours that ended something."""
    if isinstance(failure, DialFailed):
        return failure.timed_out
    return is_deadline(failure.__cause__)
