"""What the items of a bulk answer mean."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from heartbeat.errors import OutputUnavailable
from heartbeat.outputs.elasticsearch.answer import Item, Meaning, Tally, read_items
from heartbeat.outputs.elasticsearch.server import Answer
from tests.support.records import numbered


def answered(content: Any) -> Answer:
    """Return an answer with this content."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Answer("http://es:9200", 200, {}, body)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, Meaning.TAKEN),
        (201, Meaning.TAKEN),
        (400, Meaning.NEVER),
        (401, Meaning.LATER),
        (403, Meaning.LATER),
        (404, Meaning.NEVER),
        (409, Meaning.DUPLICATE),
        (429, Meaning.LATER),
        (500, Meaning.LATER),
        (503, Meaning.LATER),
    ],
)
def test_statuses(status: int, meaning: Meaning) -> None:
    """Every status is taken, known, for later or for never."""
    assert Item(status).meaning is meaning


def test_words_go_down_to_the_cause() -> None:
    """The reason of the reason is what helps; nothing is said twice."""
    inner = {"type": "date_time_exception", "reason": "bad month"}
    middle = {"type": "x", "reason": "failed to parse", "caused_by": inner}
    error = {"type": "mapper", "reason": "failed to parse", "caused_by": middle}

    assert Item(400, error).words == "400 mapper: failed to parse: bad month"


def test_words_have_an_end() -> None:
    """Causes nested without end are cut."""
    error: dict[str, Any] = {"reason": "0"}
    for number in range(1, 20):
        error = {"reason": str(number), "caused_by": error}

    assert Item(400, error).words == "400: 19: 18: 17: 16: 15"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ({}, "503"),
        ({"type": "x", "reason": "y"}, "503 x: y"),
        (
            {"type": "es_rejected_execution_exception", "reason": "rejected [n=7]"},
            "503 es_rejected_execution_exception: rejected",
        ),
    ],
)
def test_causes_do_not_vary(error: dict[str, str], cause: str) -> None:
    """Figures that differ each time are left out, so that causes can be counted."""
    assert Item(503, error).cause == cause


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"7",
        b'{"errors":true}',
        b'{"items":[]}',
        b'{"errors":true,"items":[{"create":{}}]}',
        b'{"errors":true,"items":[{}]}',
        b'{"errors":true,"items":[7]}',
        b'{"errors":true,"items":[{"create":7}]}',
        b'{"errors":true,"items":{}}',
        b'{"errors":true,"items":[{"create":{"status":"x"}}]}',
    ],
)
def test_other_answers_are_no_verdict(content: bytes) -> None:
    """Whatever is not a bulk answer decides about nothing."""
    with pytest.raises(OutputUnavailable, match="cannot be read"):
        read_items(answered(content), 1)


def test_errors_may_be_texts() -> None:
    """An error that is a text is its own reason."""
    content = {"errors": True, "items": [{"index": {"status": 400, "error": "no"}}]}

    assert read_items(answered(content), 1) == [Item(400, {"reason": "no"})]


def test_more_items_than_events_are_passed_over() -> None:
    """Only as many count as events were sent."""
    content = {"errors": False, "items": [{"create": {"status": 201}}] * 3}
    tally = Tally()

    tally.add(numbered(1, 2), answered(content))

    assert (tally.accepted, tally.is_empty) == (2, False)
