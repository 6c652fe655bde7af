"""Where a machine stands, as its operator says.

Owns the options `geo.*`. Must not know whose place it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field

from heartbeat.config import Duration, Flag, Options, Text

if TYPE_CHECKING:
    from heartbeat.event import Fields

_LOCATION: Final = re.compile(r"-?\d+(?:\.\d+)?\s*,\s*-?\d+(?:\.\d+)?")


def _location(text: str) -> str:
    if text and _LOCATION.fullmatch(text) is None:
        raise ValueError(
            f"'{text}' is no place; write latitude and longitude: 48.1, 11.6"
        )
    return text


class GeoOptions(Options):
    """The place."""

    name: Text = Field(default="", description="Name of the place.")
    location: Annotated[Text, AfterValidator(_location)] = Field(
        default="", description="Latitude and longitude: 48.1, 11.6."
    )
    continent_name: Text = Field(default="", description="Continent.")
    country_name: Text = Field(default="", description="Country.")
    country_iso_code: Text = Field(default="", description="Code of the country.")
    region_name: Text = Field(default="", description="Region.")
    region_iso_code: Text = Field(default="", description="Code of the region.")
    city_name: Text = Field(default="", description="City.")

    def members(self) -> Fields:
        """Return what is said, as members of `geo`."""
        return {name: text for name, text in self.model_dump().items() if text}


class CacheOptions(Options):
    """How long facts count."""

    ttl: Duration = Field(
        default=300.0, description="How long addresses count before a new look."
    )


class NetInfoOptions(Options):
    """Whether addresses are shown."""

    enabled: Flag = Field(default=True, description="Show addresses of interfaces.")
