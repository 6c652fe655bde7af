"""Floating-point numbers as text."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as some

from heartbeat.formats import shortest


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1.0, "1"),
        (0.0, "0"),
        (100.0, "100"),
        (-2.5, "-2.5"),
        (123456.0, "123456"),
        (1234567.0, "1.234567e+06"),
        (1e6, "1e+06"),
        (1e21, "1e+21"),
        (1e-4, "0.0001"),
        (1.5e-7, "1.5e-07"),
        (5e-324, "5e-324"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_text_of_numbers(value: float, text: str) -> None:
    """Short numbers are plain, large and small ones have an exponent."""
    assert shortest(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.30000001192092896, "0.3"),
        (123456789.5, "1.2345679e+08"),
        (16777217.0, "1.6777216e+07"),
        (5e-324, "0"),
        (1e300, "+Inf"),
    ],
)
def test_text_of_numbers_of_32_bits(value: float, text: str) -> None:
    """Only as many digits as such a number has."""
    assert shortest(value, single=True) == text


@given(some.floats(allow_nan=False, allow_infinity=False))
def test_text_reads_back(value: float) -> None:
    """Nothing of the number is lost."""
    assert float(shortest(value)) == value


@given(some.floats(width=32, allow_nan=False, allow_infinity=False))
def test_text_of_32_bits_reads_back(value: float) -> None:
    """Nothing of the smaller number is lost either."""
    text = shortest(value, single=True)

    assert struct.pack("<f", float(text)) == struct.pack("<f", value) or value == 0
