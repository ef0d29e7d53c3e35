"""Small months made by hand: what a station reported, as a person writes it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np

from weather_platform.domain.climate.columns import GRID_FIELDS, RAINS, TEMPERATURES
from weather_platform.domain.climate.days import EXTREME_METHODS, Days, Extremes, Rains, days_of, plain
from weather_platform.domain.climate.grid import Grid, Rows, grid_of
from weather_platform.domain.climate.overrides import Override
from weather_platform.domain.climate.rain import RAIN_METHODS
from weather_platform.domain.climate.screening import Screened, screen_month
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.climate.windows import windows_of
from weather_platform.domain.months import Month
from weather_platform.domain.stations import STATIONS

Reports = Mapping[str, Mapping[str, float]]
"""Fields by time, ``05 06`` for the 5th of the month at 06 UTC; temperatures in °C, a trace as -0.1 mm."""
MARCH = Month(2023, 3)


class Temperature(NamedTuple):
    """Tn or Tx of a day, °C."""

    value: float | None
    method: str
    window: str
    suspect: bool


class Rain(NamedTuple):
    """Rain of a day, mm."""

    value: float | None
    method: str
    known: float | None
    known_hours: int
    trace: bool
    suspect: bool


class ClimateDay(NamedTuple):
    """The climatological day of a station."""

    day: date
    tn: Temperature
    tx: Temperature
    rr: Rain
    civil_rr: Rain
    erroneous: int
    suspect: int


def made_grid(reports: Reports, station: str = "07690", month: Month = MARCH) -> Grid:
    """The grid of one station's reports."""
    placed = [(time.split(), fields) for time, fields in reports.items()]
    days = {(month.first_day + timedelta(days=int(day) - 1), int(hour)): fields for (day, hour), fields in placed}
    return dated_grid(days, month, station)


def dated_grid(reports: Mapping[tuple[date, int], Mapping[str, float]], month: Month, station: str = "07690") -> Grid:
    """As `made_grid`, by day and hour; of any months."""
    rows = [_row(day, hour, fields) for (day, hour), fields in reports.items()]
    columns = {name: np.array([row.get(name, np.nan) for row in rows], dtype=float) for name in GRID_FIELDS}
    seconds = np.array([row["seconds"] for row in rows], dtype=np.int64)
    return grid_of(Stretch.of(month), [STATIONS[station]], Rows(np.zeros_like(seconds), seconds, columns))


def made_screened(
    reports: Reports, station: str = "07690", month: Month = MARCH, overrides: Iterable[Override] = ()
) -> Screened:
    return screen_month(made_grid(reports, station, month), month, overrides)


def made_day(reports: Reports, day: int = 5, station: str = "07690") -> ClimateDay:
    """A climatological day of March 2023."""
    return climate_days(days_of(made_screened(reports, station), Stretch.of(MARCH)), 0)[day - 1]


def climate_days(days: Days, station: int) -> list[ClimateDay]:
    """The days of one station (its place in the grid), in order."""
    rule = windows_of(days.stations[station]).rule()

    def temperature(of: Extremes, place: int, window: str) -> Temperature:
        at = station, place
        return Temperature(plain(of.value[at]), EXTREME_METHODS[of.method[at]], window, bool(of.suspect[at]))

    def rain(of: Rains, place: int) -> Rain:
        at = station, place
        found = (plain(of.value[at]), RAIN_METHODS[of.method[at]], plain(of.known[at]), int(of.known_hours[at]))
        return Rain(*found, bool(of.trace[at]), bool(of.suspect[at]))

    return [
        ClimateDay(
            day,
            temperature(days.tn, place, rule.tn),
            temperature(days.tx, place, rule.tx),
            rain(days.rr, place),
            rain(days.civil_rr, place),
            int(days.erroneous[station, place]),
            int(days.suspect[station, place]),
        )
        for place, day in enumerate(days.stretch.days)
    ]


def flagged(screened: Screened, month: Month = MARCH) -> list[tuple[str, str, str, str]]:
    """Time, field, rule and verdict of each flag."""
    return [(f"{flag.time:%d %H}", flag.field, flag.rule, flag.verdict) for flag in screened.flags(Stretch.of(month))]


def _row(day: date, hour: int, fields: Mapping[str, float]) -> dict[str, float]:
    row = {name: value + 273.15 if name in TEMPERATURES else max(value, 0) for name, value in fields.items()}
    row["rr_trace"] = sum(1 << bit for bit, name in enumerate(RAINS) if fields.get(name) == -0.1)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    return {**row, "seconds": midnight + hour * 3600}
