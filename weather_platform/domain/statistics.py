"""The figures of a day: what is added up, over which hours, and how sums become figures.

A `DailyAggregate` holds what one pass over a station's observations yields, whoever does the adding
(the database does, `storage.aggregation`). Sums are whole numbers of hundredths: exact, so that any order of
rows and any database gives the same figure to the cent. A figure with nothing behind it is None.
"""

import math
from datetime import date
from typing import NamedTuple

KELVIN_OFFSET = 273.15
EXPECTED_OBSERVATIONS = 8
"""One a synoptic hour: 00, 03 … 21 UTC."""
CALM_MS = 0.05
"""A mean wind vector shorter than half the resolution of `ff` (0.1 m/s) has no direction."""
VECTOR_SCALE = 1_000
"""Wind components are added in thousandths of 0.1 m/s."""


class DailyAggregate(NamedTuple):
    """Counts, sums and extremes of one station and civil UTC day, in SYNOP's units.

    `*_sum` are in hundredths of the unit; `wind_x` and `wind_y` are sums of ff·sin(dd) and ff·cos(dd) in
    0.1/`VECTOR_SCALE` m/s. Rain covers (00 UTC, 24 UTC]: the reading of 00 UTC belongs to the day before.
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


def mean(hundredths: int | None, count: int, *, per_unit: int = 100) -> float | None:
    """A sum of hundredths over a count, to 2 decimals (halves away from zero), `per_unit` hundredths to the unit."""
    if hundredths is None or not count:
        return None
    return _ratio(hundredths * 100, count * per_unit)


def total(hundredths: int | None) -> float | None:
    """A sum of hundredths in its unit."""
    return None if hundredths is None else hundredths / 100


def rounded(value: float | None, *, per_unit: int = 1) -> float | None:
    """A reading to 2 decimals in a unit `per_unit` times as large (100 makes hPa of Pa)."""
    return None if value is None else _ratio(round(value * 100), per_unit)


def celsius(kelvin: float | None) -> float | None:
    """K - 273.15, to 2 decimals."""
    return None if kelvin is None else (round(kelvin * 100) - round(KELVIN_OFFSET * 100)) / 100


def mean_celsius(hundredths: int | None, count: int) -> float | None:
    """The mean of a sum of hundredths of K, in °C to 2 decimals."""
    return None if hundredths is None else mean(hundredths - count * round(KELVIN_OFFSET * 100), count)


def wind_direction(x: int | None, y: int | None, count: int) -> float | None:
    """Where the mean wind vector comes from, degrees in (0, 360], 360 is north; None when it is calm."""
    if x is None or y is None or not count:
        return None
    if math.hypot(x, y) / (count * 10 * VECTOR_SCALE) < CALM_MS:
        return None
    return round(math.degrees(math.atan2(x, y)) % 360, 2) or 360.0


def _ratio(numerator: int, denominator: int) -> float:
    """Numerator / denominator in hundredths, halves away from zero."""
    hundredths = (2 * abs(numerator) + denominator) // (2 * denominator)
    return math.copysign(hundredths, numerator) / 100 if hundredths else 0.0
