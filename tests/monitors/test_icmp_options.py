"""The options of an ICMP monitor."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.config import Section
from heartbeat.errors import ConfigError
from heartbeat.monitors.icmp.figures import Limits
from heartbeat.monitors.icmp.options import IcmpOptions
from heartbeat.monitors.icmp.system import Manner


def _options(**options: Any) -> IcmpOptions:
    return Section({"hosts": "192.0.2.7", **options}).unpack(IcmpOptions)


def test_the_defaults() -> None:
    """A request a second until one is answered, for sixteen seconds."""
    options = _options()

    assert (options.count, options.gap, options.wait) == (0, 1.0, 1.0)
    assert (options.timeout, options.size) == (16.0, 56)
    assert (options.manner, options.limits) == (Manner(), Limits())


def test_without_a_count_the_wait_is_the_gap() -> None:
    """`wait` is what the reference repeats its requests after."""
    assert _options(wait="250ms").gap == 0.25


@pytest.mark.parametrize(("interval", "expected"), [(None, 1.0), ("10ms", 0.01)])
def test_a_count_has_a_gap_of_its_own(interval: str | None, expected: float) -> None:
    """A second, unless an interval is given; `wait` is for the last request."""
    assert _options(count=3, interval=interval, wait="5s").gap == expected


@pytest.mark.parametrize(
    ("written", "expected"), [(20, 20.0), (0.5, 0.5), ("33 %", 33.0), ("100", 100.0)]
)
def test_a_percentage_may_have_its_sign(written: object, expected: float) -> None:
    """Numbers and texts are taken alike."""
    assert _options(count=3, max_loss=written).limits == Limits(loss=expected)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"wait": 0}, "wait must be positive, but this is 0s"),
        ({"wait": "-1s"}, "wait must be positive, but this is -1s"),
        (
            {"count": 2, "interval": 0},
            "interval must be positive, but this is 0s",
        ),
        ({"max_rtt": 0}, "max_rtt must be positive, but this is 0s"),
        ({"mode": "some"}, "expecting 'any' or 'all', not 'some'"),
        ({"hosts": []}, "empty array"),
        ({"count": 1001}, "requires value <= 1000"),
        ({"count": -1}, "-1 is negative"),
        ({"size": 65_508}, "requires value <= 65507"),
        ({"ttl": 256}, "requires value <= 255"),
        ({"interval": "1s"}, "interval needs count"),
        ({"max_loss": 5}, "max_loss needs count"),
        (
            {"count": 5, "interval": "4s"},
            "5 requests every 4s take 16s, which the timeout of 16s does not allow",
        ),
        *(
            (
                {"count": 5, "max_loss": percentage},
                f"expecting a percentage from 0 to 100, not '{percentage}'",
            )
            for percentage in (101, -1, "much", True, "nan")
        ),
    ],
)
def test_options_that_cannot_work(options: dict[str, Any], expected: str) -> None:
    """Each mistake is named, before anything is sent."""
    with pytest.raises(ConfigError) as error:
        _options(**options)

    assert expected in str(error.value)
