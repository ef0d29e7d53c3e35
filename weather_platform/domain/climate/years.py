"""Figures of stations by year and period, as arrays: the input of seasons, years, references and ranks.

A period is one of twelve months, four seasons or the year. Winter is December to February, named by the year of its
January. A season's or year's mean is the mean of its months', a total the sum; it is as complete as the least
complete of them, and a mean with a month that is not complete has no value.
"""

import math
from array import array
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.climate.figures import FIGURES, Figure, FigureValue, Sheet
from weather_platform.domain.climate.grid import Values
from weather_platform.domain.climate.sheet import Status
from weather_platform.domain.months import Month

MONTHS: Final = tuple(f"{number:02d}" for number in range(1, 13))
SEASONS: Final = {"DJF": (-1, 0, 1), "MAM": (2, 3, 4), "JJA": (5, 6, 7), "SON": (8, 9, 10)}
"""Places of the months; -1 is December of the year before."""
YEAR: Final = "year"
PERIODS: Final = (*MONTHS, *SEASONS, YEAR)
STATUSES: tuple[Status, ...] = ("missing", "incomplete", "nearly", "complete")
"""In rising order of completeness."""
COMPLETE: Final = STATUSES.index("complete")
NEARLY: Final = STATUSES.index("nearly")
_PLACES = {status: place for place, status in enumerate(STATUSES)}
_FIGURES = attrgetter(*FIGURES)
_STATUSES = attrgetter(*(f"{figure.element}.{figure.status}" for figure in FIGURES.values()))
Scalar = TypeVar("Scalar", bound=np.generic)


class Years:
    """Values and statuses by figure, arrays of station × year × period."""

    def __init__(self, stations: Sequence[str], first_year: int, years: int) -> None:
        shape = (len(stations), years, len(PERIODS))
        self.stations = tuple(stations)
        self.first_year = first_year
        self.values: dict[str, Values] = {name: np.full(shape, np.nan) for name in FIGURES}
        self.statuses: dict[str, NDArray[np.int8]] = {name: np.zeros(shape, dtype=np.int8) for name in FIGURES}

    @property
    def years(self) -> range:
        return range(self.first_year, self.first_year + self.values["tn.mean"].shape[1])

    def at(self, figure: str, station: str, year: int, period: str) -> FigureValue:
        """One figure; missing for an unknown station, year or period."""
        if station not in self.stations or year not in self.years:
            return FigureValue(None, "missing")
        place = self.stations.index(station), year - self.first_year, PERIODS.index(period)
        value = float(self.values[figure][place])
        return FigureValue(None if np.isnan(value) else value, STATUSES[self.statuses[figure][place]])


class FigureRows(NamedTuple):
    """The figures of some monthly sheets: a tenth of their memory."""

    places: list[tuple[str, Month]]
    """Station and month of each row."""
    values: Values
    """Row × figure."""
    statuses: NDArray[np.int8]


def figure_rows(sheets: Iterable[Sheet]) -> FigureRows:
    """The figures of sheets, in their order."""
    places: list[tuple[str, Month]] = []
    values, statuses = array("d"), array("b")
    for sheet in sheets:
        places.append((sheet.station_id, Month.parse(sheet.month)))
        values.extend(math.nan if value is None else value for value in _FIGURES(sheet))
        statuses.extend(map(_PLACES.__getitem__, _STATUSES(sheet)))
    shape = (-1, len(FIGURES))
    return FigureRows(places, np.array(values).reshape(shape), np.array(statuses, dtype=np.int8).reshape(shape))


def years_of(sheets: Iterable[Sheet]) -> Years:
    """The figures of monthly sheets, each taken once, and the seasons and years that follow from them."""
    return joined([figure_rows(sheets)])


def joined(rows: Sequence[FigureRows]) -> Years:
    """As `years_of`, of the figures of sheets."""
    places = [place for each in rows for place in each.places]
    stations = sorted({station for station, _ in places})
    # December of a year is the first month of the next year's winter.
    first = min((month.year for _, month in places), default=0)
    last = max((month.year + (month.number == 12) for _, month in places), default=-1)
    out = Years(stations, first, last - first + 1)
    row = {station: index for index, station in enumerate(stations)}
    at = (
        np.array([row[station] for station, _ in places], dtype=np.int64),
        np.array([month.year - first for _, month in places], dtype=np.int64),
        np.array([month.number - 1 for _, month in places], dtype=np.int64),
    )
    by_figure = np.concatenate([each.values for each in rows]) if rows else np.empty((0, len(FIGURES)))
    status_by_figure = (
        np.concatenate([each.statuses for each in rows]) if rows else np.empty((0, len(FIGURES)), dtype=np.int8)
    )
    for place, figure in enumerate(FIGURES.values()):
        status = status_by_figure[:, place]
        out.values[figure.name][at] = np.where(status > 0, by_figure[:, place], np.nan)
        out.statuses[figure.name][at] = status
        _derive(out, figure)
    return out


def _derive(out: Years, figure: Figure) -> None:
    values, statuses = out.values[figure.name], out.statuses[figure.name]
    for period, months in (*SEASONS.items(), (YEAR, tuple(range(12)))):
        of = np.stack([_month(values, month, np.nan) for month in months])
        status = np.stack([_month(statuses, month, 0) for month in months])
        least = status.min(axis=0)
        # Some of the months are there: incomplete, not missing.
        least = np.where((least == 0) & (status.max(axis=0) > 0), STATUSES.index("incomplete"), least)
        place = PERIODS.index(period)
        statuses[:, :, place] = least
        values[:, :, place] = np.where(least > 0, _together(figure, of, least), np.nan)


def _month(values: NDArray[Scalar], month: int, nothing: float) -> NDArray[Scalar]:
    """A month of every year; -1 is December of the year before."""
    if month >= 0:
        of: NDArray[Scalar] = values[:, :, month]
        return of
    before = np.full(values.shape[:2], nothing, dtype=values.dtype)
    before[:, 1:] = values[:, :-1, 11]
    return before


def _together(figure: Figure, months: Values, status: NDArray[np.int8]) -> Values:
    if figure.kind == "mean":
        total, count = np.rint(months * 100).sum(axis=0), len(months)
        mean = np.sign(total) * np.floor((2 * np.abs(total) + count) / (2 * count)) / 100
        return np.where(status == COMPLETE, mean, np.nan)
    if figure.kind == "total":
        return np.where(np.isnan(months).all(axis=0), np.nan, np.round(np.nansum(months, axis=0), 2))
    together: Values = (np.fmin if figure.kind == "low" else np.fmax).reduce(months, axis=0)
    return together
