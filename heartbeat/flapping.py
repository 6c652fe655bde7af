"""Whether a target goes up and down so often that each change tells nothing.

Owns the measure: the share of changes among the last 21 outcomes, the recent ones
weighing more, with a threshold to begin flapping and a lower one to end it. Pure. Must
not know what follows from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from heartbeat.config import Flapping

FLAP: Final = "flap"
"""The status of a state in which the target flaps."""

OUTCOMES: Final = 21
"""How many outcomes are looked at; there is one change less than outcomes at most."""

_OLDEST, _NEWEST = 0.8, 1.2
_PLACES = OUTCOMES - 1
_WEIGHTS = [
    _OLDEST + (_NEWEST - _OLDEST) * place / (_PLACES - 1) for place in range(_PLACES)
]


def changes(outcomes: str) -> float:
    """Return how much the outcomes change, in percent: 100 if each differs.

    They are letters, the newest last; those that are not there count as no change.
    """
    pairs = zip(outcomes[-2::-1], outcomes[:0:-1], reversed(_WEIGHTS), strict=False)
    weighted = sum(weight for before, after, weight in pairs if before != after)
    return 100 * weighted / _PLACES


def is_flapping(outcomes: str, rule: Flapping, *, was: bool) -> bool:
    """Return whether the target flaps now, given whether it did before."""
    return changes(outcomes) >= (rule.low if was else rule.high)
