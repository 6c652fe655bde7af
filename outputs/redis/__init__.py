"""`output.redis`: documents onto lists or into channels of Redis.

Owns the building of the output from its section; the parts have modules of their own.
Must not connect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.outputs.codec import Envelope, build_codec
from heartbeat.outputs.reach import Reach, parse_proxy
from heartbeat.outputs.redis.link import Link, Login, Shape
from heartbeat.outputs.redis.options import (
    CHANNEL,
    KeyRule,
    RedisOptions,
    parse_server,
)
from heartbeat.outputs.redis.output import Probe, RedisOutput
from heartbeat.outputs.selector import build_selector
from heartbeat.outputs.streams import Opener
from heartbeat.outputs.trust import TlsAccess

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.outputs.base import OutputContext
    from heartbeat.outputs.redis.options import Server

__all__ = ["RedisOutput", "build"]


def build(section: Section, context: OutputContext) -> RedisOutput:
    """Return the output that the section describes; raises `ConfigError`."""
    options = section.unpack(RedisOptions)
    servers = tuple(dict.fromkeys(parse_server(text) for text in options.hosts))
    reaches = [_reach(options, server, context) for server in servers]
    openers = [
        Opener(reach, _tls(options, server, context))
        for reach, server in zip(reaches, servers, strict=True)
    ]
    login = Login(options.timeout, options.db, options.username, options.password)
    shape = Shape(
        build_codec(section, context, Envelope(options.index, b"")),
        build_selector(section, "key", KeyRule, default=options.index),
        is_channel=options.datatype == CHANNEL,
    )
    pairs = list(zip(servers, openers, strict=True))
    groups = [[pair] for pair in pairs] if options.loadbalance else [pairs]
    links = [
        Link([one for one, _ in group], [way for _, way in group], login, shape)
        for group in groups
        for _ in range(options.lanes)
    ]
    probes = [
        Probe(server, reach, opener, login)
        for server, reach, opener in zip(servers, reaches, openers, strict=True)
    ]
    return RedisOutput(links, probes, options.limits(len(links)), context.clock)


def _is_secure(options: RedisOptions, server: Server) -> bool:
    if server.is_secure is not None:
        return server.is_secure
    return options.ssl is not None and options.ssl.enabled


def _tls(
    options: RedisOptions, server: Server, context: OutputContext
) -> TlsAccess | None:
    if not _is_secure(options, server):
        return None
    return TlsAccess.of(options.ssl, context.network)


def _reach(options: RedisOptions, server: Server, context: OutputContext) -> Reach:
    tls = _tls(options, server, context)
    return Reach(
        context.network,
        timeout=options.timeout,
        tls=None if tls is None else tls.rules,
        proxy=parse_proxy(options.proxy_url),
        resolves_for_proxy=options.proxy_use_local_resolver,
    )
