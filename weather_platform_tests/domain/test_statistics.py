"""Sums become figures: exact, to 2 decimals, halves away from zero, null where nothing is behind them."""

import math
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.documents import figures
from weather_platform.domain.rounding import mean_of_millionths
from weather_platform.domain.statistics import (
    MILLION,
    VECTOR_PER_MS,
    Rule,
    Scale,
    climatological,
    count,
    direction,
    greatest,
    least,
    mean,
    traced,
)


def made(rule: Rule, unit: str, *values: float | None) -> float | None:
    """The figure of a rule whose needs have these values, in their order."""
    columns = {need.name: np.array([value], dtype=float) for need, value in zip(rule.needs, values, strict=True)}
    (figure,) = figures(rule, unit, columns)
    found: float | None = figure
    return found


@pytest.mark.parametrize(
    ("rule", "unit", "values", "expected"),
    [
        (mean("ff"), "m/s", [10_000, 2], 0.01),
        (mean("ff"), "m/s", [-10_000, 2], -0.01),
        (mean("ff"), "m/s", [9_999, 2], 0.0),
        (mean("ff"), "m/s", [-9_999, 2], 0.0),
        (mean("ff"), "m/s", [0, 8], 0.0),
        (mean("pmer"), "hPa", [997_380_000_000, 10], 997.38),
        (mean("ff"), "m/s", [1, 0], None),
        (mean("ff"), "m/s", [None, 0], None),
        (mean("ff"), "m/s", [None, 3], None),
        (mean("t"), "°C", [2 * 273_150_000 + 10_000, 2], 0.01),
        (mean("t"), "°C", [2 * 273_150_000 - 10_000, 2], -0.01),
        (mean("t"), "°C", [None, 0], None),
        (greatest("ff"), "m/s", [7.7], 7.7),
        (greatest("ff"), "m/s", [0.125], 0.13),
        (greatest("ff"), "m/s", [0.375], 0.38),
        (greatest("ff"), "m/s", [2.675], 2.68),
        (greatest("ff"), "m/s", [-0.005], -0.01),
        (greatest("ff"), "m/s", [0], 0.0),
        (greatest("ff"), "m/s", [None], None),
        (greatest("raf10", "rafper"), "m/s", [9.9, 11.2], 11.2),
        (greatest("raf10", "rafper"), "m/s", [None, 11.2], 11.2),
        (greatest("raf10", "rafper"), "m/s", [None, None], None),
        (greatest("ht_neige", floor=0), "cm", [-0.02], 0.0),
        (greatest("ht_neige", floor=0), "cm", [0.12], 12.0),
        (greatest("ht_neige", floor=0), "cm", [None], None),
        (least("pmer"), "hPa", [100_080], 1000.8),
        (least("t"), "°C", [273.15], 0.0),
        (least("t"), "°C", [287.15], 14.0),
        (count("t"), "", [None], 0),
        (count("t"), "", [8], 8),
        (traced("rr3"), "", [0], False),
        (traced("rr3"), "", [2], True),
    ],
)
def test_a_figure_is_rounded_halves_away_from_zero_and_stays_null(
    rule: Rule, unit: str, values: list[float | None], expected: float | None
) -> None:
    figure = made(rule, unit, *values)
    assert figure == expected
    assert figure is None or math.copysign(1, figure) == (-1 if expected and expected < 0 else 1)


def test_what_climatology_found_is_taken_as_it_is() -> None:
    rule = climatological("tn", ("t", "tn12"))
    assert figures(rule, "°C", {"tn": np.array([-0.3, np.nan])}) == [-0.3, None]
    assert rule.needs == ()


def test_a_unit_that_no_rule_leads_to_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"No rule makes hPa of K \(t\)"):
        mean("t").scale("hPa")


@settings(deadline=None)
@given(
    st.integers(-(10**12), 10**12),
    st.integers(1, 8),
    st.sampled_from([Scale(), Scale(per=100), Scale(times=100), Scale(offset=273_150_000)]),
)
def test_a_mean_is_what_exact_arithmetic_says(millionths: int, readings: int, scale: Scale) -> None:
    value = (Fraction(millionths, readings) - scale.offset) / MILLION * scale.times / scale.per * 100
    hundredths = math.floor(abs(value) + Fraction(1, 2)) * (1 if value >= 0 else -1)
    (rounded,) = mean_of_millionths(np.array([float(millionths)]), np.array([readings]), scale)
    assert rounded == float(Decimal(hundredths) / 100)


@settings(deadline=None)
@given(st.decimals(0, 400, places=6))
def test_a_reading_of_six_decimals_is_rounded_as_written(reading: Decimal) -> None:
    assert made(least("ff"), "m/s", float(reading)) == float(reading.quantize(Decimal("0.01"), ROUND_HALF_UP))


@pytest.mark.parametrize(
    ("east", "north", "expected"),
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
def test_a_mean_wind_comes_from_1_to_360_degrees_or_is_calm(east: float, north: float, expected: float | None) -> None:
    x, y = (round(8 * speed * VECTOR_PER_MS) for speed in (east, north))
    assert made(direction(), "°", x, y, 8) == expected


def test_no_wind_has_no_direction() -> None:
    assert made(direction(), "°", None, None, 0) is None
    assert made(direction(), "°", 0, 0, 0) is None


@pytest.mark.parametrize("readings", [8, 24])
def test_sums_stay_exact_in_a_double(readings: int) -> None:
    """The largest of each: a pressure in Pa, and a wind of 110 m/s."""
    assert readings * 110_000 * MILLION < 2**53
    assert readings * 110 * VECTOR_PER_MS < 2**53
