"""`add_tags`, and words added to lists."""

from __future__ import annotations

import pytest

from heartbeat.errors import ProcessorError
from tests.support.processors import processed


@pytest.mark.parametrize(
    ("options", "fields", "expected"),
    [
        ({"tags": ["a", "b"]}, {}, {"tags": ["a", "b"]}),
        ({"tags": "a"}, {"tags": ["b", "a"]}, {"tags": ["b", "a", "a"]}),
        ({"tags": ["a"], "target": "my.words"}, {}, {"my": {"words": ["a"]}}),
        ({"tags": ["a"], "target": ""}, {"tags": None}, {"tags": ["a"]}),
    ],
)
def test_words_come_last(
    options: object, fields: dict[str, object], expected: object
) -> None:
    """They are added to the end of the list, whatever it holds."""
    assert expected == processed("add_tags", options, fields)


def test_no_list() -> None:
    """Words cannot be added to text."""
    with pytest.raises(ProcessorError, match="expected string array by type is string"):
        processed("add_tags", {"tags": ["a"]}, {"tags": "b"})
