"""The figures of a day: which readings are summed, over which hours, and how sums become figures.

A `Rule` says both: which sums it needs (`Sum`: one column of the database's daily query, `storage.aggregation`) and
how they become a figure. Sums are whole numbers of millionths: exact, so any order of rows and any database
give the same figure to the last digit. A figure without readings is None.
"""

import math
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from weather_platform.domain.fields import FIELDS, RAIN_FIELDS

KELVIN_OFFSET = 273.15
EXPECTED_OBSERVATIONS = 8
"""One per synoptic hour: 00, 03 … 21 UTC."""
CALM_MS = 0.05
"""A mean wind vector shorter than half the resolution of `ff` (0.1 m/s) has no direction."""
MILLION = 1_000_000
"""Readings are added in millionths of their unit: the archive prints six decimals. Databases round halves differently
(MySQL to even, SQLite away from zero), so they must round finer than the published precision."""
VECTOR_SCALE = 1_000_000_000
"""Factor of sines and cosines; with thousandths, a steady wind of 10° would come from 10.02°."""
VECTOR_PER_MS = 1_000 * VECTOR_SCALE
"""1 m/s in a sum of wind components, whose speeds are in thousandths: 8 readings stay below 2^53, exact in a double."""

Number = int | float | None
Sums = Mapping[str, Any]
"""Values of a day: numbers by `Sum.name`, and what climatology found (`climate.days.figures`) by name."""


class Sum(NamedTuple):
    """One value that the database computes from a day's readings of a field.

    ``n`` is their number, ``sum`` their sum in millionths of the unit, ``east`` and ``north`` the sums of
    ff·sin(dd) and ff·cos(dd) in 1/`VECTOR_PER_MS` m/s, ``traces`` the number of traces of rain.
    """

    of: Literal["n", "sum", "min", "max", "east", "north", "traces"]
    field: str

    @property
    def name(self) -> str:
        return f"{self.field}_{self.of}"

    @property
    def is_whole(self) -> bool:
        return self.of not in ("min", "max")

    @property
    def ends_with_midnight(self) -> bool:
        """Whether the day is (00 UTC, 24 UTC]: a rain total at 00 UTC covers the hours before."""
        return self.field in RAIN_FIELDS


class DailyAggregate(NamedTuple):
    """The sums of one station and civil UTC day, in SYNOP's units."""

    day: date
    observations: int
    sums: Sums = MappingProxyType({})
    """A missing name means None."""
    raw_objects: tuple[str, ...] = ()
    """Names of the raw objects behind the day, sorted."""


class Scale(NamedTuple):
    """From SYNOP's unit to the document's: ``(value - offset) * times / per``, exactly; the offset is in millionths."""

    times: int = 1
    per: int = 1
    offset: int = 0


_SCALES: Mapping[tuple[str, str], Scale] = {
    ("K", "°C"): Scale(offset=273_150_000),
    ("Pa", "hPa"): Scale(per=100),
    ("m", "cm"): Scale(times=100),
}


class Rule(NamedTuple):
    """How one figure of a document is made from sums."""

    fields: tuple[str, ...]
    """The columns of staging behind the figure; the first has its unit. Screening reads others too."""
    needs: tuple[Sum, ...]
    figure: Callable[[Sums, Scale], Any]
    """The figure, to 2 decimals; None without readings."""

    def scale(self, unit: str) -> Scale:
        """The conversion from the field's unit to the figure's; ValueError if there is none."""
        if unit == "" or not self.needs:
            return Scale()
        own = FIELDS[self.fields[0]].unit
        if unit == own:
            return Scale()
        if (own, unit) not in _SCALES:
            raise ValueError(f"No rule makes {unit} of {own} ({self.fields[0]}).")
        return _SCALES[own, unit]


def count(field: str) -> Rule:
    """The number of readings of a field."""
    n = Sum("n", field)
    name = n.name
    return Rule((field,), (n,), lambda sums, _: int(sums.get(name) or 0))


def traced(field: str) -> Rule:
    """Whether any reading of a rain field is a trace."""
    traces = Sum("traces", field)
    name = traces.name
    return Rule(("rr_trace",), (traces,), lambda sums, _: bool(sums.get(name)))


def mean(field: str) -> Rule:
    """The mean of a field's readings."""
    total, n = Sum("sum", field), Sum("n", field)
    total_name, n_name = total.name, n.name

    def figure(sums: Sums, scale: Scale) -> float | None:
        millionths, readings = sums.get(total_name), sums.get(n_name)
        return None if millionths is None or not readings else mean_of_millionths(int(millionths), int(readings), scale)

    return Rule((field,), (total, n), figure)


def least(field: str) -> Rule:
    """The least reading of a field."""
    return _reading(Sum("min", field))


def climatological(name: str, fields: tuple[str, ...], otherwise: float | str | bool | None = None) -> Rule:
    """A climatological figure, in the unit of the document; `otherwise` if none was computed for the day."""
    return Rule(fields, (), lambda sums, _: sums.get(name, otherwise))


def greatest(*fields: str, floor: float | None = None) -> Rule:
    """The greatest reading of one or more fields of one unit; what is below the floor (a code) counts as the floor."""
    needs = tuple(Sum("max", field) for field in fields)
    names = [need.name for need in needs]

    def figure(sums: Sums, scale: Scale) -> float | None:
        known = [value for name in names if (value := sums.get(name)) is not None]
        if not known:
            return None
        value = max(known)
        return mean_of_millionths(round((value if floor is None else max(value, floor)) * MILLION), 1, scale)

    return Rule(fields, needs, figure)


def direction() -> Rule:
    """Where the mean wind vector comes from, degrees in (0, 360], 360 is north; None when it is calm."""
    needs = (Sum("east", "ff"), Sum("north", "ff"), Sum("n", "ff"))
    east, north, n = (need.name for need in needs)

    def figure(sums: Sums, _: Scale) -> float | None:
        x, y, readings = sums.get(east), sums.get(north), sums.get(n)
        if x is None or y is None or not readings:
            return None
        if math.hypot(x, y) / (readings * VECTOR_PER_MS) < CALM_MS:
            return None
        return round(math.degrees(math.atan2(x, y)) % 360, 2) or 360.0

    return Rule(("dd", "ff"), needs, figure)


def _reading(one: Sum) -> Rule:
    name = one.name

    def figure(sums: Sums, scale: Scale) -> float | None:
        value = sums.get(name)
        return None if value is None else mean_of_millionths(round(value * MILLION), 1, scale)

    return Rule((one.field,), (one,), figure)


def mean_of_millionths(millionths: int, readings: int, scale: Scale = Scale()) -> float:  # noqa: B008  # immutable
    """A sum of millionths over readings, in the unit of the scale, to 2 decimals, halves away from zero, never -0."""
    exact = (millionths - readings * scale.offset) * scale.times
    per_hundredth = MILLION // 100 * readings * scale.per
    hundredths = (2 * abs(exact) + per_hundredth) // (2 * per_hundredth)
    return math.copysign(hundredths, exact) / 100 if hundredths else 0.0
