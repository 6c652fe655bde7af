"""`run_from.geo`: the members of a place, in the form that readers understand.

Owns what a point may look like. Must not know where the place is used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

_POINT: Final = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*,\s*([+-]?\d+(?:\.\d+)?)\s*")
_MOST: Final = (90.0, 180.0)
_FAULT: Final = (
    "location: write latitude and longitude in degrees, such as '52.37, 4.90'"
)


def place_of(geo: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that say something, the point of the place as a text.

    Raises `ValueError` for any other point: Elasticsearch would refuse every document
    that has it, and Kibana splits the text at its comma.
    """
    members = {k: v for k, v in geo.items() if v is not None and v != ""}
    if "location" in members:
        members["location"] = _point(members["location"])
    return members


def _point(written: object) -> str:
    text = written
    if isinstance(written, dict):
        point = cast("dict[str, Any]", written)
        text = f"{point.get('lat')}, {point.get('lon')}"
    found = _POINT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(_FAULT)
    degrees = zip(found.groups(), _MOST, strict=True)
    if any(abs(float(one)) > most for one, most in degrees):
        raise ValueError(_FAULT)
    return str(text)
