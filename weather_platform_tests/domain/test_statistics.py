"""Sums become figures: exact, to 2 decimals, halves away from zero, null where nothing is behind them."""

import math
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.statistics import (
    MILLION,
    VECTOR_PER_MS,
    celsius,
    mean,
    mean_celsius,
    rounded,
    total,
    wind_direction,
)


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (mean(10_000, 2), 0.01),
        (mean(-10_000, 2), -0.01),
        (mean(9_999, 2), 0.0),
        (mean(-9_999, 2), 0.0),
        (mean(0, 8), 0.0),
        (mean(997_380_000_000, 10, per_unit=100), 997.38),
        (mean(1, 0), None),
        (mean(None, 0), None),
        (mean(None, 3), None),
        (total(5_000), 0.01),
        (total(4_999), 0.0),
        (total(5_066_500_000), 5_066.5),
        (total(0), 0.0),
        (total(None), None),
        (rounded(7.7), 7.7),
        (rounded(0.125), 0.13),
        (rounded(0.375), 0.38),
        (rounded(2.675), 2.68),
        (rounded(-0.005), -0.01),
        (rounded(0), 0.0),
        (rounded(100_080, per_unit=100), 1000.8),
        (rounded(None), None),
        (celsius(273.15), 0.0),
        (celsius(287.15), 14.0),
        (celsius(273.155), 0.01),
        (celsius(273.145), -0.01),
        (celsius(243.55), -29.6),
        (celsius(None), None),
        (mean_celsius(2 * 273_150_000 + 10_000, 2), 0.01),
        (mean_celsius(2 * 273_150_000 - 10_000, 2), -0.01),
        (mean_celsius(None, 0), None),
    ],
)
def test_a_figure_is_rounded_halves_away_from_zero_and_stays_null(figure: float | None, expected: float | None) -> None:
    assert figure == expected
    assert figure is None or math.copysign(1, figure) == (-1 if expected and expected < 0 else 1)


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12), st.integers(1, 8), st.sampled_from([1, 100]))
def test_a_mean_is_what_exact_arithmetic_says(millionths: int, count: int, per_unit: int) -> None:
    exact = Fraction(millionths, count * per_unit * MILLION) * 100
    hundredths = math.floor(abs(exact) + Fraction(1, 2)) * (1 if exact >= 0 else -1)
    assert mean(millionths, count, per_unit=per_unit) == float(Decimal(hundredths) / 100)


@settings(deadline=None)
@given(st.decimals(0, 400, places=6))
def test_a_reading_of_six_decimals_is_rounded_as_written(reading: Decimal) -> None:
    assert rounded(float(reading)) == float(reading.quantize(Decimal("0.01"), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("east", "north", "direction"),
    [
        (0, 1, 360.0),
        (1, 0, 90.0),
        (0, -1, 180.0),
        (-1, 0, 270.0),
        (1, 1, 45.0),
        (-1e-9, 1, 360.0),
        (1e-9, 1, 360.0),
        (0, 0.0499, None),
        (0, 0.0501, 360.0),
        (0.03, 0.04, 36.87),
        (0, 0, None),
    ],
)
def test_a_mean_wind_comes_from_1_to_360_degrees_or_is_calm(east: float, north: float, direction: float | None) -> None:
    x, y = (round(8 * speed * VECTOR_PER_MS) for speed in (east, north))
    assert wind_direction(x, y, 8) == direction


def test_no_wind_has_no_direction() -> None:
    assert wind_direction(None, None, 0) is None
    assert wind_direction(0, 0, 0) is None


@pytest.mark.parametrize("readings", [8, 24])
def test_sums_stay_exact_in_a_double(readings: int) -> None:
    """The largest of each: a pressure in Pa, and a wind of 110 m/s."""
    assert readings * 110_000 * MILLION < 2**53
    assert readings * 110 * VECTOR_PER_MS < 2**53
