"""Climatological days: Tn, Tx and rain in their own windows, the other figures of the civil UTC day.

All stations and days at once, as arrays of station × day in hundredths (°C, mm, m/s, hPa is Pa, %). Erroneous values
are left out; a figure that rests on a suspect value is marked.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.climate.columns import RAINS
from weather_platform.domain.climate.grid import Mask, Values
from weather_platform.domain.climate.rain import AROUND, RAIN_METHODS, rain_of_days
from weather_platform.domain.climate.screening import Screened
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.climate.windows import windows_of
from weather_platform.domain.stations import Station

ExtremeMethod = Literal["extremes", "mixed", "readings", "missing"]

_SLOTS = 8
Scalar = TypeVar("Scalar", bound=np.generic)
_BLIND_SLOTS = 1
"""One blind slot of readings costs 0.1 K of bias; two may cost degrees."""
EXTREME_METHODS: tuple[ExtremeMethod, ...] = ("extremes", "mixed", "readings", "missing")
_MISSING = 3
_DAYS_AT_ONCE = 1_000
"""Without a total of 24 h; 3 MB."""


class Extremes(NamedTuple):
    """Tn or Tx, hundredths of °C."""

    value: Values
    method: NDArray[np.int64]
    """Indices in `EXTREME_METHODS`."""
    suspect: Mask


class Rains(NamedTuple):
    """RR, hundredths of mm."""

    value: Values
    method: NDArray[np.int64]
    """Places in `RAIN_METHODS`."""
    suspect: Mask
    known: Values
    known_hours: NDArray[np.int64]
    trace: Mask


class Days(NamedTuple):
    """Days of stations, arrays of station × day; NaN means missing."""

    stretch: Stretch
    stations: tuple[Station, ...]
    tn: Extremes
    tx: Extremes
    rr: Rains
    civil_rr: Rains
    """Of (00 UTC, 24 UTC]: the eight totals of 3 h, else by the same rule."""
    fxi: Values
    """The greatest gust reported in (00 UTC, 24 UTC], hundredths of m/s: a lower bound, since `rafper` does not
    reach back to the report before."""
    fxi_dd: Values
    """Wind direction at the greatest gust (the first, where equal), degrees."""
    pmer: Values
    """Mean of the readings at the synoptic hours of (00 UTC, 24 UTC], hundredths of Pa; at most one absent."""
    u_mean: Values
    u_min: Values
    u_max: Values
    vapour_pressure: Values
    """As `pmer`, hPa (not hundredths)."""
    snow: Values
    """Greatest depth in (00 UTC, 24 UTC], cm."""
    erroneous: NDArray[np.int64]
    """How many values of the civil UTC day, [00 UTC, 24 UTC), are erroneous."""
    suspect: NDArray[np.int64]


def days_of(screened: Screened, stretch: Stretch) -> Days:
    """Every day of the stretch at every station of the grid."""
    windows = [windows_of(station) for station in screened.grid.stations]
    tn_start, tx_start, rr_start, midnight = (
        _starts(screened, stretch, hours)
        for hours in (
            [w.tn_start_h for w in windows],
            [w.tx_start_h for w in windows],
            [w.rr_start_h for w in windows],
            [0] * len(windows),
        )
    )
    gust = np.fmax(screened.sound("raf10"), screened.sound("rafper"))
    fxi = _extreme(gust, midnight, np.fmax)
    u = screened.sound("u")
    return Days(
        stretch=stretch,
        stations=screened.grid.stations,
        tn=_extremes(screened, tn_start, "tn", 1),
        tx=_extremes(screened, tx_start, "tx", -1),
        rr=_rains(screened, rr_start),
        civil_rr=_civil_rains(screened, midnight),
        fxi=fxi,
        fxi_dd=_at_the_extreme(screened.sound("dd"), gust, fxi, midnight),
        pmer=_mean_of_day(screened.sound("pmer"), midnight),
        u_mean=_mean_of_day(u, midnight),
        u_min=_extreme(u, midnight, np.fmin),
        u_max=_extreme(u, midnight, np.fmax),
        vapour_pressure=_mean_of_day(_vapour_pressure_hpa(screened.sound("td")), midnight),
        snow=_extreme(screened.sound("ht_neige"), midnight, np.fmax),
        erroneous=_flagged(screened, stretch, "erroneous"),
        suspect=_flagged(screened, stretch, "suspect"),
    )


def plain(hundredths: float | np.float64) -> float | None:
    """Hundredths in their unit; None for NaN."""
    return None if np.isnan(hundredths) else float(hundredths) / 100


def _starts(screened: Screened, stretch: Stretch, hours: Sequence[int]) -> NDArray[np.int64]:
    """The first column of each day of each station."""
    first = screened.grid.column(stretch.first)
    return first + 24 * np.arange(len(stretch.days)) + np.array(hours, dtype=np.int64)[:, None]


def _at(values: NDArray[Scalar], starts: NDArray[np.int64], hour: int) -> NDArray[Scalar]:
    """The values at this many hours after the starts."""
    found: NDArray[Scalar] = values[np.arange(len(values))[:, None], starts + hour]
    return found


def _extremes(screened: Screened, starts: NDArray[np.int64], name: str, sign: int) -> Extremes:
    """Tn (sign 1) or Tx (sign -1: the least of the negated)."""
    readings, half, whole = (sign * screened.sound(field) for field in ("t", f"{name}12", f"{name}24"))
    value = _least_candidate(readings, half, whole, starts)
    firm = [
        np.where(screened.is_suspect(field), np.nan, values)
        for field, values in (("t", readings), (f"{name}12", half), (f"{name}24", whole))
    ]
    covered, read = _coverage(readings, half, whole, starts)
    blind = _SLOTS - (covered | read).sum(axis=0)
    by_totals = covered.sum(axis=0)
    method = np.where(by_totals == _SLOTS, 0, np.where(by_totals > 0, 1, 2))
    method = np.where((blind > _BLIND_SLOTS) | np.isnan(value), _MISSING, method)
    value = np.where(method == _MISSING, np.nan, value)
    without = _least_candidate(firm[0], firm[1], firm[2], starts)
    return Extremes(sign * value + 0.0, method, ~np.isnan(value) & (value != without))


def _least_candidate(readings: Values, half: Values, whole: Values, starts: NDArray[np.int64]) -> Values:
    """The least of the readings, and of the totals whose period lies wholly inside the 24 h."""
    least = _at(whole, starts, 24)
    for hour in range(1, 25):
        least = np.fmin(least, _at(readings, starts, hour))
        if hour >= 12:
            least = np.fmin(least, _at(half, starts, hour))
    return least


def _coverage(readings: Values, half: Values, whole: Values, starts: NDArray[np.int64]) -> tuple[Mask, Mask]:
    """For each 3 h slot: whether a total covers it, and whether it has a reading at its end."""
    ended = [~np.isnan(_at(half, starts, hour)) if hour >= 12 else None for hour in range(25)]
    all_day = ~np.isnan(_at(whole, starts, 24))
    covered, read = [], []
    for end in range(3, 25, 3):
        by = all_day.copy()
        for hour in range(max(end, 12), min(end + 9, 24) + 1):
            there = ended[hour]
            by |= False if there is None else there
        covered.append(by)
        read.append(~np.isnan(_at(readings, starts, end)))
    return np.array(covered), np.array(read)


def _rains(screened: Screened, starts: NDArray[np.int64], *, known_from_h: int = 1, but: Mask | None = None) -> Rains:
    """RR: the 24 h total if present; the few other days by other totals, except the days of `but`."""
    rr24 = screened.sound("rr24")
    value = _at(rr24, starts, 24)
    method = np.where(np.isnan(value), _MISSING, 0)
    suspect = ~np.isnan(value) & _at(screened.is_suspect("rr24"), starts, 24)
    known, known_hours = np.nan_to_num(value), np.where(np.isnan(value), 0, 24)
    amounts = np.array([screened.sound(field) for field in RAINS])
    rows, columns = np.nonzero(np.isnan(value) if but is None else np.isnan(value) & ~but)
    for part in range(0, len(rows), _DAYS_AT_ONCE):
        at = rows[part : part + _DAYS_AT_ONCE], columns[part : part + _DAYS_AT_ONCE]
        rain = rain_of_days(amounts[:, at[0][:, None], starts[at][:, None] + AROUND], known_from_h=known_from_h)
        method[at], value[at], known[at], known_hours[at] = rain
    return Rains(value, method, suspect, known, known_hours, _traces(screened, starts))


def _civil_rains(screened: Screened, midnight: NDArray[np.int64]) -> Rains:
    rr3 = screened.sound("rr3")
    eight = np.sum([_at(rr3, midnight, hour) for hour in range(3, 25, 3)], axis=0)
    there = ~np.isnan(eight)
    # The rr1 of 3-hourly reports covers one hour in three: a third of the truth, which must not be read as a total.
    rains = _rains(screened, midnight, known_from_h=3, but=there)
    return rains._replace(
        value=np.where(there, eight, rains.value),
        method=np.where(there, RAIN_METHODS.index("rr3"), rains.method),
        suspect=rains.suspect & ~there,
        known=np.where(there, eight, rains.known),
        known_hours=np.where(there, 24, rains.known_hours),
    )


def _traces(screened: Screened, starts: NDArray[np.int64]) -> Mask:
    """Whether a total wholly inside the 24 h is a trace."""
    bits = np.nan_to_num(screened.grid.values["rr_trace"]).astype(np.int64)
    found = np.zeros(starts.shape, dtype=bool)
    for bit, hours in enumerate(RAINS.values()):
        a_trace = (bits >> bit & 1).astype(bool)
        for hour in range(hours, 25):
            found |= _at(a_trace, starts, hour)
    return found


def _extreme(values: Values, starts: NDArray[np.int64], choose: np.ufunc) -> Values:
    """The least or greatest value of the 24 h after the starts."""
    out = _at(values, starts, 1)
    for hour in range(2, 25):
        out = choose(out, _at(values, starts, hour))
    return out


def _at_the_extreme(values: Values, of: Values, extreme: Values, starts: NDArray[np.int64]) -> Values:
    """The value at the first hour at which the extreme was reported."""
    out = np.full(starts.shape, np.nan)
    for hour in range(24, 0, -1):
        out = np.where(_at(of, starts, hour) == extreme, _at(values, starts, hour), out)
    return out


def _mean_of_day(values: Values, midnight: NDArray[np.int64]) -> Values:
    """The mean of 03, 06 … 24 UTC; NaN where more than one is absent. An hourly station counts as the others."""
    readings = np.array([_at(values, midnight, hour) for hour in range(3, 25, 3)])
    count = np.sum(~np.isnan(readings), axis=0)
    total = np.nansum(readings, axis=0)
    return np.where(count >= _SLOTS - _BLIND_SLOTS, total / np.maximum(count, 1), np.nan)


def _vapour_pressure_hpa(hundredths: Values) -> Values:
    """Of a dew point over water, by Magnus' formula (WMO-No. 8, annex 4.B)."""
    celsius = hundredths / 100
    pressure: Values = 6.112 * np.exp(17.62 * celsius / (243.12 + celsius))
    return pressure


def _flagged(screened: Screened, stretch: Stretch, verdict: str) -> NDArray[np.int64]:
    """Values of each civil UTC day with the verdict, over all fields."""
    grid = screened.grid
    count = np.zeros((len(grid.stations), len(stretch.days)), dtype=np.int64)
    first, end = grid.column(stretch.first), grid.column(stretch.end)
    for (of, _), mask in screened.verdicts.items():
        if of == verdict:
            count += mask[:, first:end].reshape(*count.shape, 24).sum(axis=2)
    return count
