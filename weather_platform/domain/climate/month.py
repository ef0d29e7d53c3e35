"""Computes the monthly sheets (`sheet`) of all stations.

Means are of unrounded daily values, to 2 decimals, halves away from zero; extremes are as reported.
"""

from collections.abc import Callable, Collection
from datetime import date

import msgspec
import numpy as np

from weather_platform.domain.climate import thresholds
from weather_platform.domain.climate.completeness import count_status, longest_gap, mean_status, total_status
from weather_platform.domain.climate.days import EXTREME_METHODS, RAIN_METHODS, Days, Extremes
from weather_platform.domain.climate.grid import Grid, Mask, Values
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
    WindRose,
)
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.climate.windows import windows_of
from weather_platform.domain.months import Month
from weather_platform.domain.statistics import Scale, mean_of_millionths

_MILLIONTHS = 10_000  # of a unit in a hundredth of it
_ESTIMATED_SHARE = 0.2


def monthly_climates(screened: Screened, days: Days) -> list[MonthlyClimate]:
    """The sheets of all stations of the grid that reported in the month; `days` are those of a whole month."""
    seen, roses = _seen(screened, days.stretch), wind_roses(screened, days.stretch)
    flagged = _flagged(days)
    return [
        _sheet(days, station, seen[station], roses[station], flagged[station])
        for station in np.flatnonzero(_reported(screened.grid, days.stretch)).tolist()
    ]


def _reported(grid: Grid, stretch: Stretch) -> Mask:
    """Stations with at least one value in the civil month."""
    first, end = grid.column(stretch.first), grid.column(stretch.end)
    reported: Mask = np.any([~np.isnan(values[:, first:end]).all(axis=1) for values in grid.values.values()], axis=0)
    return reported


def _sheet(days: Days, station: int, seen: SeenAtHours, rose: WindRose, flagged: dict[str, int]) -> MonthlyClimate:
    of = days.stations[station]
    row = _Row(days, station)
    return MonthlyClimate(
        station_id=of.station_id,
        month=str(Month.of(days.stretch.first)),
        day_rule=windows_of(of).rule(),
        days=len(days.stretch.days),
        tn=msgspec.convert({**row.temperature(days.tn), **row.counts("tn", days.tn.value[station])}, MonthTn),
        tx=msgspec.convert({**row.temperature(days.tx), **row.counts("tx", days.tx.value[station])}, MonthTx),
        tm=row.tm(),
        rr=row.rain(),
        fxi=row.gust(),
        pmer=row.pressure(),
        u=row.humidity(),
        snow=row.snow(),
        seen_at_hours=seen,
        decades=tuple(row.decade(first, last) for first, last in ((0, 10), (10, 20), (20, len(days.stretch.days)))),
        rose=rose,
        flagged=flagged,
    )


