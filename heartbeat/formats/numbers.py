"""Floating-point numbers as the reference writes them into names.

Owns the text of a number. Must not know what it is for.
"""

from __future__ import annotations

import math
import struct
from decimal import Decimal

DIGITS, SINGLE_DIGITS = 17, 9
"""Significant digits that tell any two numbers of 64 and of 32 bits apart."""

PLAIN_EXPONENTS = range(-4, 6)
"""Exponents of numbers that are written without one."""


def shortest(value: float, *, single: bool = False) -> str:
    """Return the shortest text that reads back as this number: `0.1`, `1e+06`.

    With `single` it has to read back as the same number of 32 bits only.
    """
    number = _single(value) if single else value
    if not math.isfinite(number):
        return {math.inf: "+Inf", -math.inf: "-Inf"}.get(number, "NaN")
    return _general(_shortest_single(number) if single else f"{number!r}")


def _shortest_single(number: float) -> str:
    texts = (f"{number:.{digits}g}" for digits in range(1, SINGLE_DIGITS))
    matching = (text for text in texts if _single(float(text)) == number)
    return next(matching, f"{number:.{SINGLE_DIGITS}g}")


def _single(value: float) -> float:
    """Return the nearest number of 32 bits."""
    try:
        (nearest,) = struct.unpack("<f", struct.pack("<f", value))
    except OverflowError:
        return math.copysign(math.inf, value)
    return float(nearest)


def _general(text: str) -> str:
    """Return a number in the notation of C's `%g`, its digits as they are."""
    number = Decimal(text).normalize()
    exponent = number.adjusted()
    if not number or exponent in PLAIN_EXPONENTS:
        return f"{number:f}"
    mantissa = number.scaleb(-exponent)
    return f"{mantissa:f}e{exponent:+03d}"
