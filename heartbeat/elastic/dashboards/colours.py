"""Which number is drawn in which colour.

Owns the palettes. Must not know what the numbers are of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

GREEN: Final = "#209280"
YELLOW: Final = "#d6bf57"
RED: Final = "#cc5642"
GREY: Final = "#98a2b3"


@dataclass(frozen=True, slots=True)
class Scale:
    """Colours by number: each from its own bound up to the next one's."""

    first: str
    steps: tuple[tuple[float, str], ...]

    def palette(self, **more: Any) -> dict[str, Any]:
        """Return it as Lens wants it, which is with the bounds below and above."""
        bounds = [bound for bound, _ in self.steps]
        colours = [self.first, *(colour for _, colour in self.steps)]
        lower: list[float | None] = [None, *bounds]
        upper = [*bounds, bounds[-1] + 1]
        parameters = {
            "name": "custom",
            "reverse": False,
            "rangeType": "number",
            "rangeMin": None,
            "rangeMax": None,
            "progression": "fixed",
            "continuity": "all",
            "steps": len(colours),
            "maxSteps": 5,
            "colorStops": _stops(colours, lower),
            "stops": _stops(colours, upper),
        }
        return {"type": "palette", "name": "custom", "params": parameters, **more}


def _stops(
    colours: Sequence[str], bounds: Sequence[float | None]
) -> list[dict[str, Any]]:
    return [
        {"color": colour, "stop": bound}
        for colour, bound in zip(colours, bounds, strict=True)
    ]


NONE_IS_GOOD: Final = Scale(GREEN, ((1, RED),))
NONE_IS_BAD: Final = Scale(RED, ((1, GREEN),))
NONE_IS_USUAL: Final = Scale(GREEN, ((1, YELLOW),))
SELDOM_IS_USUAL: Final = Scale(GREEN, ((1, YELLOW), (5, RED)))
AVAILABLE: Final = Scale(RED, ((0.99, YELLOW), (0.999, GREEN)))
DAYS_LEFT: Final = Scale(RED, ((7, YELLOW), (30, GREEN)))
