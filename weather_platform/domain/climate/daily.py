"""The days of a month as documents need them: sums of the readings of the civil day beside what climatology found.

All stations and days at once. Readings are added as whole millionths of their unit, exact in a double: a sum does not
depend on the order of rows.
"""

from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.climate.columns import RAINS
from weather_platform.domain.climate.days import EXTREME_METHODS, Days, Rains
from weather_platform.domain.climate.grid import HOUR_S, Rows, Values
from weather_platform.domain.climate.origins import Origins
from weather_platform.domain.climate.rain import RAIN_METHODS
from weather_platform.domain.climate.screening import Screened
from weather_platform.domain.climate.windows import windows_of
from weather_platform.domain.documents import Columns, StationDays
from weather_platform.domain.statistics import MILLION, VECTOR_SCALE, Sum
from weather_platform.domain.weather_stats import SUMS

_DAY_S = 24 * HOUR_S


class Daily(NamedTuple):
    """Days of stations, with arrays of station × day."""

    days: Days
    origins: Origins
    observations: NDArray[np.int64]
    """Reports of the civil UTC day."""
    sums: dict[str, Values]
    """By `Sum.name`, for each of `weather_stats.SUMS`."""


def daily(rows: Rows, screened: Screened, days: Days, origins: Origins) -> Daily:
    """What the rows say of each day; erroneous values are left out."""
    adder = _Adder(rows, screened, days)
    return Daily(days, origins, adder.observations(), {one.name: adder.added(one) for one in SUMS})


def station_days(of: Daily, first: date, last: date) -> StationDays:
    """Those of the days from first to last (inclusive) that have an observation."""
    dates = of.days.stretch.days
    wanted = (of.observations > 0) & np.array([first <= day <= last for day in dates])
    stations, places = (found.tolist() for found in np.nonzero(wanted))
    return StationDays(
        station=[of.days.stations[station] for station in stations],
        day=[dates[place] for place in places],
        observations=of.observations[wanted].tolist(),
        raw_objects=[of.origins.of_days[station][place] for station, place in zip(stations, places, strict=True)],
        columns={name: values[wanted] for name, values in {**of.sums, **_climate(of.days)}.items()},
    )


def _climate(days: Days) -> Columns:
    """The climatological figures by the names that the rules of documents read."""
    windows = [windows_of(station) for station in days.stations]
    rules = [each.rule() for each in windows]

    def of_station(values: list[Any]) -> NDArray[Any]:
        return np.broadcast_to(np.array(values, dtype=object)[:, None], days.erroneous.shape)

    return {
        "tn": days.tn.value / 100,
        "tn_method": np.array(EXTREME_METHODS, dtype=object)[days.tn.method],
        "tx": days.tx.value / 100,
        "tx_method": np.array(EXTREME_METHODS, dtype=object)[days.tx.method],
        "rr": days.rr.value / 100,
        "rr_method": np.array(RAIN_METHODS, dtype=object)[days.rr.method],
        "rr_known": _known(days.rr),
        "civil_rr": _known(days.civil_rr),
        "civil_rr_slots": days.civil_rr.known_hours // 3,
        "tn_window": of_station([rule.tn for rule in rules]),
        "tx_window": of_station([rule.tx for rule in rules]),
        "rr_window": of_station([rule.rr for rule in rules]),
        "windows_supposed": of_station([rule.supposed for rule in rules]),
        "erroneous": days.erroneous,
        "suspect": days.suspect,
    }


def _known(rains: Rains) -> Values:
    return np.where(rains.known_hours > 0, rains.known / 100, np.nan)


class _Adder:
    """Adds up the rows of each station and civil day."""

    def __init__(self, rows: Rows, screened: Screened, days: Days) -> None:
        self._rows = rows
        self._shape = (len(days.stations), len(days.stretch.days))
        first_s = screened.grid.column(days.stretch.first) + screened.grid.first_hour
        self._since_s = rows.seconds - first_s * HOUR_S
        self._sound = _sound(rows, screened)

    def observations(self) -> NDArray[np.int64]:
        return self._count(np.ones(len(self._since_s), dtype=bool), self._since_s // _DAY_S)

    def added(self, one: Sum) -> Values:
        """A sum of each day; NaN for an extreme without readings."""
        day = (self._since_s - one.ends_with_midnight) // _DAY_S
        values = self._sound[one.field]
        there = ~np.isnan(values)
        match one.of:
            case "n":
                return self._count(there, day).astype(float)
            case "traces":
                bit = 1 << list(RAINS).index(one.field)
                return self._count(self._rows.columns["rr_trace"].astype(np.int64) & bit > 0, day).astype(float)
            case "sum":
                return self._total(np.rint(values * MILLION), there, day)
            case "east" | "north":
                return self._total(_component(one, values, self._sound["dd"]), there, day)
            case "min":
                return self._extreme(np.fmin, values, there, day)
            case "max":
                return self._extreme(np.fmax, values, there, day)

    def _places(self, which: NDArray[np.bool_], day: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Which rows are of the days, and where they belong."""
        which = which & (day >= 0) & (day < self._shape[1])
        return which, self._rows.station[which] * self._shape[1] + day[which]

    def _count(self, which: NDArray[np.bool_], day: NDArray[np.int64]) -> NDArray[np.int64]:
        _, places = self._places(which, day)
        count: NDArray[np.int64] = np.bincount(places, minlength=self._shape[0] * self._shape[1])
        return count.reshape(self._shape)

    def _total(self, whole: Values, there: NDArray[np.bool_], day: NDArray[np.int64]) -> Values:
        which, places = self._places(there, day)
        total = np.bincount(places, whole[which], self._shape[0] * self._shape[1])
        return total.astype(float).reshape(self._shape)

    def _extreme(self, choose: np.ufunc, values: Values, there: NDArray[np.bool_], day: NDArray[np.int64]) -> Values:
        which, places = self._places(there, day)
        found = np.full(self._shape[0] * self._shape[1], np.nan)
        choose.at(found, places, values[which])
        return found.reshape(self._shape)


def _component(one: Sum, speed: Values, direction: Values) -> Values:
    """A wind component in 1/`VECTOR_PER_MS` m/s; 0 where there is no direction."""
    towards = (np.sin if one.of == "east" else np.cos)(np.radians(direction))
    component: Values = np.where(direction > 0, np.rint(speed * 1000) * np.rint(towards * VECTOR_SCALE), 0.0)
    return component


def _sound(rows: Rows, screened: Screened) -> dict[str, Values]:
    """The columns of the rows, erroneous values missing."""
    sound = dict(rows.columns)
    placed, column = rows.placed(screened.grid.first_hour, screened.grid.hours)
    for (verdict, field), mask in screened.verdicts.items():
        if verdict == "erroneous":
            wrong = np.zeros(len(placed), dtype=bool)
            wrong[placed] = mask[rows.station[placed], column]
            sound[field] = np.where(wrong, np.nan, sound[field])
    return sound
