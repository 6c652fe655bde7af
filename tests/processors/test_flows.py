"""Processors of flows and names: Community ID, direction, registered domain."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import faults, processed


def flow(
    source: tuple[str, int], destination: tuple[str, int], **more: object
) -> dict[str, Any]:
    """Return the fields of a flow."""
    return {
        "source": {"ip": source[0], "port": source[1]},
        "destination": {"ip": destination[0], "port": destination[1]},
        **more,
    }


TCP = {"transport": "tcp"}


@pytest.mark.parametrize(
    ("fields", "options", "expected"),
    [
        (
            flow(("128.232.110.120", 34855), ("66.35.250.204", 80), network=TCP),
            {},
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
        ),
        (
            flow(("66.35.250.204", 80), ("128.232.110.120", 34855), network=TCP),
            {},
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
        ),
        (
            flow(("128.232.110.120", 34855), ("66.35.250.204", 80), network=TCP),
            {"seed": 1},
            "1:3V71V58M3Ksw/yuFALMcW0LAHvc=",
        ),
        (
            flow(
                ("192.168.1.52", 54585),
                ("8.8.8.8", 53),
                network={"iana_number": 17},
            ),
            {},
            "1:d/FP5EW3wiY1vCndhwleRRKHowQ=",
        ),
        (
            flow(
                ("192.168.0.89", 0),
                ("192.168.0.1", 0),
                network={"transport": "icmp"},
                icmp={"type": 8, "code": 0},
            ),
            {},
            "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=",
        ),
    ],
)
def test_community_ids(
    fields: dict[str, Any], options: dict[str, Any], expected: str
) -> None:
    """Ids are those of the specification, in both directions."""
    changed = processed("community_id", options, fields)

    assert changed is not None
    assert changed["network"]["community_id"] == expected


@pytest.mark.parametrize(
    "fields",
    [
        {},
        flow(("no address", 1), ("192.0.2.1", 2), network=TCP),
        flow(("192.0.2.2", 0), ("192.0.2.1", 2), network=TCP),
        flow(("192.0.2.2", 1), ("192.0.2.1", 2), network={"transport": "smoke"}),
        flow(("192.0.2.2", 1), ("192.0.2.1", 2), network={"transport": "icmp"}),
    ],
)
def test_no_flow(fields: dict[str, Any]) -> None:
    """What is no flow stays as it is."""
    assert processed("community_id", {}, fields) == fields


def test_community_id_out_of_range() -> None:
    """Ports that cannot be are told, seeds that cannot be refused."""
    fields = flow(("192.0.2.2", 70_000), ("192.0.2.1", 2), network=TCP)
    with pytest.raises(ProcessorError, match="source port 70000 is out of range"):
        processed("community_id", {}, fields)
    (fault,) = faults({"community_id": {"seed": 65_536}})
    assert "65536 is more than 65535" in fault


def direction(source: str, destination: str, *networks: str) -> dict[str, Any] | None:
    """Return the fields after the direction of a flow was told."""
    options = {
        "source": "s",
        "destination": "d",
        "target": "t",
        "internal_networks": list(networks),
    }
    return processed("add_network_direction", options, {"s": source, "d": destination})


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [
        ("10.0.0.1", "8.8.8.8", "outbound"),
        ("8.8.8.8", "10.0.0.1", "inbound"),
        ("10.0.0.1", "192.0.2.9", "internal"),
        ("8.8.8.8", "1.1.1.1", "external"),
    ],
)
def test_directions(source: str, destination: str, expected: str) -> None:
    """Networks within are named or written as CIDR."""
    fields = direction(source, destination, "private", "192.0.2.0/24")

    assert fields == {"s": source, "d": destination, "t": expected}


def test_bad_directions() -> None:
    """Addresses and networks must be some; all options are needed."""
    with pytest.raises(ProcessorError, match="'nowhere' is no address"):
        direction("nowhere", "8.8.8.8", "private")
    whole = {"source": "s", "destination": "d", "target": "t"}
    told = faults(
        {"add_network_direction": whole},
        {"add_network_direction": {**whole, "internal_networks": ["192.0.2.0"]}},
    )
    assert told[0].startswith("missing internal_networks option in processors.0")
    assert "invalid CIDR address: 192.0.2.0" in told[1]


@pytest.mark.parametrize(
    ("host", "parts"),
    [
        ("www.example.co.uk", ("example.co.uk", "www", "co.uk")),
        ("a.b.example.com.", ("example.com", "a.b", "com")),
        ("example.com", ("example.com", None, "com")),
    ],
)
def test_registered_domains(host: str, parts: tuple[str, str | None, str]) -> None:
    """A name is split at its registered part."""
    options = {
        "field": "h",
        "target_field": "r",
        "target_subdomain_field": "s",
        "target_etld_field": "e",
    }

    fields = processed("registered_domain", options, {"h": host})

    assert fields is not None
    assert tuple(fields.get(name) for name in "rse") == parts


def test_no_registered_domain() -> None:
    """A name without one is a failure, unless failures do not matter."""
    options = {"field": "h", "target_field": "r", "id": "x"}
    with pytest.raises(ProcessorError, match=r"domain \[x\]: 'co.uk' is a public suf"):
        processed("registered_domain", options, {"h": "co.uk"})
    with pytest.raises(ProcessorError, match="could not fetch value for key: h"):
        processed("registered_domain", options, {})
    lenient = {**options, "ignore_failure": True}
    assert processed("registered_domain", lenient, {"h": "co.uk"}) == {"h": "co.uk"}
    lenient = {**options, "ignore_missing": True}
    assert processed("registered_domain", lenient, {}) == {}
