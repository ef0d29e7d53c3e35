"""Computes the monthly sheets (`sheet`) of all stations.

Means are of unrounded daily values, to 2 decimals, halves away from zero; extremes are as reported.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.climate import thresholds
from weather_platform.domain.climate.completeness import count_status, longest_gaps, mean_status, total_status
from weather_platform.domain.climate.days import EXTREME_METHODS, Days, Extremes
from weather_platform.domain.climate.grid import Grid, Mask, Values
from weather_platform.domain.climate.rain import RAIN_METHODS
from weather_platform.domain.climate.rose import wind_roses
from weather_platform.domain.climate.screening import Screened
from weather_platform.domain.climate.sheet import (
    Decade,
    MonthGust,
    MonthHumidity,
    MonthlyClimate,
    MonthPressure,
    MonthRain,
    MonthSnow,
    MonthTm,
    MonthTn,
    MonthTx,
    SeenAtHours,
    Status,
)
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.climate.windows import windows_of
from weather_platform.domain.months import Month
from weather_platform.domain.rounding import mean_of_millionths
from weather_platform.domain.statistics import Scale

_MILLIONTHS = 10_000  # of a unit in a hundredth of it
_ESTIMATED_SHARE = 0.2


def monthly_climates(screened: Screened, days: Days) -> list[MonthlyClimate]:
    """The sheets of all stations of the grid that reported in the month; `days` are those of a whole month."""
    stretch, stations = days.stretch, days.stations
    decades = ((0, 10), (10, 20), (20, len(stretch.days)))
    sheets = _structs(
        MonthlyClimate,
        station_id=[station.station_id for station in stations],
        month=[str(Month.of(stretch.first))] * len(stations),
        day_rule=[windows_of(station).rule() for station in stations],
        days=[len(stretch.days)] * len(stations),
        tn=_structs(MonthTn, **_temperature(days, days.tn), **_counts("tn", days.tn.value)),
        tx=_structs(MonthTx, **_temperature(days, days.tx), **_counts("tx", days.tx.value)),
        tm=_tm(days),
        rr=_rain(days),
        fxi=_gust(days),
        pmer=_pressure(days),
        u=_humidity(days),
        snow=_snow(days),
        seen_at_hours=_seen(screened, stretch),
        decades=list(zip(*(_decade(days, *part) for part in decades), strict=True)),
        rose=wind_roses(screened, stretch),
        flagged=_flagged(days),
    )
    return [sheets[place] for place in np.flatnonzero(_reported(screened.grid, stretch)).tolist()]


_Column = Sequence[Any]
"""A value of each station."""
_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def _structs(kind: type[_Struct], **columns: _Column) -> list[_Struct]:
    """A struct of each station."""
    return [kind(**dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _reported(grid: Grid, stretch: Stretch) -> Mask:
    """Stations with at least one value in the civil month."""
    first, end = grid.column(stretch.first), grid.column(stretch.end)
    reported: Mask = np.any([~np.isnan(values[:, first:end]).all(axis=1) for values in grid.values.values()], axis=0)
    return reported


def _temperature(days: Days, extremes: Extremes) -> dict[str, _Column]:
    values = extremes.value
    there = ~np.isnan(values)
    methods = _by_method(extremes.method, EXTREME_METHODS, EXTREME_METHODS[:-1])
    n = there.sum(axis=1).tolist()
    return {
        **_presence(there, mean_status(there)),
        "days_status": count_status(there),
        "method": methods,
        "estimated": [
            of["mixed"] + of["readings"] > _ESTIMATED_SHARE * count for of, count in zip(methods, n, strict=True)
        ],
        "mean": mean(values),
        **_extreme(days, "min", values),
        **_extreme(days, "max", values),
        "suspect_days": _on(days, extremes.suspect),
    }


def _tm(days: Days) -> list[MonthTm]:
    doubled = days.tn.value + days.tx.value
    there = ~np.isnan(doubled)
    return _structs(
        MonthTm,
        **_presence(there, mean_status(there)),
        mean=mean(doubled, per=2),
        heating_18=total(np.maximum(0, 200 * thresholds.HEATING_BASE_C - doubled), per=2),
        growing_10=total(np.maximum(0, doubled - 200 * thresholds.GROWING_BASE_C), per=2),
        days_status=count_status(there),
    )


def _rain(days: Days) -> list[MonthRain]:
    rains = days.rr
    missing = np.isnan(rains.value)
    unknown_hours = ((24 - rains.known_hours) * missing).sum(axis=1)
    return _structs(
        MonthRain,
        **_presence(~missing, total_status(~missing, unknown_hours)),
        unknown_hours=unknown_hours.tolist(),
        method=_by_method(rains.method, RAIN_METHODS, ("rr24", "sum", "difference")),
        total=total(rains.value),
        known_part=((rains.known * missing).sum(axis=1) / 100).tolist(),
        **_extreme(days, "max", rains.value),
        suspect_days=_on(days, rains.suspect),
        **_counts("rr", rains.value),
    )


def _gust(days: Days) -> list[MonthGust]:
    values = days.fxi
    directions = np.nan_to_num(days.fxi_dd, nan=-1).astype(np.int64)
    greatest = values == _greatest(values)[:, None]
    there = ~np.isnan(values)
    return _structs(
        MonthGust,
        **_present_days(there, count_status(there)),
        **_extreme(days, "max", values),
        max_direction=[tuple(of[on].tolist()) for of, on in zip(directions, greatest, strict=True)],
        **_counts("fxi", values),
    )


def _pressure(days: Days) -> list[MonthPressure]:
    values = days.pmer / 100  # hundredths of hPa
    there = ~np.isnan(values)
    present = _presence(there, mean_status(there))
    return _structs(MonthPressure, **present, mean=mean(values), **_extreme(days, "min", values))


def _humidity(days: Days) -> list[MonthHumidity]:
    there = ~np.isnan(days.u_mean)
    return _structs(
        MonthHumidity,
        **_presence(there, mean_status(there)),
        mean=mean(days.u_mean),
        **_extreme(days, "min", days.u_min),
        **_extreme(days, "max", days.u_max),
        vapour_pressure=mean(days.vapour_pressure * 100),
    )


def _snow(days: Days) -> list[MonthSnow]:
    values = np.maximum(days.snow, 0) * 100  # -1 and -2 are traces (BUFR 0 13 013)
    is_deepest = (values == _greatest(values)[:, None]) & (values > 0)
    deepest = {**_extreme(days, "max", values), "max_days": _on(days, is_deepest)}
    there = ~np.isnan(values)
    return _structs(MonthSnow, **_present_days(there, count_status(there)), **deepest, **_counts("snow", values))


def _decade(days: Days, first: int, last: int) -> list[Decade]:
    tn, tx, rr = (of.value[:, first:last] for of in (days.tn, days.tx, days.rr))
    dates = days.stretch.days
    return _structs(
        Decade,
        first=[dates[first]] * len(tn),
        last=[dates[last - 1]] * len(tn),
        tn=mean(tn),
        tn_missing=np.isnan(tn).sum(axis=1).tolist(),
        tx=mean(tx),
        tx_missing=np.isnan(tx).sum(axis=1).tolist(),
        rr=total(rr),
        rr_missing=np.isnan(rr).sum(axis=1).tolist(),
    )


def _counts(element: thresholds.Element, values: Values) -> dict[str, _Column]:
    """The counts of days of an element by name."""
    compare: dict[str, Callable[[Values, float], Mask]] = {"at_least": np.greater_equal, "at_most": np.less_equal}
    return {
        count.name: compare[count.reached](values, count.value * 100).sum(axis=1).tolist()
        for count in thresholds.DAY_COUNTS
        if count.element == element
    }


def _by_method(methods: NDArray[np.int64], of: Sequence[str], wanted: Sequence[str]) -> list[dict[str, int]]:
    """The number of days by method."""
    counts = [(methods == of.index(name)).sum(axis=1).tolist() for name in wanted]
    return [dict(zip(wanted, row, strict=True)) for row in zip(*counts, strict=True)]


def _presence(there: Mask, status: list[Status]) -> dict[str, _Column]:
    return {**_present_days(there, status), "longest_gap": longest_gaps(there).tolist()}


def _present_days(there: Mask, status: list[Status]) -> dict[str, _Column]:
    return {"n": there.sum(axis=1).tolist(), "missing": (~there).sum(axis=1).tolist(), "status": status}


def _extreme(days: Days, which: str, values: Values) -> dict[str, _Column]:
    """The extreme and all days that reached it."""
    extreme = np.fmin.reduce(values, axis=1) if which == "min" else _greatest(values)
    return {which: _rounded(extreme, np.ones(len(extreme))), f"{which}_days": _on(days, values == extreme[:, None])}


def _greatest(values: Values) -> Values:
    greatest: Values = np.fmax.reduce(values, axis=1)
    return greatest


def _on(days: Days, mask: Mask) -> list[tuple[date, ...]]:
    """The days of each station on which the mask is true."""
    dates = days.stretch.days
    return [tuple(dates[place] for place in np.flatnonzero(row).tolist()) if row.any() else () for row in mask]


def mean(hundredths: Values, *, per: int = 1) -> list[float | None]:
    """The means of present values, in a unit `per` times as large, to 2 decimals, halves away from zero."""
    return _rounded(np.nansum(hundredths, axis=1), (~np.isnan(hundredths)).sum(axis=1), per)


def total(hundredths: Values, *, per: int = 1) -> list[float | None]:
    """The sums of present values, in a unit `per` times as large, to 2 decimals, halves away from zero."""
    return _rounded(np.nansum(hundredths, axis=1), np.isfinite(hundredths).any(axis=1), per)


def _rounded(hundredths: Values, readings: Any, per: int = 1) -> list[float | None]:
    """Sums over readings, in a unit; None without readings."""
    rounded = mean_of_millionths(np.rint(hundredths * _MILLIONTHS), readings, Scale(per=per)).tolist()
    return [None if value != value else value for value in rounded]  # noqa: PLR0124  # NaN


def _flagged(days: Days) -> list[dict[str, int]]:
    """The flagged values of the month by verdict, by station."""
    counts = zip(days.erroneous.sum(axis=1).tolist(), days.suspect.sum(axis=1).tolist(), strict=True)
    return [{"erroneous": erroneous, "suspect": suspect} for erroneous, suspect in counts]


def _seen(screened: Screened, stretch: Stretch) -> list[SeenAtHours]:
    """Days of (00 UTC, 24 UTC] by phenomenon, by station."""
    grid = screened.grid
    hours = slice(grid.column(stretch.first) + 1, grid.column(stretch.end) + 1)
    ww, vv = screened.sound("ww")[:, hours], screened.sound("vv")[:, hours]

    def days_with(mask: Mask) -> list[int]:
        found: list[int] = mask.reshape(len(mask), -1, 24).any(axis=2).sum(axis=1).tolist()
        return found

    def coded(codes: Collection[int]) -> Mask:
        mask: Mask = np.isin(ww, list(codes))
        return mask

    fog = coded(thresholds.FOG_CODES) | (vv < thresholds.FOG_M * 100)
    counts = zip(
        days_with(~np.isnan(ww) | ~np.isnan(vv)),
        days_with(fog),
        days_with(coded(thresholds.THUNDER_CODES)),
        days_with(coded(thresholds.SNOW_CODES)),
        days_with(coded(thresholds.HAIL_CODES)),
        strict=True,
    )
    return [SeenAtHours(n=n, fog=f, thunder=t, snow=s, hail=h) for n, f, t, s, h in counts]
