"""The number columns of charts."""

from __future__ import annotations

import pytest

from heartbeat.elastic.dashboards.measures import (
    PERCENT,
    Constant,
    Measure,
    count,
    highest,
    last,
    mean_up,
    missing,
    percentile,
    share_up,
    unique,
)


def test_count() -> None:
    """Documents are counted under the name that Lens has for them."""
    assert count("Down", "monitor.status: down").columns("m") == {
        "m": {
            "label": "Down",
            "customLabel": True,
            "dataType": "number",
            "operationType": "count",
            "sourceField": "___records___",
            "isBucketed": False,
            "scale": "ratio",
            "params": {
                "emptyAsNull": False,
                "format": {"id": "number", "params": {"decimals": 0}},
            },
            "filter": {"query": "monitor.status: down", "language": "kuery"},
        }
    }


@pytest.mark.parametrize(
    ("measure", "data_type", "scale", "params"),
    [
        (last("x", "monitor.name"), "string", "ordinal", {"showArrayValues": False}),
        (last("x", "hb.state"), "string", "ordinal", {"showArrayValues": True}),
        (last("x", "hb.ok"), "number", "ratio", {"showArrayValues": False}),
        (last("x", "monitor.ip"), "ip", "ordinal", {"showArrayValues": False}),
        (last("x", "tls.established"), "boolean", "ordinal", {}),
        (highest("x", "@timestamp"), "date", "ratio", {}),
        (highest("x", "monitor.duration.us"), "number", "ratio", {}),
        (unique("x", "monitor.id"), "number", "ratio", {"emptyAsNull": False}),
        (percentile(95, "icmp.rtt.us"), "number", "ratio", {"percentile": 95}),
        (mean_up(), "number", "ratio", {"format": PERCENT}),
    ],
)
def test_types(
    measure: Measure, data_type: str, scale: str, params: dict[str, object]
) -> None:
    """A value that is kept has the type of its field, one that is worked out none."""
    (column,) = measure.columns("m").values()

    assert (column["dataType"], column["scale"]) == (data_type, scale)
    assert params.items() <= column["params"].items()


def test_difference() -> None:
    """A formula comes with its parts, and taken apart."""
    columns = missing("Gone", "agent.id", of="", among="a: b").columns("m")

    text = "unique_count(agent.id) - unique_count(agent.id, kql='a: b')"
    assert list(columns) == ["m", "mX0", "mX1", "mX2"]
    assert columns["m"]["params"]["formula"] == text
    assert columns["m"]["references"] == ["mX2"]
    assert columns["mX2"]["references"] == ["mX0", "mX1"]
    assert columns["mX2"]["params"]["tinymathAst"] == {
        "type": "function",
        "name": "subtract",
        "args": ["mX0", "mX1"],
        "location": {"min": 0, "max": len(text)},
        "text": text,
    }
    assert "filter" not in columns["mX0"]
    assert columns["mX1"]["filter"]["query"] == "a: b"


def test_ratio() -> None:
    """Availability needs no script: it is counted twice and divided."""
    columns = share_up().columns("m")

    text = "count(kql='summary.down: 0') / count()"
    assert columns["m"]["params"]["formula"] == text
    assert columns["m"]["params"]["format"] == PERCENT
    assert columns["mX2"]["params"]["tinymathAst"]["name"] == "divide"
    assert columns["mX0"]["filter"]["query"] == "summary.down: 0"


@pytest.mark.parametrize(
    ("constant", "params"),
    [
        (Constant("x", 0.999), {"value": "0.999"}),
        (Constant("x", 1, form=PERCENT), {"value": "1", "format": PERCENT}),
    ],
)
def test_constant(constant: Constant, params: dict[str, object]) -> None:
    """Its value is a text, as Lens keeps it."""
    (column,) = constant.columns("m").values()

    assert column["operationType"] == "static_value"
    assert column["params"] == params
