"""The options on what outcomes amount to."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from heartbeat.config import Flapping
from heartbeat.config.judgement import (
    DegradedOptions,
    FlappingOptions,
    degraded_of,
    flapping_of,
)


def test_flapping_by_default() -> None:
    """It takes half of all changes to begin, and less than a quarter to end."""
    assert flapping_of(FlappingOptions()) == Flapping(low=25, high=50)


def test_flapping_is_off_without_the_option() -> None:
    """Absent or switched off is the same."""
    off = FlappingOptions.model_validate({"enabled": False})

    assert flapping_of(None) is flapping_of(off) is None


@pytest.mark.parametrize("written", [{"low": 60}, {"high": 101}, {"low": 0, "high": 0}])
def test_thresholds_that_make_no_sense(written: dict[str, int]) -> None:
    """They are percents, and in order."""
    with pytest.raises(ValidationError):
        FlappingOptions.model_validate(written)


def test_degraded_has_the_thresholds_that_are_written() -> None:
    """Phases that are not written have none."""
    options = DegradedOptions.model_validate({"total": "2s", "connect": "500ms"})

    assert degraded_of(options) == {"total": 2.0, "connect": 0.5}
    assert degraded_of(None) is None


@pytest.mark.parametrize("written", ["0s", "-1s"])
def test_a_threshold_is_positive(written: str) -> None:
    """Everything takes longer than no time."""
    with pytest.raises(ValidationError, match="the time must be positive"):
        DegradedOptions.model_validate({"connect": written})