class _Row:
    """The days of one station."""

    def __init__(self, days: Days, station: int) -> None:
        self._days, self._station = days, station
        self._dates = days.stretch.days

    def temperature(self, extremes: Extremes) -> dict[str, object]:
        values, methods = extremes.value[self._station], extremes.method[self._station]
        there = ~np.isnan(values)
        method = {name: int(np.sum(methods == place)) for place, name in enumerate(EXTREME_METHODS[:-1])}
        return {
            "n": int(there.sum()),
            "missing": int((~there).sum()),
            "longest_gap": longest_gap(there.tolist()),
            "status": mean_status(there.tolist()),
            "days_status": count_status(there.tolist()),
            "method": method,
            "estimated": method["mixed"] + method["readings"] > _ESTIMATED_SHARE * int(there.sum()),
            "mean": mean(values),
            **self._extreme("min", values),
            **self._extreme("max", values),
            "suspect_days": self._on(extremes.suspect[self._station]),
        }

    def tm(self) -> MonthTm:
        doubled = self._days.tn.value[self._station] + self._days.tx.value[self._station]
        there = ~np.isnan(doubled)
        return MonthTm(
            n=int(there.sum()),
            missing=int((~there).sum()),
            longest_gap=longest_gap(there.tolist()),
            status=mean_status(there.tolist()),
            mean=mean(doubled, per=2),
            heating_18=total(np.maximum(0, 200 * thresholds.HEATING_BASE_C - doubled), per=2),
            growing_10=total(np.maximum(0, doubled - 200 * thresholds.GROWING_BASE_C), per=2),
            days_status=count_status(there.tolist()),
        )

    def rain(self) -> MonthRain:
        rains, station = self._days.rr, self._station
        values, methods = rains.value[station], rains.method[station]
        there = ~np.isnan(values)
        unknown_hours = int((24 - rains.known_hours[station][~there]).sum())
        fields = {
            "n": int(there.sum()),
            "missing": int((~there).sum()),
            "longest_gap": longest_gap(there.tolist()),
            "unknown_hours": unknown_hours,
            "status": total_status(there.tolist(), unknown_hours),
            "method": {n: int(np.sum(methods == RAIN_METHODS.index(n))) for n in ("rr24", "sum", "difference")},
            "total": total(values),
            "known_part": float(rains.known[station][~there].sum()) / 100,
            **self._extreme("max", values),
            "suspect_days": self._on(rains.suspect[station]),
            **self.counts("rr", values),
        }
        return msgspec.convert(fields, MonthRain)

    def gust(self) -> MonthGust:
        values = self._days.fxi[self._station]
        there = ~np.isnan(values)
        greatest = values == np.nanmax(values) if there.any() else there
        directions = np.nan_to_num(self._days.fxi_dd[self._station][greatest], nan=-1)
        fields = {
            "n": int(there.sum()),
            "missing": int((~there).sum()),
            "status": count_status(there.tolist()),
            **self._extreme("max", values),
            "max_direction": tuple(int(direction) for direction in directions),
            **self.counts("fxi", values),
        }
        return msgspec.convert(fields, MonthGust)

    def pressure(self) -> MonthPressure:
        values = self._days.pmer[self._station] / 100  # hundredths of hPa
        return msgspec.convert(
            {**self._presence(values), "mean": mean(values), **self._extreme("min", values)}, MonthPressure
        )

    def humidity(self) -> MonthHumidity:
        days, station = self._days, self._station
        fields = {
            **self._presence(days.u_mean[station]),
            "mean": mean(days.u_mean[station]),
            **self._extreme("min", days.u_min[station]),
            **self._extreme("max", days.u_max[station]),
            "vapour_pressure": mean(days.vapour_pressure[station] * 100),
        }
        return msgspec.convert(fields, MonthHumidity)

    def snow(self) -> MonthSnow:
        values = np.maximum(self._days.snow[self._station], 0)  # -1 and -2 are traces (BUFR 0 13 013)
        there = ~np.isnan(values)
        deepest = self._extreme("max", values * 100)
        if not np.any(values > 0):
            deepest["max_days"] = ()
        fields = {
            "n": int(there.sum()),
            "missing": int((~there).sum()),
            "status": count_status(there.tolist()),
            **deepest,
            **self.counts("snow", values * 100),
        }
        return msgspec.convert(fields, MonthSnow)

    def decade(self, first: int, last: int) -> Decade:
        tn, tx, rr = (of.value[self._station][first:last] for of in (self._days.tn, self._days.tx, self._days.rr))
        return Decade(
            first=self._dates[first],
            last=self._dates[last - 1],
            tn=mean(tn),
            tn_missing=int(np.isnan(tn).sum()),
            tx=mean(tx),
            tx_missing=int(np.isnan(tx).sum()),
            rr=total(rr),
            rr_missing=int(np.isnan(rr).sum()),
        )

    def counts(self, element: thresholds.Element, values: Values) -> dict[str, int]:
        """The counts of days of an element by name."""
        compare: dict[str, Callable[[Values, float], Mask]] = {"at_least": np.greater_equal, "at_most": np.less_equal}
        return {
            count.name: int(np.sum(compare[count.reached](values, count.value * 100)))
            for count in thresholds.DAY_COUNTS
            if count.element == element
        }

    def _presence(self, values: Values) -> dict[str, object]:
        there = (~np.isnan(values)).tolist()
        return {
            "n": sum(there),
            "missing": len(there) - sum(there),
            "longest_gap": longest_gap(there),
            "status": mean_status(there),
        }

    def _extreme(self, which: str, values: Values) -> dict[str, object]:
        """The extreme and all days that reached it."""
        extreme = _least(values) if which == "min" else _greatest(values)
        return {which: _to_hundredths(extreme), f"{which}_days": self._on(values == extreme)}

    def _on(self, mask: Mask) -> tuple[date, ...]:
        return tuple(self._dates[place] for place in np.flatnonzero(mask))


def mean(hundredths: Values, *, per: int = 1) -> float | None:
    """The mean of present values, in a unit `per` times as large, to 2 decimals, halves away from zero."""
    there = hundredths[~np.isnan(hundredths)]
    return (
        mean_of_millionths(round(float(there.sum()) * _MILLIONTHS), len(there), Scale(per=per)) if len(there) else None
    )


def total(hundredths: Values, *, per: int = 1) -> float | None:
    """The sum of present values, in a unit `per` times as large, to 2 decimals, halves away from zero."""
    there = hundredths[~np.isnan(hundredths)]
    return mean_of_millionths(round(float(there.sum()) * _MILLIONTHS), 1, Scale(per=per)) if len(there) else None


def _least(values: Values) -> float:
    return float(np.fmin.reduce(values))


def _greatest(values: Values) -> float:
    return float(np.fmax.reduce(values))


def _to_hundredths(value: float) -> float | None:
    return None if np.isnan(value) else mean_of_millionths(round(value * _MILLIONTHS), 1)


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
