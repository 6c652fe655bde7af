"""The format string that names a monitor's index."""

from __future__ import annotations

import pytest

from heartbeat.errors import ConfigError
from heartbeat.runner.index import IndexName

SEPTEMBER_21 = 1_790_000_000_000_000_000
"""2026-09-21T14:13:20Z, a Monday."""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("web", "web"),
        ("", ""),
        ("%{[agent.name]}-%{[agent.version]}", "heartbeat-9.6.0"),
        ("%{[beat.name]}-%{[beat.version]}", "heartbeat-9.6.0"),
        ("web-%{+yyyy.MM.dd}", "web-2026.09.21"),
        ("web-%{+YYYY}", "web-2026"),
        ("web-%{+yy-M-d-H-h-m-s}", "web-26-9-21-14-2-13-20"),
        ("web-%{+xxxx.ww.e}", "web-2026.39.1"),
        ("web-%{+EEE.MMM.DDD}", "web-Mon.Sep.264"),
        ("web-%{+EEEE.MMMM.HHmmss.hha}", "web-Monday.September.141320.02PM"),
        ("web-%{+yyyy'T'''dd}", "web-2026T'21"),
        (r"web-\%{x}", "web-%{x}"),
        ("50%", "50%"),
    ],
)
def test_names(text: str, name: str) -> None:
    """References and times are filled in, everything else stays."""
    assert IndexName.parse(text, "9.6.0").at(SEPTEMBER_21) == name


def test_midnight() -> None:
    """A number without a leading zero keeps at least one digit."""
    assert IndexName.parse("%{+H}", "").at(0) == "0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "web-%{[monitor.id]}",
            (
                "the index 'web-%{[monitor.id]}' may use only agent.name, agent.version"
                " and the time, not '%{[monitor.id]}'"
            ),
        ),
        (
            "web-%{agent.name}",
            (
                "the index 'web-%{agent.name}' may use only agent.name, agent.version"
                " and the time, not '%{agent.name}'"
            ),
        ),
        ("web-%{+qq}", "the index 'web-%{+qq}': unknown time format 'qq'"),
    ],
)
def test_refused(text: str, message: str) -> None:
    """A name that could not be made for any event is refused when it is read."""
    with pytest.raises(ConfigError) as caught:
        IndexName.parse(text, "9.6.0")

    assert str(caught.value) == message
