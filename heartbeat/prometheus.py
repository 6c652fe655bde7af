"""`/metrics`: what the process counts, and how every monitor is, for Prometheus.

Owns the families of the process, its schedule, its configuration and its outputs, and
the page as a whole; the families of monitors are those of `exposition`. Must not know
how the page is served. Nothing is counted here: what others count is read at a scrape.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING, Final, TypeAlias

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from heartbeat import COMPATIBLE_VERSION, __version__
from heartbeat.exposition import monitor_lines
from heartbeat.shown import Exposition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client import Metric

    from heartbeat.figures import Parts
    from heartbeat.scheduler import Flow, Quantiles

Samples: TypeAlias = "Iterable[tuple[tuple[str, ...], float]]"
"""The values of the labels, and the value."""

log = logging.getLogger(__name__)

COUNTED: Final = {
    "acked": "Events that the output has taken.",
    "failed": "Offers that had to be repeated.",
    "dropped": "Events that were lost because the store was full.",
    "dead_letter": "Events that were refused for good and put aside.",
    "duplicates": "Events that the receiver had already.",
    "batches": "Batches that were offered.",
    "retry": "Events that were offered again.",
}
"""What outputs count, as in `heartbeat.delivery.Counters`."""

QUANTILES: Final = (("0.5", "p50_us"), ("0.99", "p99_us"), ("1", "max_us"))


class Prometheus:
    """The page of one process."""

    def __init__(self, parts: Parts, max_monitors: int) -> None:
        """Tell of that many endpoints each by itself, and of all in sums."""
        self._parts = parts
        self._max_monitors = max_monitors
        self._omitted = 0
        self._levels: Counter[str] = Counter()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    async def page(self) -> Exposition:
        """Return the page."""
        parts = self._parts
        lines = await monitor_lines(parts.roster, parts.clock, self._max_monitors)
        if lines.omitted and not self._omitted:
            log.warning(
                "/metrics leaves out %d endpoints beyond"
                " http.metrics.max_monitors (%d)",
                lines.omitted,
                self._max_monitors,
            )
        self._omitted, self._levels = lines.omitted, lines.levels
        body = generate_latest(self._registry) + lines.text
        return Exposition(body, CONTENT_TYPE_PLAIN_0_0_4)

    def collect(self) -> Iterator[Metric]:
        """Yield all families but those of monitors; the library calls this."""
        yield _gauge(
            "heartbeat_build_info",
            "Versions; always 1.",
            [((__version__, COMPATIBLE_VERSION), 1)],
            ("version", "compatible_with"),
        )
        yield from self._monitors()
        yield from self._schedule()
        yield from self._configuration()
        yield from self._outputs()

    def _monitors(self) -> Iterator[Metric]:
        roster = self._parts.roster
        yield _gauge(
            "heartbeat_monitors",
            "Monitors that run.",
            [((name,), count) for name, count in roster.monitors.items()],
            ("type",),
        )
        yield _gauge(
            "heartbeat_endpoints",
            "Endpoints of monitors by how well they are; none is left out.",
            [((word,), count) for word, count in self._levels.items()],
            ("level",),
        )
        yield _gauge(
            "heartbeat_endpoints_omitted",
            "Endpoints without series of their own: http.metrics.max_monitors.",
            [((), self._omitted)],
        )

    def _schedule(self) -> Iterator[Metric]:
        timing = self._parts.scheduler.timing()
        types = timing.types.items()
        for name, about in (
            ("due", "Runs that fell due."),
            ("missed", "Ticks left out or more than a second late."),
        ):
            yield _counter(
                f"heartbeat_scheduler_{name}",
                about,
                [((kind,), _count(flow, name)) for kind, flow in types],
                ("type",),
            )
        for name, about in (
            ("running", "Runs under way."),
            ("waiting", "Runs that wait for a limit."),
        ):
            yield _gauge(
                f"heartbeat_scheduler_{name}",
                about,
                [((kind,), _count(flow, name)) for kind, flow in types],
                ("type",),
            )
        yield _gauge(
            "heartbeat_scheduler_lateness_seconds",
            "How late runs began within the last minute.",
            [
                ((kind, quantile), seconds)
                for kind, flow in types
                for quantile, seconds in _seconds(flow.lateness)
            ],
            ("type", "quantile"),
        )
        yield _gauge(
            "heartbeat_scheduler_loop_lag_seconds",
            "How late the process itself was within the last minute.",
            [((quantile,), s) for quantile, s in _seconds(timing.loop_lag)],
            ("quantile",),
        )
        yield _gauge(
            "heartbeat_scheduler_overdue_seconds",
            "For how long the oldest run that has not begun is due.",
            [((), timing.overdue)],
        )
        yield _counter(
            "heartbeat_scheduler_skipped",
            "Runs left out because of a maintenance window.",
            [((), self._parts.roster.skipped)],
        )

    def _configuration(self) -> Iterator[Metric]:
        counters = self._parts.reloader.counters
        yield _counter(
            "heartbeat_config_reloads", "Changes taken over.", [((), counters.reloads)]
        )
        yield _counter(
            "heartbeat_config_errors", "Faults met in it.", [((), counters.errors)]
        )
        yield _gauge(
            "heartbeat_config_invalid_files",
            "Files of monitors with a fault now.",
            [((), len(counters.invalid))],
        )

    def _outputs(self) -> Iterator[Metric]:
        workers = self._parts.workers
        for name, about in COUNTED.items():
            yield _counter(
                f"heartbeat_output_{name}",
                about,
                [((w.name,), getattr(w.counters, name)) for w in workers],
                ("output",),
            )
        yield _gauge(
            "heartbeat_output_active",
            "Events on their way.",
            [((w.name,), w.counters.active) for w in workers],
            ("output",),
        )
        yield _gauge(
            "heartbeat_output_pending",
            "Events that are neither delivered nor given up.",
            [((w.name,), w.pending) for w in workers],
            ("output",),
        )
        yield _gauge(
            "heartbeat_output_available",
            "1 if the last attempt reached the receiver.",
            [((w.name,), int(w.is_working)) for w in workers],
            ("output",),
        )
        yield _gauge(
            "heartbeat_store_failing",
            "1 if the store cannot be written: events are in memory only.",
            [((), int(self._parts.store.is_failing))],
        )


def _count(flow: Flow, name: str) -> float:
    return float(getattr(flow, name))


def _seconds(delays: Quantiles) -> list[tuple[str, float]]:
    return [(word, getattr(delays, member) / 1e6) for word, member in QUANTILES]


def _gauge(
    name: str, about: str, samples: Samples, labels: tuple[str, ...] = ()
) -> Metric:
    return _filled(GaugeMetricFamily(name, about, labels=labels), samples)


def _counter(
    name: str, about: str, samples: Samples, labels: tuple[str, ...] = ()
) -> Metric:
    return _filled(CounterMetricFamily(name, about, labels=labels), samples)


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, samples: Samples
) -> Metric:
    for values, value in samples:
        family.add_metric(values, value)
    return family
