"""What Kibana takes from documents as it stands in them, without the index."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.clauses import SUMMARY

if TYPE_CHECKING:
    from tests.elastic.kibana.conftest import Stay

pytestmark = [pytest.mark.elasticsearch, pytest.mark.slow, pytest.mark.timeout(90)]


def summaries(stays: tuple[Stay, Stay]) -> list[dict[str, Any]]:
    """Return all documents with a summary, wherever they are."""
    return [one for stay in stays for one in stay.app.documents(SUMMARY)]


def test_every_summary_has_two_numbers(stays: tuple[Stay, Stay]) -> None:
    """Kibana adds them up as they stand in the document."""
    for one in summaries(stays):
        assert {type(one["summary"][way]) for way in ("up", "down")} == {int}


def test_every_time_is_as_wide(stays: tuple[Stay, Stay]) -> None:
    """Times are compared as texts: milliseconds and Z, always."""
    form = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

    for one in summaries(stays):
        assert form.fullmatch(one["@timestamp"])
        assert form.fullmatch(one["monitor"]["timespan"]["lt"])


def test_every_status_is_up_or_down(stays: tuple[Stay, Stay]) -> None:
    """And says the same as the summary, so that all pages agree."""
    found = {
        (
            one["monitor"]["status"],
            one["summary"]["status"],
            bool(one["summary"]["down"]),
        )
        for one in summaries(stays)
    }

    assert found == {("up", "up", False), ("down", "down", True)}
