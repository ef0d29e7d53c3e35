"""The figures of a day: what is added up, over which hours, and how sums become figures.

A `DailyAggregate` holds what one pass over a station's observations yields, whoever does the adding
(the database does, `storage.aggregation`). Sums are whole numbers of millionths: exact, so that any order of
rows and any database gives the same figure to the cent. A figure with nothing behind it is None.
"""

import math
from datetime import date
from typing import NamedTuple

KELVIN_OFFSET = 273.15
_KELVIN_OFFSET_MILLIONTHS = 273_150_000
EXPECTED_OBSERVATIONS = 8
"""One a synoptic hour: 00, 03 … 21 UTC."""
CALM_MS = 0.05
"""A mean wind vector shorter than half the resolution of `ff` (0.1 m/s) has no direction."""
MILLION = 1_000_000
"""Readings are added in millionths of their unit: the archive prints six decimals. Databases round halves differently
(MySQL to even, SQLite away from zero), so what they round must be finer than what is published."""
VECTOR_SCALE = 1_000_000_000
"""What sines and cosines are multiplied by; with thousandths a steady wind of 10° comes from 10.02°."""
VECTOR_PER_MS = 1_000 * VECTOR_SCALE
"""1 m/s in a sum of wind components, whose speeds are in thousandths: 8 readings stay below 2^53, exact in a double."""


class DailyAggregate(NamedTuple):
    """Counts, sums and extremes of one station and civil UTC day, in SYNOP's units.

    `*_sum` are in millionths of the unit; `wind_x` and `wind_y` are sums of ff·sin(dd) and ff·cos(dd) in
    1/`VECTOR_PER_MS` m/s. Rain covers (00 UTC, 24 UTC]: the reading of 00 UTC belongs to the day before.
    """

    day: date
    observations: int
    t_n: int = 0
    t_sum: int | None = None
    t_min: float | None = None
    t_max: float | None = None
    tn12_06: float | None = None
    tx12_18: float | None = None
    pmer_n: int = 0
    pmer_sum: int | None = None
    pmer_min: float | None = None
    pmer_max: float | None = None
    ff_n: int = 0
    ff_sum: int | None = None
    ff_max: float | None = None
    raf10_max: float | None = None
    rafper_max: float | None = None
    wind_x: int | None = None
    wind_y: int | None = None
    rr3_n: int = 0
    rr3_sum: int | None = None
    rr3_max: float | None = None
    rr3_traces: int = 0
    raw_objects: tuple[str, ...] = ()
    """Names of the raw objects behind the day, sorted."""


def mean(millionths: int | None, count: int, *, per_unit: int = 1) -> float | None:
    """A sum of millionths over a count, in a unit `per_unit` times as large (100 makes hPa of Pa)."""
    return None if millionths is None or not count else _to_2_decimals(millionths, count * per_unit)


def total(millionths: int | None) -> float | None:
    """A sum of millionths in its unit."""
    return None if millionths is None else _to_2_decimals(millionths, 1)


def rounded(value: float | None, *, per_unit: int = 1) -> float | None:
    """A reading in a unit `per_unit` times as large."""
    return None if value is None else _to_2_decimals(round(value * MILLION), per_unit)


def celsius(kelvin: float | None) -> float | None:
    """K - 273.15."""
    return None if kelvin is None else _to_2_decimals(round(kelvin * MILLION) - _KELVIN_OFFSET_MILLIONTHS, 1)


def mean_celsius(millionths: int | None, count: int) -> float | None:
    """The mean of a sum of millionths of K, in °C."""
    return None if millionths is None else mean(millionths - count * _KELVIN_OFFSET_MILLIONTHS, count)


def wind_direction(x: int | None, y: int | None, count: int) -> float | None:
    """Where the mean wind vector comes from, degrees in (0, 360], 360 is north; None when it is calm."""
    if x is None or y is None or not count:
        return None
    if math.hypot(x, y) / (count * VECTOR_PER_MS) < CALM_MS:
        return None
    return round(math.degrees(math.atan2(x, y)) % 360, 2) or 360.0


def _to_2_decimals(millionths: int, divisor: int) -> float:
    """Millionths / divisor as a decimal number of 2 places, halves away from zero."""
    per_hundredth = MILLION // 100 * divisor
    hundredths = (2 * abs(millionths) + per_hundredth) // (2 * per_hundredth)
    return math.copysign(hundredths, millionths) / 100 if hundredths else 0.0
