"""`output.elasticsearch`: documents into Elasticsearch, each of them once.

Owns the building of the output from its section; the parts have modules of their own.
Must not connect.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.outputs.base import OutputContext
    from heartbeat.outputs.elasticsearch.output import ElasticsearchOutput


def build(section: Section, context: OutputContext) -> ElasticsearchOutput:
    """Return the output that the section describes; raises `ConfigError`."""
    # Imported here: others use single parts, and all of them take 0.2 s to load.
    from heartbeat.outputs.elasticsearch.access import access_of  # noqa: PLC0415
    from heartbeat.outputs.elasticsearch.bulk import Encoder  # noqa: PLC0415
    from heartbeat.outputs.elasticsearch.index import destination_of  # noqa: PLC0415
    from heartbeat.outputs.elasticsearch.options import read_options  # noqa: PLC0415
    from heartbeat.outputs.elasticsearch.output import (  # noqa: PLC0415
        ElasticsearchOutput,
    )

    options = read_options(section)
    encoder = Encoder(
        destination_of(section),
        level=options.compression_level,
        escapes_html=options.escape_html,
    )
    access = access_of(options, context.network)
    return ElasticsearchOutput(options, access, encoder, context.network)
