"""The figures of a day: which readings are summed, over which hours, and how sums become figures.

A `Rule` says both: which sums it needs (`Sum`) and how they become a figure. Sums are whole numbers of millionths:
exact in a double, so any order of rows gives the same figure to the last digit. A figure without readings is None.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from weather_platform.domain.fields import FIELDS, RAIN_FIELDS

KELVIN_OFFSET = 273.15
EXPECTED_OBSERVATIONS = 8
"""One per synoptic hour: 00, 03 … 21 UTC."""
CALM_MS = 0.05
"""A mean wind vector shorter than half the resolution of `ff` (0.1 m/s) has no direction."""
MILLION = 1_000_000
"""Readings are added in millionths of their unit: the archive prints six decimals."""
VECTOR_SCALE = 1_000_000_000
"""Factor of sines and cosines; with thousandths, a steady wind of 10° would come from 10.02°."""
VECTOR_PER_MS = 1_000 * VECTOR_SCALE
"""1 m/s in a sum of wind components, whose speeds are in thousandths: 8 readings stay below 2^53, exact in a double."""


class Sum(NamedTuple):
    """One value of a day's readings of a field (`climate.daily` adds them up).

    ``n`` is their number, ``sum`` their sum in millionths of the unit, ``east`` and ``north`` the sums of
    ff·sin(dd) and ff·cos(dd) in 1/`VECTOR_PER_MS` m/s, ``traces`` the number of traces of rain.
    """

    of: Literal["n", "sum", "min", "max", "east", "north", "traces"]
    field: str

    @property
    def name(self) -> str:
        return f"{self.field}_{self.of}"

    @property
    def ends_with_midnight(self) -> bool:
        """Whether the day is (00 UTC, 24 UTC]: a rain total at 00 UTC covers the hours before."""
        return self.field in RAIN_FIELDS


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
    """How one figure of a document is made; `domain.documents` computes it."""

    way: Literal["count", "traced", "mean", "reading", "direction", "climatological"]
    fields: tuple[str, ...]
    """The columns of staging behind the figure; the first has its unit. Screening reads others too."""
    needs: tuple[Sum, ...] = ()
    floor: float | None = None
    """What is below (a code) counts as the floor."""
    name: str = ""
    """Of a figure that climatology found, as `climate.daily` calls it."""

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
    return Rule("count", (field,), (Sum("n", field),))


def traced(field: str) -> Rule:
    """Whether any reading of a rain field is a trace."""
    return Rule("traced", ("rr_trace",), (Sum("traces", field),))


def mean(field: str) -> Rule:
    """The mean of a field's readings."""
    return Rule("mean", (field,), (Sum("sum", field), Sum("n", field)))


def least(field: str) -> Rule:
    """The least reading of a field."""
    return Rule("reading", (field,), (Sum("min", field),))


def greatest(*fields: str, floor: float | None = None) -> Rule:
    """The greatest reading of one or more fields of one unit."""
    return Rule("reading", fields, tuple(Sum("max", field) for field in fields), floor)


def direction() -> Rule:
    """Where the mean wind vector comes from, degrees in (0, 360], 360 is north; None when it is calm."""
    return Rule("direction", ("dd", "ff"), (Sum("east", "ff"), Sum("north", "ff"), Sum("n", "ff")))


def climatological(name: str, fields: tuple[str, ...]) -> Rule:
    """A climatological figure, in the unit of the document."""
    return Rule("climatological", fields, name=name)
