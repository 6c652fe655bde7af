"""The function `date`: what it reads and how its values compare and print."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from heartbeat.monitors.http.expression import compile_expression
from heartbeat.monitors.http.expression.dates import date
from heartbeat.monitors.http.expression.values import (
    EvaluationError,
    as_text,
    type_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TWO_HOURS = timezone(timedelta(hours=2))


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the local zone be UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-08-23", datetime(2026, 8, 23, tzinfo=UTC)),
        ("2026-08-23 10:11", datetime(2026, 8, 23, 10, 11, tzinfo=UTC)),
        ("2026-08-23 10:11:12", datetime(2026, 8, 23, 10, 11, 12, tzinfo=UTC)),
        (
            "2026-08-23 10:11:12+02:00",
            datetime(2026, 8, 23, 10, 11, 12, tzinfo=TWO_HOURS),
        ),
        ("2026-08-23T10:11:12Z", datetime(2026, 8, 23, 10, 11, 12, tzinfo=UTC)),
        (
            "2026-08-23T10:11:12.5+02:00",
            datetime(2026, 8, 23, 10, 11, 12, 500_000, tzinfo=TWO_HOURS),
        ),
        ("2026-08-23T10+0200", datetime(2026, 8, 23, 10, tzinfo=TWO_HOURS)),
        ("2026-08-23T10:11+0200", datetime(2026, 8, 23, 10, 11, tzinfo=TWO_HOURS)),
        ("Sun Aug 23 10:11:12 2026", datetime(2026, 8, 23, 10, 11, 12, tzinfo=UTC)),
        (
            "Sun Aug 23 10:11:12 UTC 2026",
            datetime(2026, 8, 23, 10, 11, 12, tzinfo=UTC),
        ),
        (
            "Sun Aug 23 10:11:12 +0200 2026",
            datetime(2026, 8, 23, 10, 11, 12, tzinfo=TWO_HOURS),
        ),
    ],
)
def test_layouts(text: str, expected: datetime) -> None:
    """Common layouts are read, in the local zone if they name none."""
    assert expected == date([text])


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-08-23T10:11"])
def test_no_date(text: str) -> None:
    """Anything else has no value."""
    with pytest.raises(EvaluationError, match=f"^date.. could not parse {text}$"):
        date([text])


@pytest.mark.parametrize("arguments", [[], ["a", "b"], [1.0]])
def test_arguments(arguments: list[object]) -> None:
    """The function takes one text."""
    with pytest.raises(EvaluationError, match="expects exactly one string argument"):
        date(arguments)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('date("2026-01-01") < date(until)', True),
        ('date("2026-01-01T00:00:00Z") == date("2026-01-01")', True),
        ('date("2026-01-01T02:00:00+02:00") <= date("2026-01-01")', True),
        ("date() == 1", False),
        ("date == 1", False),
        ('date("2026-01-01") < "3"', True),
    ],
)
def test_comparison(written: str, *, expected: bool) -> None:
    """Points in time compare as such, with other values as text."""
    document = {"until": "2026-06-01"}

    assert expected == compile_expression(written).holds(document)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-08-23T10:11:12Z", "2026-08-23 10:11:12 +0000 UTC"),
        ("2026-08-23T10:11:12.50+02:00", "2026-08-23 10:11:12.5 +0200 +0200"),
    ],
)
def test_text(text: str, expected: str) -> None:
    """A point in time prints as Go prints it."""
    moment = date([text])

    assert (as_text(moment), type_name(moment)) == (expected, "time.Time")
