"""The shape of what the endpoint shows.

Owns the types between those who have figures and whoever serves them, which may be
another process. Must not know either: a worker makes views and has no web server.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

Figures: TypeAlias = "Callable[[], Any]"
"""Returns plain values, fresh at each call."""

Listing: TypeAlias = "Callable[[Mapping[str, str]], Awaitable[Any]]"
"""Returns plain values for a query; raises `BadQuery`."""

WELL = "ok"


@dataclass(frozen=True, slots=True)
class Exposition:
    """A page that is no JSON, with its media type."""

    body: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Views:
    """What the endpoint shows, by path.

    A mapping with a member `status` that is not `ok` is answered with 503. `refused`
    has the paths that the reference knows and this endpoint does not serve, with the
    reason.
    """

    figures: Mapping[str, Figures]
    listings: Mapping[str, Listing] = field(default_factory=dict[str, Listing])
    expositions: Mapping[str, Callable[[], Awaitable[Exposition]]] = field(
        default_factory=dict[str, "Callable[[], Awaitable[Exposition]]"]
    )
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
