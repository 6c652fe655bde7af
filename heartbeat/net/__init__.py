"""The way to a target: resolve, dial, TLS, and what each step measured.

Owns everything between a host name and a stream of bytes. Must not know any
application protocol, monitor or output.
"""

from heartbeat.net.connection import Connection
from heartbeat.net.dial import Route, dial
from heartbeat.net.encrypted import NotTls
from heartbeat.net.facts import CertificateFacts, ResolveFacts, TcpFacts, TlsFacts
from heartbeat.net.lookup import ALL, ANY, Families, Lookup, resolve
from heartbeat.net.network import Network
from heartbeat.net.tls import TlsContext
from heartbeat.net.wording import read_text

__all__ = [
    "ALL",
    "ANY",
    "CertificateFacts",
    "Connection",
    "Families",
    "Lookup",
    "Network",
    "NotTls",
    "ResolveFacts",
    "Route",
    "TcpFacts",
    "TlsContext",
    "TlsFacts",
    "dial",
    "read_text",
    "resolve",
]
