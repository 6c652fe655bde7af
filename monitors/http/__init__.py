"""The monitor type `http`: one check for each URL.

Owns how options become checks. The parts: `options`, `url`, `request` (what is sent),
`check` and `client` (the course of a check on the direct path; with redirects or
through a proxy), `way`, `redirect`, `exchange`, `parser`, `diagnosis`, `body` (how it
is spoken), `response`, `checks`, `jsoncheck`, `expectation` (what must come back),
`mime`, `facts`, `hops` (what is told of it).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from heartbeat.conditions import build_condition
from heartbeat.monitors.addresses import DEFAULT_TIMEOUT, finder
from heartbeat.monitors.http.check import HttpCheck
from heartbeat.monitors.http.checks import build_checks
from heartbeat.monitors.http.client import ClientCheck
from heartbeat.monitors.http.expectation import Expectation, kept_bytes
from heartbeat.monitors.http.options import HttpOptions
from heartbeat.monitors.http.request import build_draft
from heartbeat.monitors.http.url import ascii_host, complete, parse
from heartbeat.monitors.http.way import Way
from heartbeat.net import ALL, ProxyKind, Route, parse_proxy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heartbeat.config import MonitorSpec, Section
    from heartbeat.monitors.base import Check
    from heartbeat.monitors.http.url import Target
    from heartbeat.net import Network, Proxy

__all__ = ["HttpOptions", "build"]


def build(spec: MonitorSpec, network: Network) -> Sequence[Check]:
    """Return a check for each URL, those of `hosts` first; raises `ConfigError`."""
    options = spec.options.unpack(HttpOptions)
    _warn(spec.options, options)
    expected = options.check.response
    reads_body = expected.body is not None or bool(expected.json_checks)
    keep = kept_bytes(options.response, reads_body=reads_body)
    expectation = Expectation(build_checks(expected), options.response, keep)
    targets = [parse(complete(url, tls=options.uses_tls)) for url in options.targets]
    if options.is_direct:
        return [_direct(target, options, expectation, network) for target in targets]
    way = _way(options, network)
    return [_client(target, options, expectation, way) for target in targets]


def _direct(
    target: Target, options: HttpOptions, expectation: Expectation, network: Network
) -> HttpCheck:
    host = ascii_host(target.host)
    tls = None
    if target.scheme == "https":
        tls = network.tls(options.ssl if options.uses_tls else None)
    return HttpCheck(
        url=target.document(),
        timeout=options.timeout or DEFAULT_TIMEOUT,
        network=network,
        find=finder(network, host, options),
        route=Route(host, target.port, tls, source=options.source_address),
        request=build_draft(target, options, follows=False).request(),
        expectation=expectation,
        gives_no_time=not options.timeout,
    )


def _client(
    target: Target, options: HttpOptions, expectation: Expectation, way: Way
) -> ClientCheck:
    return ClientCheck(
        url=target.document(),
        timeout=options.timeout or DEFAULT_TIMEOUT,
        way=way,
        draft=build_draft(target, options, follows=True),
        max_redirects=options.max_redirects,
        expectation=expectation,
    )


def _way(options: HttpOptions, network: Network) -> Way:
    tls = network.tls(options.ssl if options.uses_tls else None)
    proxy: Proxy | None = None
    if options.uses_proxy:
        proxy = parse_proxy(options.proxy_url)
        is_https = proxy.kind is ProxyKind.HTTPS
        headers = options.proxy_headers
        proxy = replace(proxy, headers=headers, tls=tls if is_https else None)
    else:
        options.require_family()
    return Way(
        network,
        options.families(),
        tls,
        proxy,
        options.source_address,
        has_tls_settings=options.uses_tls,
    )


def _warn(section: Section, options: HttpOptions) -> None:
    """Tell the operator of options that do something else than they seem to."""
    for name in ("check.request.headers", "proxy_headers"):
        written = section.get(name)
        if written is not None and written.entries() is not None:
            section.warn("a list names no headers: write a mapping", name)
    if not options.timeout:
        section.warn(
            "0 leaves no time, so every check fails: write how long it may take"
            if options.is_direct
            else f"0 means the default here, {DEFAULT_TIMEOUT:g}s",
            "timeout",
        )
    if options.mode == ALL and not options.is_direct:
        section.warn("has no effect with max_redirects or proxy_url", "mode")
    if options.resolver and options.uses_proxy:
        section.warn("has no effect: the proxy looks names up", "resolver")
    for check in options.check.response.json_checks:
        if check.condition is not None:
            _warn_of_condition(section, check.condition)


def _warn_of_condition(section: Section, condition: Any) -> None:
    name = "check.response.json"
    section.warn("JSON conditions are deprecated, use 'expression' instead.", name)
    build_condition(condition, lambda doubt: section.warn(doubt, name))
