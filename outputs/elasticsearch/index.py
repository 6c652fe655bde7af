"""Which index and which pipeline an event gets.

Owns the options `index`, `indices`, `pipeline` and `pipelines`. Must not know requests.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import Field

from heartbeat import COMPATIBLE_VERSION
from heartbeat.config import Text
from heartbeat.outputs.base import BEAT, Rejection
from heartbeat.outputs.fields import RecordFields
from heartbeat.outputs.selector import RuleOptions, Spelling, build_selector

if TYPE_CHECKING:
    from heartbeat.config import Section
    from heartbeat.event import Record, Routing
    from heartbeat.outputs.base import Batch
    from heartbeat.outputs.selector import Selector

SECOND = 1_000_000_000

DEFAULT = f"{BEAT}-{COMPATIBLE_VERSION}"
"""The data stream of events whose monitor names no other."""

SPELLING = Spelling(
    {f"{prefix}.version": COMPATIBLE_VERSION for prefix in ("agent", "beat")},
    is_lower=True,
)

NO_INDEX = "no index: none of the rules and format strings gives one"


class IndexRule(RuleOptions):
    """A rule of `indices`."""

    index: Text = Field(default="", description="Format string for the index.")


class PipelineRule(RuleOptions):
    """A rule of `pipelines`."""

    pipeline: Text = Field(default="", description="Format string for the pipeline.")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where events go whose monitor does not say."""

    index: Selector
    pipeline: Selector

    @property
    def needs_fields(self) -> bool:
        """Tell whether events have to be looked into."""
        return self.index.needs_fields or self.pipeline.needs_fields

    @property
    def is_static(self) -> bool:
        """Tell whether all events go to the same place."""
        return self.index.static is not None and self.pipeline.static is not None

    def place(self, batch: Batch) -> tuple[Batch, list[Rejection]]:
        """Return the batch with its places written to it, and what has no index."""
        placed = [self._placed(record) for record in batch]
        lost = [one for one in placed if not one.routing.place]
        if not lost:
            return placed, []
        kept = [one for one in placed if one.routing.place]
        return kept, [Rejection(one, NO_INDEX, "no index") for one in lost]

    def _placed(self, record: Record) -> Record:
        return replace(record, routing=self._routing(record))

    def _routing(self, record: Record) -> Routing:
        fields = RecordFields(record)
        asked = record.routing
        index, pipeline = asked.index, asked.pipeline
        if not index:
            index = self.index.choose(record, fields)
        if pipeline is None:
            pipeline = self.pipeline.choose(record, fields)
        return replace(asked, index=index, pipeline=pipeline)


def destination_of(section: Section) -> Destination:
    """Return what an output's options say; raises `ConfigError`."""
    return Destination(
        build_selector(section, "index", IndexRule, default=DEFAULT, spelling=SPELLING),
        build_selector(section, "pipeline", PipelineRule, spelling=SPELLING),
    )
