"""Which raw objects are behind a station's day: those of its own reports, and of the neighbouring days' in its windows.

A climatological day begins on the evening before and ends on the morning after, so the reports of another month, from
another raw object, may make its Tn, Tx and rain.
"""

from collections.abc import Sequence
from datetime import datetime, time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.climate.columns import BEHIND
from weather_platform.domain.climate.days import Days
from weather_platform.domain.climate.grid import Mask, hours_since_1970
from weather_platform.domain.climate.rain import RAIN_METHODS
from weather_platform.domain.climate.windows import windows_of

MADE_OF = {figure: BEHIND[figure] for figure in ("tn", "tx", "rr")}
"""Fields that a figure with a window of its own is made of."""
_HOUR_S, _DAY_S = 3600, 24 * 3600


class Reports(NamedTuple):
    """Reports of a stretch of days, arrays of one length: who made which, when, and what it has."""

    station: NDArray[np.int64]
    """Place among the stations."""
    seconds: NDArray[np.int64]
    """Since 1970-01-01 00 UTC."""
    raw_object: NDArray[np.int64]
    """Place in `names`."""
    has: dict[str, Mask]
    """By figure of `MADE_OF`: whether the report has a value of one of its fields."""
    names: Sequence[str]


class Origins(NamedTuple):
    """Names of raw objects, by station and day; empty where the station did not report."""

    of_days: list[list[tuple[str, ...]]]
    """All objects behind the figures of a day, sorted."""

    def of_stretch(self, station: int) -> tuple[str, ...]:
        """All objects behind the days of a station."""
        return tuple(sorted({name for names in self.of_days[station] for name in names}))


def origins_of(reports: Reports, days: Days) -> Origins:
    """The origins of the days."""
    marks = _Marks(reports, days)
    windows = [windows_of(station) for station in days.stations]
    own = marks.days_of(reports.seconds)
    inside = marks.on(own, np.ones(len(own), dtype=bool))
    behind = inside.copy()
    sharp = reports.seconds % _HOUR_S == 0
    for figure, starts in (
        ("tn", [w.tn_start_h for w in windows]),
        ("tx", [w.tx_start_h for w in windows]),
        ("rr", [w.rr_start_h for w in windows]),
        ("rr", [0] * len(windows)),
    ):
        start_s = np.array(starts, dtype=np.int64)[reports.station] * _HOUR_S
        # A window is half open: a report at its start belongs to the day before.
        found = marks.on(marks.days_of(reports.seconds - start_s - 1), reports.has[figure] & sharp)
        behind |= found
        if figure == "rr":
            by_difference = days.rr.method == RAIN_METHODS.index("difference")
            behind[:, :, 1:] |= found[:, :, :-1] & by_difference[:, 1:]
            behind[:, :, :-1] |= found[:, :, 1:] & by_difference[:, :-1]
    behind &= inside.any(axis=0)
    return Origins(marks.named(behind))


class _Marks:
    """Arrays of raw object × station × day."""

    def __init__(self, reports: Reports, days: Days) -> None:
        self._reports = reports
        self._first_s = hours_since_1970(datetime.combine(days.stretch.first, time())) * _HOUR_S
        self._shape = (len(reports.names), len(days.stations), len(days.stretch.days))

    def days_of(self, seconds: NDArray[np.int64]) -> NDArray[np.int64]:
        """Places of the days, below 0 or too great for those outside the stretch."""
        return (seconds - self._first_s) // _DAY_S

    def on(self, days: NDArray[np.int64], which: Mask) -> Mask:
        which = which & (days >= 0) & (days < self._shape[2])
        marks = np.zeros(self._shape, dtype=bool)
        marks[self._reports.raw_object[which], self._reports.station[which], days[which]] = True
        return marks

    def named(self, marks: Mask) -> list[list[tuple[str, ...]]]:
        names: list[list[list[str]]] = [[[] for _ in range(marks.shape[2])] for _ in range(marks.shape[1])]
        for place, station, day in np.argwhere(marks).tolist():
            names[station][day].append(self._reports.names[place])
        return [[tuple(sorted(of_day)) for of_day in of] for of in names]
