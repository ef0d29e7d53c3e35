"""Observations as arrays of station × hour, in whole hundredths, so that comparisons and sums are exact.

Temperatures are in hundredths of °C, every other measure in hundredths of its SYNOP unit; codes (`ww`, `dd`,
`rr_trace`) are as they are. NaN means missing. Reports not at a whole hour are left out:
totals end at whole hours.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.climate.columns import CODES, GRID_FIELDS, TEMPERATURES
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.stations import Station

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

HOUR_S = 3600
_FREEZING = 27_315


class Grid:
    """A stretch of hours at some stations. `values` has an array (stations, hours) by field."""

    def __init__(self, stations: Sequence[Station], first_hour: int, values: Mapping[str, Values]) -> None:
        self.stations = tuple(stations)
        self.first_hour = first_hour
        """Hours since 1970-01-01 00 UTC of the first column."""
        self.values = dict(values)

    @property
    def hours(self) -> int:
        return int(self.values["t"].shape[1])

    def column(self, day: date, hour: int = 0) -> int:
        """The column of an hour after 00 UTC of a day."""
        return hours_since_1970(datetime.combine(day, datetime.min.time())) + hour - self.first_hour

    def time(self, column: int) -> datetime:
        """The time of a column, UTC without offset."""
        return datetime(1970, 1, 1) + timedelta(hours=self.first_hour + column)  # noqa: DTZ001  # as stored


def hours_since_1970(time: datetime) -> int:
    """Of a time in UTC without offset, whole hours."""
    return int(time.replace(tzinfo=UTC).timestamp()) // HOUR_S


class Rows(NamedTuple):
    """Observations as staged, arrays of one length."""

    station: NDArray[np.int64]
    """Place among the stations."""
    seconds: NDArray[np.int64]
    """Since 1970-01-01 00 UTC."""
    columns: Mapping[str, Values]
    """Fields in SYNOP's units (K, mm; a trace of rain is 0 with its bit in `rr_trace`), NaN if missing."""

    def placed(self, first_hour: int, hours: int) -> tuple[Mask, NDArray[np.int64]]:
        """Which rows are at a whole hour of so many from the first (since 1970), and at which of them."""
        hour = self.seconds // HOUR_S - first_hour
        placed = (hour >= 0) & (hour < hours) & (self.seconds % HOUR_S == 0)
        return placed, hour[placed]


def grid_of(stretch: Stretch, stations: Sequence[Station], rows: Rows) -> Grid:
    """The grid of a range of days, with the days it needs around it.

    Rows of other times and between whole hours are ignored; of rows of the same place the last counts.
    """
    first = hours_since_1970(datetime.combine(stretch.needed.first, datetime.min.time()))
    end = hours_since_1970(datetime.combine(stretch.needed.end, datetime.min.time())) + 1
    placed, hour = rows.placed(first, end - first)
    at = (rows.station[placed], hour)
    values = {}
    for name in GRID_FIELDS:
        values[name] = np.full((len(stations), end - first), np.nan)
        if name in rows.columns:
            values[name][at] = _hundredths(name, rows.columns[name][placed])
    return Grid(stations, first, values)


def shifted(values: Values, hours: int) -> Values:
    """The values `hours` before each column (after, if negative); NaN beyond the edges."""
    out = np.full_like(values, np.nan)
    if hours > 0:
        out[:, hours:] = values[:, :-hours]
    elif hours < 0:
        out[:, :hours] = values[:, -hours:]
    else:
        out[:] = values
    return out


def lowest(values: Values, lags: Sequence[int]) -> Values:
    """The least value over these hours before each column; NaN if there is none."""
    out = np.full_like(values, np.nan)
    for lag in lags:
        out = np.fmin(out, shifted(values, lag))
    return out


def highest(values: Values, lags: Sequence[int]) -> Values:
    """The greatest value over these hours before each column; NaN if there is none."""
    return -lowest(-values, lags)


def _hundredths(name: str, values: Values) -> Values:
    if name in CODES:
        return values
    rounded = np.rint(values * 100)
    return rounded - _FREEZING if name in TEMPERATURES else rounded
