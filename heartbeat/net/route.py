"""The way to an endpoint, as the options of a monitor lay it down.

Owns the value. Must not do I/O: `dial` goes the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heartbeat.net.proxy import Proxy
    from heartbeat.net.tls import TlsContext


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach an endpoint: the target and the layers on the way.

    `host` is what the operator wrote; `server_name` is what TLS is to ask for and to
    check, `host` where it is None. With `is_forwarded` the way ends at the proxy, which
    is going to be asked for the target in the application protocol (HTTP can do that).
    `source` is the address to connect from, empty where the system may choose.
    """

    host: str
    port: int
    tls: TlsContext | None = None
    server_name: str | None = None
    proxy: Proxy | None = None
    is_forwarded: bool = False
    source: str = ""
