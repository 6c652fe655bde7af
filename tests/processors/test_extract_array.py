"""`extract_array`."""

from __future__ import annotations

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import faults, processed

ONE = {"l": ["a", "", 0]}


def extracted(mappings: object, fields: object = None, **options: object) -> object:
    """Return the fields after items were extracted from `l`."""
    whole = {"field": "l", "mappings": mappings, **options}
    return processed("extract_array", whole, {**ONE, **(fields or {})})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("mappings", "options", "expected"),
    [
        ({"x": 0, "y.z": 2}, {}, {"x": "a", "y": {"z": 0}}),
        ({"x": 1, "y": 2}, {"omit_empty": True}, {"y": 0}),
        ({"x": 9, "y": 0}, {"ignore_missing": True}, {"y": "a"}),
    ],
)
def test_items(
    mappings: object, options: dict[str, object], expected: dict[str, object]
) -> None:
    """Items become fields."""
    assert extracted(mappings, **options) == {**ONE, **expected}


def test_overwriting() -> None:
    """What is there is overwritten only if options say so."""
    with pytest.raises(ProcessorError, match="target field x already has a value"):
        extracted({"x": 0}, {"x": 1})
    assert extracted({"x": 0}, {"x": 1}, overwrite_keys=True) == {**ONE, "x": "a"}


@pytest.mark.parametrize(
    ("mappings", "fields", "message"),
    [
        ({"x": 3}, {}, "index 3 exceeds length of 3 when processing mapping for"),
        ({"x": 0}, {"l": "text"}, "unsupported type for field l: got: string needed"),
    ],
)
def test_failures(mappings: object, fields: object, message: str) -> None:
    """Items must be there, in a list."""
    with pytest.raises(ProcessorError, match=message):
        extracted(mappings, fields)


def test_missing() -> None:
    """The list may be missing if options say so."""
    options = {"field": "m", "mappings": {"x": 0}}
    with pytest.raises(ProcessorError, match="could not fetch value for key: m"):
        processed("extract_array", options, ONE)
    assert processed("extract_array", {**options, "ignore_missing": True}, ONE) == ONE


@pytest.mark.parametrize("place", [-1, "x", 1.5, True])
def test_bad_places(place: object) -> None:
    """Places are counted from 0."""
    (fault,) = faults({"extract_array": {"field": "l", "mappings": {"x": place}}})

    assert fault == (
        f"bad mapping of x: '{place}' is no place in a list accessing"
        " 'processors.0.extract_array.mappings'"
    )
