"""`registered_domain`: the part of a name that somebody registered.

Owns that processor. Must not know the list of public suffixes, which a library carries.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from publicsuffixlist import PublicSuffixList
from pydantic import Field

from heartbeat.config import Flag, Text
from heartbeat.errors import ProcessorError
from heartbeat.processors.access import put
from heartbeat.processors.fields import MissingOptions, fetch_text
from heartbeat.processors.options import Path, unpacked

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Event
    from heartbeat.processors.base import Processor, ProcessorContext


class Options(MissingOptions):
    """`registered_domain`: splits a host name at its registered part."""

    field: Path = Field(description="The field.")
    target_field: Path = Field(description="Where the registered domain goes.")
    target_subdomain_field: Text = Field(
        default="", description="Where what stands before it goes."
    )
    target_etld_field: Text = Field(
        default="", description="Where the public suffix goes."
    )
    ignore_failure: Flag = Field(default=False, description="Let failures be.")
    id: Text = Field(default="", description="Name of this processor in error texts.")


class Name(NamedTuple):
    """The parts of a host name."""

    registered: str
    subdomain: str
    suffix: str


suffixes = cache(PublicSuffixList)
"""The list as it came with the library; read on first use."""


def build(section: Section, _context: ProcessorContext) -> Processor:
    """Return the processor."""
    options = unpacked(section, Options)
    suffixes()
    title = "failed to find the registered domain"
    if options.id:
        title = f"{title} [{options.id}]"

    def process(event: Event) -> Event:
        try:
            _write(event, options)
        except ProcessorError as error:
            if not options.ignore_failure:
                raise ProcessorError(f"{title}: {error}") from error
        return event

    return process


def _write(event: Event, options: Options) -> None:
    missing = options.ignore_missing
    text = fetch_text(event, options.field, ignore_missing=missing)
    if text is None:
        return
    name = split(text)
    put(event, options.target_field, name.registered)
    for path, part in (
        (options.target_subdomain_field, name.subdomain),
        (options.target_etld_field, name.suffix),
    ):
        if path and part:
            put(event, path, part)


def split(host: str) -> Name:
    """Return the parts of a host name; raises `ProcessorError` if it has none."""
    name = host.removesuffix(".").lower()
    registered = suffixes().privatesuffix(name)
    if registered is None:
        raise ProcessorError(f"'{host}' is a public suffix, or no name at all")
    subdomain = name[: -len(registered)].removesuffix(".")
    return Name(registered, subdomain, registered.partition(".")[2])
