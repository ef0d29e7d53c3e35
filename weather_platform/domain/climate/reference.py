"""References: a station's own statistics over the loaded years, and anomalies against them.

A reference needs 24 complete years (80 % of 30, WMO-No. 1203): those of 1991-2020 where there are 24, else all that
are loaded. From 10 to 23 years make an average, named so; fewer than 10 give no average, no anomaly and no rank.
Percentiles interpolate linearly between the ordered values (Hyndman and Fan, type 7).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.climate.figures import FIGURES
from weather_platform.domain.climate.grid import Mask, Values
from weather_platform.domain.climate.years import COMPLETE, MONTHS, PERIODS, Years

REFERENCE_YEARS = 24
AVERAGE_YEARS = 10
NORMAL_PERIOD = (1991, 2020)
RATIO_FROM_MM = 5.0
"""Least usual rain for which a percentage is given."""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """The reference of a figure at a station in a period."""

    station_id: str
    period: str
    """``01`` to ``12``, ``DJF`` …, ``year``."""
    figure: str
    kind: Literal["reference", "average"]
    n: int
    first_year: int
    last_year: int
    mean: float
    median: float
    p10: float
    p90: float
    lowest: float
    lowest_years: tuple[int, ...]
    highest: float
    highest_years: tuple[int, ...]


class StationReferences(msgspec.Struct, frozen=True, kw_only=True):
    """Every reference and average of a station, as they are stored."""

    station_id: str
    made_of: str
    """Revision of the monthly sheets that they were made of."""
    references: tuple[Reference, ...]


class TooFewYears(msgspec.Struct, frozen=True, kw_only=True):
    """The reason for a missing comparison: too few complete years."""

    n: int
    needed: int = AVERAGE_YEARS

    def __str__(self) -> str:
        return f"too few years for a comparison ({self.n} of {self.needed})"


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """A value compared with its reference."""

    difference: float
    ratio_percent: float | None
    """Of a total of rain; None where the usual is below `RATIO_FROM_MM`, and for all else."""
    lower_bound: bool = False
    """True for a total of rain that lacks little: it is this at least."""


def references(years: Years) -> Iterator[Reference]:
    """Every reference and average there is, by station, period and figure."""
    by_figure = {name: _statistics(years, name) for name in FIGURES}
    for row, station in enumerate(years.stations):
        for place, period in enumerate(PERIODS):
            for figure, found in by_figure.items():
                if found.n[row, place] >= AVERAGE_YEARS:
                    yield _reference(years, found, station, row, place, period, figure)


def miscounted(references: Iterable[Reference], complete: Mapping[tuple[str, str], Collection[int]]) -> list[str]:
    """Monthly references whose number of years is not that of the complete months between their first and last.

    `complete` has the years with a complete figure by calendar month and figure, counted in the sheets.
    """
    return [
        f"{each.station_id} {each.period} {each.figure}: {each.n} years, {found} in the sheets"
        for each in references
        if each.period in MONTHS
        for found in (
            sum(each.first_year <= year <= each.last_year for year in complete.get((each.period, each.figure), ())),
        )
        if found != each.n
    ]


def usual(years: Years, station: str, figure: str) -> dict[str, Reference | TooFewYears]:
    """The references of a figure at a station by period, or how many years there are."""
    if station not in years.stations:
        return dict.fromkeys(PERIODS, TooFewYears(n=0))
    found = _statistics(years, figure, years.stations.index(station))
    counts = enumerate(zip(PERIODS, found.n[0].tolist(), strict=True))
    return {
        period: TooFewYears(n=n) if n < AVERAGE_YEARS else _reference(years, found, station, 0, place, period, figure)
        for place, (period, n) in counts
    }


def anomaly(value: float, status: str, of: Reference) -> Anomaly | None:
    """Of a value that is complete (rain also nearly so); None for any other."""
    rain = of.figure == "rr.total"
    if status != "complete" and not (rain and status == "nearly"):
        return None
    ratio = 100 * value / of.mean if rain and of.mean >= RATIO_FROM_MM else None
    return Anomaly(
        difference=round(value - of.mean, 2),
        ratio_percent=None if ratio is None else round(ratio, 1),
        lower_bound=status == "nearly",
    )


class _Statistics(msgspec.Struct, frozen=True):
    """Arrays of station × period."""

    counted: Mask
    """Of station × year × period."""
    values: Values
    n: NDArray[np.int64]
    mean: Values
    median: Values
    p10: Values
    p90: Values
    lowest: Values
    highest: Values


def _statistics(years: Years, figure: str, row: int | None = None) -> _Statistics:
    rows = slice(None) if row is None else slice(row, row + 1)
    values = years.values[figure][rows]
    counted = (years.statuses[figure][rows] == COMPLETE) & ~np.isnan(values)
    year = np.array(years.years)[None, :, None]
    normal = counted & (year >= NORMAL_PERIOD[0]) & (year <= NORMAL_PERIOD[1])
    counted = np.where((normal.sum(axis=1) >= REFERENCE_YEARS)[:, None, :], normal, counted)
    ordered = np.sort(np.where(counted, values, np.nan), axis=1)
    n = counted.sum(axis=1)
    return _Statistics(
        counted=counted,
        values=values,
        n=n,
        mean=np.where(counted, values, 0).sum(axis=1) / np.maximum(n, 1),
        median=_quantile(ordered, n, 0.5),
        p10=_quantile(ordered, n, 0.1),
        p90=_quantile(ordered, n, 0.9),
        lowest=_quantile(ordered, n, 0.0),
        highest=_quantile(ordered, n, 1.0),
    )


def _quantile(ordered: Values, n: NDArray[np.int64], share: float) -> Values:
    """Of the first n values of each, in order."""
    place = share * np.maximum(n - 1, 0)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, np.maximum(n - 1, 0))
    below = np.take_along_axis(ordered, low[:, None, :], axis=1)[:, 0, :]
    above = np.take_along_axis(ordered, high[:, None, :], axis=1)[:, 0, :]
    quantile: Values = below + (place - low) * (above - below)
    return quantile


def _reference(
    years: Years, found: _Statistics, station: str, row: int, place: int, period: str, figure: str
) -> Reference:
    counted, values = found.counted[row, :, place], found.values[row, :, place]
    in_it = np.flatnonzero(counted)
    n = int(found.n[row, place])

    def reached(extreme: float) -> tuple[int, ...]:
        return tuple(years.first_year + int(i) for i in in_it if values[i] == extreme)

    lowest, highest = float(found.lowest[row, place]), float(found.highest[row, place])
    return Reference(
        station_id=station,
        period=period,
        figure=figure,
        kind="reference" if n >= REFERENCE_YEARS else "average",
        n=n,
        first_year=years.first_year + int(in_it[0]),
        last_year=years.first_year + int(in_it[-1]),
        mean=round(float(found.mean[row, place]), 2),
        median=round(float(found.median[row, place]), 2),
        p10=round(float(found.p10[row, place]), 2),
        p90=round(float(found.p90[row, place]), 2),
        lowest=lowest,
        lowest_years=reached(lowest),
        highest=highest,
        highest_years=reached(highest),
    )
