"""The data view with which Kibana shows documents.

Owns its id, which is our own: importing it never replaces one that somebody edited.
Must not talk to Kibana.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from heartbeat.elastic.fields import FIELDS
from heartbeat.outputs.base import BEAT

ID: Final = f"{BEAT}-data-view"
TITLE: Final = f"{BEAT}-*"

CORE_VERSION: Final = "8.8.0"
TYPE_VERSION: Final = "8.0.0"
"""The oldest versions that have this shape: newer ones read it, and migrate nothing."""

_MICROSECONDS: Final = {
    "id": "duration",
    "params": {
        "inputFormat": "microseconds",
        "outputFormat": "asMilliseconds",
        "outputPrecision": 1,
    },
}


def data_view() -> dict[str, Any]:
    """Return the data view as an object to import into Kibana 8.9 or newer."""
    formats = {
        field.path: _MICROSECONDS for field in FIELDS if field.path.endswith(".us")
    }
    return {
        "type": "index-pattern",
        "id": ID,
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": TYPE_VERSION,
        "attributes": {
            "title": TITLE,
            "name": "Heartbeat",
            "timeFieldName": "@timestamp",
            "fieldFormatMap": orjson.dumps(formats).decode(),
        },
        "references": [],
    }
