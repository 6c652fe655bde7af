"""`output.logstash`: documents to the Beats input of Logstash.

Owns the building of the output from its section; the parts have modules of their own.
Must not connect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.event import with_metadata
from heartbeat.outputs.codec import escape_html
from heartbeat.outputs.logstash.link import Link, LinkSettings
from heartbeat.outputs.logstash.options import PORT, LogstashOptions
from heartbeat.outputs.logstash.output import LogstashOutput
from heartbeat.outputs.reach import Reach, parse_host, parse_proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from heartbeat.config import Section
    from heartbeat.event import Record
    from heartbeat.outputs.base import OutputContext
    from heartbeat.outputs.reach import Host

__all__ = ["LogstashOutput", "build"]


def build(section: Section, context: OutputContext) -> LogstashOutput:
    """Return the output that the section describes; raises `ConfigError`."""
    options = section.unpack(LogstashOptions)
    written = [parse_host(text, PORT) for text in options.hosts]
    hosts = tuple(dict.fromkeys(written))
    depth = max(options.pipelining, 1)
    reach = _reach(options, context)
    settings = LinkSettings(
        encode=_encoder(options, context),
        timeout=options.timeout,
        depth=depth,
        max_window=options.batch,
        level=options.compression_level,
        ttl=options.ttl,
        slow_start=options.slow_start,
    )
    links = [
        Link(group, reach, settings)
        for group in _groups(hosts, is_balanced=options.loadbalance)
        for _ in range(options.lanes)
    ]
    return LogstashOutput(hosts, reach, links, options.limits(len(links) * depth))


def _groups(hosts: tuple[Host, ...], *, is_balanced: bool) -> list[Sequence[Host]]:
    """Return which hosts stand in for each other."""
    return [(host,) for host in hosts] if is_balanced else [hosts]


def _reach(options: LogstashOptions, context: OutputContext) -> Reach:
    tls = options.ssl
    is_secure = tls is not None and tls.enabled
    return Reach(
        context.network,
        timeout=options.connect_timeout or options.timeout,
        tls=context.network.tls(tls) if is_secure else None,
        proxy=parse_proxy(options.proxy_url),
        resolves_for_proxy=options.proxy_use_local_resolver,
    )


def _encoder(
    options: LogstashOptions, context: OutputContext
) -> Callable[[Record], bytes]:
    beat = options.index.lower()

    def encode(record: Record) -> bytes:
        text = with_metadata(record, context.metadata(record.routing, beat))
        return escape_html(text) if options.escape_html else text

    return encode
