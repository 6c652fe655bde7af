"""The options of the whole process."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from heartbeat.config import ProcessOptions, Section
from heartbeat.config.monitors import MonitorOptions
from heartbeat.errors import ConfigError


def options(data: dict[str, Any]) -> ProcessOptions:
    """Return the options of a process."""
    return Section(data).unpack(ProcessOptions)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"logging.level": "loud"},
            "invalid level 'loud', use one of debug, info, warning, error, critical",
        ),
        (
            {"timestamp.precision": "day"},
            (
                "invalid timestamp precision day, use one of millisecond, microsecond,"
                " nanosecond"
            ),
        ),
        (
            {"heartbeat.scheduler.location": "Mars/Base"},
            "unknown time zone Mars/Base",
        ),
        ({"heartbeat.scheduler.location": "../x"}, "unknown time zone ../x"),
        ({"workers": "many"}, "write a number from 1 to 128, or auto"),
        ({"workers": 0}, "write a number from 1 to 128, or auto"),
        ({"heartbeat.workers": 129}, "write a number from 1 to 128, or auto"),
        (
            {"workers": 2, "heartbeat.workers": 2},
            "workers and heartbeat.workers are the same: write one",
        ),
        ({"logging.files.keepfiles": 1025}, "requires value <= 1024"),
        ({"http.buffer.size": 0}, "requires value >= 1"),
        (
            {"http.metrics.max_monitors": -1},
            "can not convert 'int' into 'uint': -1 is negative",
        ),
        ({"heartbeat.config.monitors.reload.period": 0}, "requires value >= 0.1"),
    ],
)
def test_refused(data: dict[str, Any], expected: str) -> None:
    """What cannot work is said when it is read."""
    with pytest.raises(ConfigError) as caught:
        options(data)

    assert [problem.message for problem in caught.value.problems] == [expected]


def test_level_in_capitals() -> None:
    """The case of a level does not matter."""
    assert options({"logging.level": "DEBUG"}).logging.level == "debug"


@pytest.mark.parametrize("name", ["", "Local", "UTC", "Europe/Berlin"])
def test_zone(name: str) -> None:
    """Zones go by their names; empty and Local are the system's."""
    found = options({"heartbeat.scheduler.location": name})

    assert found.heartbeat.scheduler.location == name


def test_blank_geo_members_are_dropped() -> None:
    """A place holds what is known of it."""
    geo = {"name": "x", "city_name": "", "location": None}
    found = options({"heartbeat.run_from": {"id": "a", "geo": geo}}).heartbeat.run_from

    assert found is not None
    assert found.geo == {"name": "x"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("52.37, 4.90", "52.37, 4.90"),
        ("-33,151.2", "-33,151.2"),
        ({"lat": 52.37, "lon": 4.9}, "52.37, 4.9"),
    ],
)
def test_point_of_a_place(written: object, expected: str) -> None:
    """It becomes the text of two numbers that Kibana's map reads."""
    geo = {"name": "x", "location": written}
    found = options({"heartbeat.run_from": {"id": "a", "geo": geo}}).heartbeat.run_from

    assert found is not None
    assert found.geo["location"] == expected


@pytest.mark.parametrize(
    "written", ["Paris", "91, 0", "0, 181", [4.9, 52.37], {"lat": 1}, "u0yjje785", 5]
)
def test_no_point(written: object) -> None:
    """What would cost every document of the place, or its panel, is told at once."""
    geo = {"location": written}

    with pytest.raises(ConfigError, match="write latitude and longitude"):
        options({"heartbeat.run_from": {"id": "a", "geo": geo}})


def undescribed(model: type[BaseModel], path: str = "") -> list[str]:
    """Return the options of a model, at any depth, that nothing is said about."""
    found: list[str] = []
    for name, field in model.model_fields.items():
        if not field.description:
            found.append(f"{path}{name}")
        default = field.get_default()
        if isinstance(default, BaseModel):
            found += undescribed(type(default), f"{path}{name}.")
    return found


@pytest.mark.parametrize("model", [ProcessOptions, MonitorOptions])
def test_every_option_is_described(model: type[BaseModel]) -> None:
    """Documentation is made from the descriptions."""
    assert undescribed(model) == []
