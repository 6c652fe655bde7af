"""The data view and its runtime fields."""

from __future__ import annotations

import json
import re

import pytest

from heartbeat.elastic.dashboards.dataview import RUNTIME_FIELDS, data_view
from heartbeat.elastic.fields import FIELDS


def test_has_an_id_of_its_own() -> None:
    """Importing it never replaces a data view that somebody else has made."""
    view = data_view()

    assert view["id"] == "heartbeat-data-view"
    assert view["attributes"]["title"] == "heartbeat-*"
    assert view["attributes"]["timeFieldName"] == "@timestamp"


def test_of_another_index() -> None:
    """Another index changes what it shows, not what refers to it."""
    view = data_view("probe-*")

    assert view["id"] == "heartbeat-data-view"
    assert view["attributes"]["title"] == "probe-*"


def test_durations_are_read_as_such() -> None:
    """Every field in microseconds is shown in milliseconds."""
    formats = json.loads(data_view()["attributes"]["fieldFormatMap"])
    paths = {field.path for field in FIELDS if field.path.endswith(".us")}

    assert paths <= set(formats)
    assert {formats[path]["params"]["inputFormat"] for path in paths} == {
        "microseconds"
    }
    assert formats["state.duration_ms"]["params"]["inputFormat"] == "milliseconds"


@pytest.mark.parametrize("name", sorted(RUNTIME_FIELDS))
def test_scripts_ask_before_they_read(name: str) -> None:
    """A script must not fail for documents of an index without the field."""
    _, source = RUNTIME_FIELDS[name]
    read = set(re.findall(r"doc\['([^']+)'\]", source)) - {"@timestamp"}

    assert read
    for field in read:
        assert f"doc.containsKey('{field}')" in source
        assert f"doc['{field}'].size() > 0" in source
