"""The data streams that monitors name, and what a cluster would make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from heartbeat import COMPATIBLE_VERSION
from heartbeat.elastic.streams import PRIORITY, Fit, Stream, fit_of, streams_of
from heartbeat.elastic.template import mappings
from tests.support.stage import spec_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.elastic.plan import Plan

HTTP = Stream("synthetics", "http", "default")


def ours(version: str) -> dict[str, Any]:
    """Return the answer about an index that our template of a version would make."""
    return {
        "template": {"mappings": {"_meta": {"beat": "heartbeat", "version": version}}}
    }


SPAN = {"monitor": {"properties": {"timespan": {"type": "date_range"}}}}
PLAIN = {"monitor": {"properties": {"timespan": {"type": "object"}}}}


def test_names() -> None:
    """Streams of all namespaces share a template, which is named as ours."""
    assert HTTP.name == "synthetics-http-default"
    assert HTTP.pattern == "synthetics-http-*"
    assert HTTP.template_name == "heartbeat-synthetics-http"


def test_one_for_each_type_and_dataset() -> None:
    """A monitor without a stream of its own, or with an index, needs none."""
    other = Stream("synthetics", "tcp", "b")
    specs = [
        spec_of(),
        spec_of(data_stream=HTTP),
        spec_of(data_stream=Stream("synthetics", "http", "other")),
        spec_of(data_stream=other),
        spec_of(data_stream=Stream("logs", "x", "y"), index="mine"),
    ]

    assert streams_of(specs) == (HTTP, other)


@pytest.mark.parametrize(
    ("simulated", "expected"),
    [
        ({}, Fit.NONE),
        ({"template": {"mappings": {}}}, Fit.NONE),
        ({"template": {"mappings": {"properties": PLAIN}}}, Fit.NONE),
        ({"template": {"mappings": {"properties": SPAN}}}, Fit.FOREIGN),
        ({"template": {"mappings": mappings()}}, Fit.OURS),
        (ours("99.0.0"), Fit.OURS),
        (ours("9.4.9"), Fit.OUTDATED),
        (ours("odd"), Fit.OUTDATED),
    ],
)
def test_fit(simulated: dict[str, Any], expected: Fit) -> None:
    """Time spans tell whether mappings will do, the version whether ours is old."""
    assert fit_of(simulated) is expected


def test_plan(plan: Callable[..., Plan]) -> None:
    """The template of a stream is that of heartbeat, of another name and rank."""
    made = plan(
        "setup.template: {priority: 7, settings.index.number_of_shards: 2}\n"
        "heartbeat.monitors:\n- {type: http, id: a, schedule: '@every 1s', urls: [x],"
        " data_stream: {}}\n"
    )
    body = made.template_for(HTTP)

    assert made.streams == (HTTP,)
    assert (body["index_patterns"], body["priority"]) == ([HTTP.pattern], PRIORITY)
    assert body["template"] == made.template()["template"]
    assert body["template"]["mappings"]["_meta"]["version"] == COMPATIBLE_VERSION


def test_parts_of_the_operators_own(plan: Callable[..., Plan]) -> None:
    """They are added to every template, and missed by none that they are late for."""
    made = plan("setup.template.component_templates: [a, b]\n")

    for body in (made.template(), made.template_for(HTTP)):
        assert body["composed_of"] == ["a", "b"]
        assert body["ignore_missing_component_templates"] == ["a", "b"]
    assert "composed_of" not in plan().template()
