"""`append`."""

from __future__ import annotations

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import faults, processed

ONE = {"a": 1, "l": [2, 3], "e": "", "n": None}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"fields": ["a", "l"], "values": [4, "5"]}, [1, 2, 3, 4, "5"]),
        ({"fields": ["e", "n", "a"]}, ["", None, 1]),
        ({"fields": ["e", "n", "a"], "ignore_empty_values": True}, [1]),
        ({"fields": ["a"], "values": [1, True]}, [1, 1, True]),
        ({"fields": ["a"], "values": [1, True], "allow_duplicate": False}, [1, True]),
        ({"fields": ["x", "a"], "ignore_missing": True}, [1]),
    ],
)
def test_values(options: dict[str, object], expected: object) -> None:
    """Values of fields come first, those of the options behind."""
    fields = processed("append", {"target_field": "t", **options}, ONE)

    assert fields == {**ONE, "t": expected}


@pytest.mark.parametrize(
    ("present", "expected"), [([0], [0, 1]), (0, [0, 1]), (None, [None, 1])]
)
def test_what_is_there_comes_first(present: object, expected: object) -> None:
    """A value that is no list becomes one."""
    options = {"target_field": "t", "values": [1]}

    assert processed("append", options, {"t": present}) == {"t": expected}


def test_a_missing_field() -> None:
    """It is a failure unless it may be missing."""
    with pytest.raises(ProcessorError, match="failed to append fields in append proc"):
        processed("append", {"target_field": "t", "fields": ["x"]})


def test_required() -> None:
    """The list must be named."""
    assert faults({"append": {"values": [1]}}) == [
        "missing target_field option in processors.0.append"
    ]
