"""What days of other years were like: the band behind a chart."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dash_app.periods import Period, years_before
from weather_platform.domain.climate.reference import AVERAGE_YEARS

_AROUND = 7
"""Days before and after that count too: 15 days of ten years are steady where ten days are not."""
_LOW, _MIDDLE, _HIGH = 0.1, 0.5, 0.9
_MOST_MISSING = 0.03
"""Of a running total: one day of a month, eleven of a year. A total that lacks more is too low."""
_LEAST_KNOWN = 0.8


class Usual(NamedTuple):
    """The 10th, 50th and 90th percentile by day of a period, in the documents' units."""

    low: NDArray[np.float64]
    middle: NDArray[np.float64]
    high: NDArray[np.float64]
    years: int
    first_year: int
    last_year: int


def usual_days(history: pd.DataFrame, column: str, period: Period) -> Usual | None:
    """Of a day's figure, over the same days of other years and those around them; None under ten years."""
    found = _other_years(history, column, period, around=_AROUND)
    years = {year: row for year, row in found.items() if np.mean(~np.isnan(row)) >= _LEAST_KNOWN}
    if len(years) < AVERAGE_YEARS:
        return None
    table = np.stack(list(years.values()))
    around = np.lib.stride_tricks.sliding_window_view(table, 2 * _AROUND + 1, axis=1)
    pooled = around.transpose(1, 0, 2).reshape(around.shape[1], -1)
    return _percentiles(pooled, list(years))


def usual_totals(history: pd.DataFrame, column: str, period: Period) -> Usual | None:
    """Of the total since the period's first day, over the same days of other years; None under ten whole ones."""
    found = _other_years(history, column, period)
    years = {year: row for year, row in found.items() if np.mean(np.isnan(row)) <= _MOST_MISSING}
    if len(years) < AVERAGE_YEARS:
        return None
    table = np.nancumsum(np.stack(list(years.values())), axis=1)
    return _percentiles(table.T, list(years))


def _other_years(
    history: pd.DataFrame, column: str, period: Period, *, around: int = 0
) -> dict[int, NDArray[np.float64]]:
    """By year, a value per day of the period, and of the days around it."""
    days = history.drop_duplicates("date").set_index("date")[column]
    length = (period[1] - period[0]).days + 1 + 2 * around
    found = {}
    for year in sorted(set(pd.DatetimeIndex(days.index).year)):
        if year != period[0].year and year != period[1].year:
            start = pd.Timestamp(years_before(period, period[0].year - int(year))[0]) - pd.Timedelta(days=around)
            same = days.reindex(pd.date_range(start, periods=length, freq="D"))
            if same.notna().any():
                found[int(year)] = same.to_numpy(dtype=np.float64)
    return found


def _percentiles(by_day: NDArray[np.float64], years: list[int]) -> Usual:
    found = np.full((3, len(by_day)), np.nan)
    known = ~np.isnan(by_day).all(axis=1)
    found[:, known] = np.nanquantile(by_day[known], [_LOW, _MIDDLE, _HIGH], axis=1)
    low, middle, high = found
    return Usual(low, middle, high, len(years), years[0], years[-1])
