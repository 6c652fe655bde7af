"""ICMP monitor: ping.

    check     one ping from the first request to the verdict
    options   what a monitor may ask for
    figures   what was measured, and the limits it is held to
    flight    who waits for which answer
    sockets   one shared socket for each address family: sending, receiving, matching
    system    the operating system's side: opening, options, ancillary data
    packet    the bytes of requests, answers and errors

Owns `type: icmp`. Must not know names beyond handing them to the resolver.
"""

from heartbeat.monitors.icmp.check import build

__all__ = ["build"]
