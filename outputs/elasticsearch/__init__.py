"""`output.elasticsearch`: documents into Elasticsearch, each of them once.

Owns the building of the output from its section; the parts have modules of their own.
Must not connect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.outputs.elasticsearch.access import access_of
from heartbeat.outputs.elasticsearch.bulk import Encoder
from heartbeat.outputs.elasticsearch.index import destination_of
from heartbeat.outputs.elasticsearch.options import read_options
from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.outputs.base import OutputContext

__all__ = ["ElasticsearchOutput", "build"]


def build(section: Section, context: OutputContext) -> ElasticsearchOutput:
    """Return the output that the section describes; raises `ConfigError`."""
    options = read_options(section)
    encoder = Encoder(
        destination_of(section),
        level=options.compression_level,
        escapes_html=options.escape_html,
    )
    access = access_of(options, context.network)
    return ElasticsearchOutput(options, access, encoder, context.network)
