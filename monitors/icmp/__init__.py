"""ICMP monitor: ping.

    check     the options, one ping, what the document says about it
    flight    who waits for which answer
    sockets   one shared socket for each address family: sending, receiving, matching
    system    the operating system's side: opening, options, ancillary data
    packet    the bytes of requests, answers and errors

Owns `type: icmp`. Must not know names beyond handing them to the resolver.
"""

from heartbeat.monitors.icmp.check import build

__all__ = ["build"]
