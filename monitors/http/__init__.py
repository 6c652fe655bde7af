"""The monitor type `http`: one check for each URL.

Owns how options become checks. The parts: `options`, `url`, `request` (what is sent),
`check` (the course of a check), `exchange`, `parser`, `body` (how it is spoken),
`response`, `checks` (what must come back), `mime`, `facts` (what is told of it).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from heartbeat.monitors.addresses import is_address
from heartbeat.monitors.http.check import Expectation, HttpCheck, kept_bytes
from heartbeat.monitors.http.checks import build_checks
from heartbeat.monitors.http.options import HttpOptions
from heartbeat.monitors.http.request import build_request
from heartbeat.monitors.http.url import ascii_host, complete, parse
from heartbeat.net import Route, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.config import MonitorSpec
    from heartbeat.monitors.base import Check
    from heartbeat.net import Network

__all__ = ["HttpOptions", "build"]


def build(spec: MonitorSpec, network: Network) -> Sequence[Check]:
    """Return a check for each URL, those of `hosts` first; raises `ConfigError`."""
    options = spec.options.unpack(HttpOptions)
    expected = options.check.response
    keep = kept_bytes(options.response, reads_body=expected.body is not None)
    expectation = Expectation(build_checks(expected), options.response, keep)
    return [_check(url, options, expectation, network) for url in options.targets]


def _check(
    url: str, options: HttpOptions, expectation: Expectation, network: Network
) -> HttpCheck:
    target = parse(complete(url, tls=options.uses_tls))
    host = ascii_host(target.host)
    if not is_address(host):
        options.require_family()
    tls = None
    if target.scheme == "https":
        tls = network.tls(options.ssl if options.uses_tls else None)
    return HttpCheck(
        url=target.document(),
        timeout=options.timeout,
        network=network,
        find=partial(resolve, network, host, options.families(), options.mode),
        route=Route(host, target.port, tls),
        request=build_request(target, options),
        expectation=expectation,
    )
