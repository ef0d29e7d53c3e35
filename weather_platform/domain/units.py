"""Unit systems. Figures are stored in metric units; a system gives the unit shown for each.

One rule for decimals: two, as stored, and three where the unit is larger than the stored one by ten times or more.
Convert a sum or a mean once: sums of converted, rounded values drift.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from itertools import count
from typing import Final, NamedTuple


class Unit(NamedTuple):
    """A displayed unit: shown value = ``stored * factor + offset``, rounded to the decimals."""

    symbol: str
    suffix: str
    """Suffix of column names, ``_km_h``."""
    decimals: int = 2
    factor: float = 1.0
    offset: float = 0.0

    def exact(self, value: float) -> float:
        return value * self.factor + self.offset

    def of(self, value: float) -> float:
        return round(self.exact(value), self.decimals)

    def difference(self, value: float) -> float:
        """A difference of two figures, which has no offset."""
        return value * self.factor

    def least(self, shown: float) -> float:
        """The least stored figure (2 decimals) shown as at least this number."""
        below = math.floor((shown - self.offset - 10.0**-self.decimals) / self.factor * 100)
        return next(n / 100 for n in count(below) if self.of(n / 100) >= shown)


class System(StrEnum):
    """A choice of units."""

    METRIC = "metric"
    """As stored: °C, hPa, m/s, mm, cm."""
    METRIC_KM_H = "metric_km_h"
    """The same with wind in km/h, as in French forecasts."""
    IMPERIAL = "imperial"


STORED: Final[Mapping[str, Unit]] = {
    unit.symbol: unit
    for unit in (Unit("°C", "c"), Unit("hPa", "hpa"), Unit("m/s", "m_s"), Unit("mm", "mm"), Unit("cm", "cm"))
}
"""The stored units that another system may replace, by symbol."""
UNITS: Final[Mapping[System, Mapping[str, Unit]]] = {
    System.METRIC: STORED,
    System.METRIC_KM_H: {**STORED, "m/s": Unit("km/h", "km_h", 2, 3.6)},
    System.IMPERIAL: {
        "°C": Unit("°F", "f", 2, 1.8, 32.0),
        "hPa": Unit("inHg", "inhg", 3, 1 / 33.863_886_67),  # the conventional inch of mercury, NIST SP 811
        "m/s": Unit("mph", "mph", 2, 1 / 0.447_04),
        "mm": Unit("in", "in", 3, 1 / 25.4),
        "cm": Unit("in", "in", 3, 1 / 2.54),
    },
}
"""By system and stored symbol."""


def stored_bounds(shown: float, system: System) -> dict[str, float]:
    """The least stored figure shown as at least this number in the system, by stored unit."""
    return {stored: unit.least(shown) for stored, unit in UNITS[system].items()}


def shown(value: float, unit: str, system: System) -> float:
    """A stored figure in the system; other units (°, %) stay unchanged."""
    return value if system is System.METRIC or unit not in STORED else UNITS[system][unit].of(value)


def symbol(unit: str, system: System) -> str:
    """The symbol of a stored unit in the system."""
    return UNITS[system][unit].symbol if unit in STORED else unit


def column_name(column: str, unit: str, system: System) -> str:
    """A column's name with the unit of the system as suffix: ``temperature_avg_c`` is ``temperature_avg_f``."""
    if unit not in STORED:
        return column
    return column.removesuffix(STORED[unit].suffix) + UNITS[system][unit].suffix
