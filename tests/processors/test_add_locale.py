"""`add_locale`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support.processors import faults, processed

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Generator[pytest.MonkeyPatch]:
    """Return what sets the zone of the machine, until the test is over."""
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("name", "offset", "abbreviation"),
    [
        ("Europe/Berlin", "+02:00", "CEST"),
        ("America/St_Johns", "-02:30", "NDT"),
        ("UTC", "+00:00", "UTC"),
    ],
)
def test_zone(
    zone: pytest.MonkeyPatch, name: str, offset: str, abbreviation: str
) -> None:
    """The zone is an offset or a short name."""
    zone.setenv("TZ", name)
    time.tzset()

    assert processed("add_locale", None) == {"event": {"timezone": offset}}
    assert processed("add_locale", {"format": "abbreviation"}) == {
        "event": {"timezone": abbreviation}
    }


def test_unknown_format() -> None:
    """There are two forms."""
    (fault,) = faults({"add_locale": {"format": "long"}})

    assert fault.startswith("'long' is not a valid value for the 'format' option")
