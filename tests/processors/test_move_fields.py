"""`move_fields`."""

from __future__ import annotations

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import faults, processed

APP = {"app": {"version": 1, "method": "a", "elapsed": 2}, "x": 1}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"from": "app", "fields": ["method", "elapsed"], "to": "rpc."},
            {"app": {"version": 1}, "x": 1, "rpc": {"method": "a", "elapsed": 2}},
        ),
        (
            {"from": "app", "exclude": ["method"], "to": "my_"},
            {"app": {"method": "a"}, "x": 1, "my_version": 1, "my_elapsed": 2},
        ),
        ({"exclude": ["app"], "to": "a."}, {"app": APP["app"], "a": {"x": 1}}),
        (
            {"from": "app", "fields": ["y", "version"], "to": "", "ignore_missing": 1},
            None,
        ),
    ],
)
def test_members_move(options: dict[str, object], expected: object) -> None:
    """Members of a mapping, or of the event, get names that begin otherwise."""
    if expected is None:
        assert faults({"move_fields": {**options, "ignore_missing": True}}) == [
            "string value is not set accessing 'processors.0.move_fields.to'"
        ]
    else:
        assert expected == processed("move_fields", options, APP)


def test_missing() -> None:
    """Members and mappings may be missing if options say so."""
    options = {"to": "a.", "ignore_missing": True}

    assert processed("move_fields", {**options, "from": "nope"}, APP) == APP
    assert processed("move_fields", {**options, "fields": ["nope"]}, APP) == APP


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"from": "nope", "to": "a."}, "read parent field: nope: key not found"),
        ({"from": "x", "to": "a."}, "read parent field: x: int"),
        ({"fields": ["nope"], "to": "a."}, "read field from parent, sub key: nope"),
        ({"fields": ["app"], "to": "x."}, "write field, new key: x.app: expected map"),
    ],
)
def test_lost_events(options: object, message: str) -> None:
    """Any failure loses the event, as in the reference."""
    with pytest.raises(
        ProcessorError, match=f"move field failed to {message}"
    ) as caught:
        processed("move_fields", options, APP)
    assert caught.value.is_fatal


def test_required() -> None:
    """Where to must be written."""
    assert faults({"move_fields": {}}) == [
        "missing to option in processors.0.move_fields"
    ]
