"""`add_labels`."""

from __future__ import annotations

from tests.support.processors import faults, processed


def test_labels_are_text() -> None:
    """Nested names are joined with dots, every value becomes text."""
    labels = {"number": 1, "with": {"dots": True, "deep": {"f": 1.5}}, "l": ["a", 2]}

    assert processed("add_labels", {"labels": {**labels, "none": None}}) == {
        "labels": {
            "number": "1",
            "with.dots": "true",
            "with.deep.f": "1.5",
            "l.0": "a",
            "l.1": "2",
        }
    }


def test_beside_others() -> None:
    """Labels that are there stay."""
    assert processed("add_labels", {"labels": {"a": 1}}, {"labels": {"b": "2"}}) == {
        "labels": {"b": "2", "a": "1"}
    }


def test_required() -> None:
    """Labels must be written."""
    assert faults({"add_labels": {}}) == [
        "missing labels option in processors.0.add_labels"
    ]
