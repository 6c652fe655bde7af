"""The way to a target: resolve, dial, TLS, and what each step measured.

Owns everything between a host name and a stream of bytes. Must not know any
application protocol, monitor or output.
"""

from heartbeat.net.connection import Connection
from heartbeat.net.dial import dial
from heartbeat.net.encrypted import NotTls
from heartbeat.net.facts import (
    CertificateFacts,
    ResolveFacts,
    TcpFacts,
    TlsFacts,
    TunnelFacts,
)
from heartbeat.net.lookup import ALL, ANY, Families, Lookup, name_server, resolve
from heartbeat.net.network import Network
from heartbeat.net.proxy import Proxy, ProxyKind, parse_proxy
from heartbeat.net.route import Route
from heartbeat.net.tls import TlsContext
from heartbeat.net.wording import DialFailed, read_text

__all__ = [
    "ALL",
    "ANY",
    "CertificateFacts",
    "Connection",
    "DialFailed",
    "Families",
    "Lookup",
    "Network",
    "NotTls",
    "Proxy",
    "ProxyKind",
    "ResolveFacts",
    "Route",
    "TcpFacts",
    "TlsContext",
    "TlsFacts",
    "TunnelFacts",
    "dial",
    "name_server",
    "parse_proxy",
    "read_text",
    "resolve",
]
