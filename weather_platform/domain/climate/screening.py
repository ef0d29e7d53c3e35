"""Quality control: which values of a grid are erroneous or suspect, and by which rule of `rules`.

The order matters: limits and spikes of what was reported first, then consistency of what is left (a wrong reading must
not condemn a right minimum).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple, TypeVar

import msgspec
import numpy as np

from weather_platform.domain.climate.buddies import residuals
from weather_platform.domain.climate.columns import RAINS
from weather_platform.domain.climate.grid import (
    Grid,
    Mask,
    Values,
    highest,
    hours_since_1970,
    lowest,
    shifted,
)
from weather_platform.domain.climate.overrides import ANY_RULE, Override
from weather_platform.domain.climate.rules import FOEHN_K, HAND, LIMITS_C, RULES, Verdict
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.climate.windows import zone_of
from weather_platform.domain.months import Month

_STEP_H = 3
_MINIMA = {"tn12": 12, "tn24": 24}
_MAXIMA = {"tx12": 12, "tx24": 24}
_READINGS_OF_A_DAY = 9
"""Every 3 h, both ends included."""
_ONE_CM = 1


class Flag(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """The verdict of quality control on one value."""

    station_id: str
    time: datetime
    """UTC, without offset."""
    field: str
    rule: str
    verdict: Verdict | Literal["good"]
    """`good`: the rule flags the value, and a person lifted the flag."""
    version: int
    reason: str = ""
    """Of the person who set or lifted the flag; empty for one of a rule."""
    who: str = ""

    @property
    def place(self) -> tuple[str, str, str, str, str]:
        """Month, station, time (ISO 8601), field and rule: in the order in which flags are stored."""
        return str(Month.of(self.time)), self.station_id, self.time.isoformat(), self.field, self.rule


class Screened(NamedTuple):
    """A grid with its verdicts, each an array of station × hour."""

    grid: Grid
    verdicts: dict[tuple[Verdict, str], Mask]
    """By verdict and field."""
    by_rule: dict[tuple[str, Verdict, str], Mask]
    """By rule, verdict and field."""
    lifted: dict[tuple[str, str], Mask]
    """Values that a rule flags and a person lifted, by rule and field."""
    overrides: tuple[Override, ...]

    def sound(self, field: str) -> Values:
        """The values of a field that are not erroneous; the rest is NaN."""
        values = self.grid.values[field]
        wrong = self.verdicts.get(("erroneous", field))
        return values if wrong is None else np.where(wrong, np.nan, values)

    def is_suspect(self, field: str) -> Mask:
        suspect = self.verdicts.get(("suspect", field))
        return np.zeros(self.grid.values[field].shape, dtype=bool) if suspect is None else suspect

    def flags(self, stretch: Stretch) -> list[Flag]:
        """Flags of the days of a stretch, in order of station, time, field, rule."""
        grid = self.grid
        first, end = grid.column(stretch.first), grid.column(stretch.end)
        masks: list[tuple[str, Verdict | Literal["good"], str, Mask]] = [
            *((rule, verdict, field, mask) for (rule, verdict, field), mask in self.by_rule.items()),
            *((rule, "good", field, mask) for (rule, field), mask in self.lifted.items()),
        ]
        return sorted(
            self._flag(row, first + column, field, rule, verdict)
            for rule, verdict, field, mask in masks
            for row, column in np.argwhere(mask[:, first:end]).tolist()
        )

    def _flag(self, row: int, column: int, field: str, rule: str, verdict: Verdict | Literal["good"]) -> Flag:
        station, time = self.grid.stations[row].station_id, self.grid.time(column)
        decided = None
        if rule == HAND or verdict == "good":
            of = [each for each in self.overrides if each.decides(station, time, field, rule, verdict)]
            decided = of[-1]
        return Flag(
            station_id=station,
            time=time,
            field=field,
            rule=rule,
            verdict=verdict,
            version=1 if rule == HAND else RULES[rule].version,
            reason=decided.reason if decided else "",
            who=decided.who if decided else "",
        )


def screen_month(grid: Grid, month: Month, overrides: Iterable[Override] = ()) -> Screened:
    """Screen the grid of a month; what a person decided comes before the rules.

    The rules look at some days around a value, or at its own month alone: readings of a month change the flags of
    another on the days of `Stretch.changed` alone.
    """
    work = _Work(grid, overrides)
    _limits(work)
    _bounds(work)
    _spikes(work)
    _doubled_extremes(work)
    _extremes_against_readings(work)
    _humidity(work)
    _snow(work)
    _rain(work)
    _persistence(work, Stretch.of(month))
    _pressure(work, Stretch.of(month))
    _neighbours(work, Stretch.of(month))
    return work.done()


class _Work:
    """Verdicts so far."""

    def __init__(self, grid: Grid, overrides: Iterable[Override]) -> None:
        self.grid = grid
        self.values = grid.values
        self.verdicts: dict[tuple[Verdict, str], Mask] = {}
        self.by_rule: dict[tuple[str, Verdict, str], Mask] = {}
        self._overrides = tuple(overrides)
        self._to_lift: dict[tuple[str, str], Mask] = {}
        self._lifted: dict[tuple[str, str], Mask] = {}
        for override in self._overrides:
            self._overrule(override)

    def done(self) -> Screened:
        return Screened(self.grid, self.verdicts, self.by_rule, self._lifted, self._overrides)

    def sound(self, field: str) -> Values:
        wrong = self.verdicts.get(("erroneous", field))
        return self.values[field] if wrong is None else np.where(wrong, np.nan, self.values[field])

    def flag(self, rule: str, field: str, mask: Mask) -> None:
        """Set the rule's verdict where the mask is true, a value is there and no person lifted it."""
        mask = mask & ~np.isnan(self.values[field])
        if not mask.any():
            return
        for to_lift in (self._to_lift.get((rule, field)), self._to_lift.get((ANY_RULE, field))):
            if to_lift is not None and (lifted := mask & to_lift).any():
                _add(self._lifted, (rule, field), lifted)
                mask = mask & ~lifted
        self._set(rule, RULES[rule].verdict, field, mask)

    def _set(self, rule: str, verdict: Verdict, field: str, mask: Mask) -> None:
        if mask.any():
            _add(self.by_rule, (rule, verdict, field), mask)
            _add(self.verdicts, (verdict, field), mask)

    def _overrule(self, override: Override) -> None:
        numbers = [station.station_id for station in self.grid.stations]
        if override.station_id not in numbers:
            return
        first, last = (hours_since_1970(t) - self.grid.first_hour for t in (override.first, override.last))
        mask = np.zeros(self.values["t"].shape, dtype=bool)
        mask[numbers.index(override.station_id), max(first, 0) : max(last + 1, 0)] = True
        if override.verdict == "good":
            _add(self._to_lift, (override.rule, override.field), mask)
            return
        there = mask & ~np.isnan(self.values[override.field])
        for found in (self.by_rule, self.verdicts):  # the later of two decisions counts
            for (*_, verdict, field), earlier in found.items():
                if field == override.field and verdict != override.verdict:
                    np.logical_and(earlier, ~there, out=earlier)
        self._set(HAND, override.verdict, override.field, there)


Key = TypeVar("Key")


def _add(masks: dict[Key, Mask], key: Key, mask: Mask) -> None:
    masks[key] = masks[key] | mask if key in masks else mask.copy()


def _limits(work: _Work) -> None:
    limits = np.array([LIMITS_C[zone_of(station)] for station in work.grid.stations]).reshape(-1, 2) * 100
    low, high = limits[:, :1], limits[:, 1:]
    for field in RULES["E1"].fields:
        work.flag("E1", field, (work.values[field] < low) | (work.values[field] > high))
    work.flag("S3", "tminsol", work.values["tminsol"] > RULES["S3"].hundredths)


def _bounds(work: _Work) -> None:
    v = work.values
    for field in ("td", "u"):
        work.flag("C3", field, v["td"] > v["t"])
    work.flag("C3", "raf10", v["raf10"] < v["ff"])
    work.flag("C3", "rafper", v["rafper"] < v["raf10"])
    blowing = v["ff"] > RULES["C3"].hundredths
    work.flag("C3", "dd", (blowing & (v["dd"] == 0)) | ((v["ff"] == 0) & (v["dd"] > 0)))


def _spikes(work: _Work) -> None:
    t, td = work.sound("t"), work.sound("td")
    work.flag("E2", "t", _stands_out(t, RULES["E2"].hundredths))
    out = _stands_out(td, RULES["E2-td"].hundredths) & ~(_stands_out(t, FOEHN_K * 100) & (t > shifted(t, _STEP_H)))
    for field in ("td", "u"):
        work.flag("E2-td", field, out)


def _stands_out(values: Values, threshold: float) -> Mask:
    """Beyond the threshold above both 3 h neighbours, or below both."""
    before, after = values - shifted(values, _STEP_H), values - shifted(values, -_STEP_H)
    mask: Mask = ((before > threshold) & (after > threshold)) | ((before < -threshold) & (after < -threshold))
    return mask


def _doubled_extremes(work: _Work) -> None:
    for hours in (12, 24):
        work.flag("E3", f"tn{hours}", work.values[f"tn{hours}"] == work.values[f"tx{hours}"])


def _extremes_against_readings(work: _Work) -> None:
    reported, t = ~np.isnan(work.values["t"]), work.sound("t")
    near, far, doubtful = (RULES[rule].hundredths for rule in ("E4", "E4-far", "S1"))
    for hours in (12, 24):
        inside, steps = range(hours), range(0, hours + 1, _STEP_H)
        low, high = lowest(t, inside), highest(t, inside)
        all_read = np.all([shifted(reported.astype(float), lag) == 1 for lag in steps], axis=0)
        low_read, high_read = lowest(t, steps), highest(t, steps)
        tn, tx = work.sound(f"tn{hours}"), work.sound(f"tx{hours}")
        work.flag("E4", f"tn{hours}", tn > low + near)
        work.flag("E4", f"tx{hours}", tx < high - near)
        work.flag("E4-far", f"tn{hours}", all_read & (tn < low_read - far))
        work.flag("E4-far", f"tx{hours}", all_read & (tx > high_read + far))
        work.flag("S1", f"tx{hours}", all_read & (work.sound(f"tx{hours}") > high_read + doubtful))


def _humidity(work: _Work) -> None:
    t, td, u = work.sound("t"), work.sound("td"), work.sound("u")
    tropical = np.array([zone_of(station) == "tropics" for station in work.grid.stations], dtype=bool)[:, None]
    for field in ("td", "u"):
        work.flag("E5", field, t - td > RULES["E5"].hundredths)
        work.flag("E5-dry", field, tropical & (u < RULES["E5-dry"].hundredths))
    by_magnus = 10_000 * _vapour_pressure(work.sound("td")) / _vapour_pressure(t)
    work.flag("C4", "u", np.abs(work.sound("u") - by_magnus) > RULES["C4"].hundredths)


def _vapour_pressure(hundredths: Values) -> Values:
    """Over water, hPa, by Magnus' formula (WMO-No. 8, annex 4.B)."""
    celsius = hundredths / 100
    pressure: Values = 6.112 * np.exp(17.62 * celsius / (243.12 + celsius))
    return pressure


def _snow(work: _Work) -> None:
    t, depth = work.sound("t"), work.values["ht_neige"]
    steps = range(0, 25, _STEP_H)
    lying = depth >= _ONE_CM
    read = sum((~np.isnan(shifted(t, lag)) for lag in steps), np.zeros(t.shape, dtype=int))
    coldest = np.where(read >= _READINGS_OF_A_DAY - 2, lowest(t, range(25)), np.nan)
    work.flag("E6", "ht_neige", lying & (coldest > RULES["E6"].hundredths))
    work.flag("E6-spike", "ht_neige", lying & _stands_out(depth, RULES["E6-spike"].hundredths))
    work.flag("S6", "ht_neige", ~np.isnan(work.sound("ht_neige")) & lying & (coldest > RULES["S6"].hundredths))


def _rain(work: _Work) -> None:
    fields = list(RAINS.items())
    threshold = RULES["E7"].hundredths
    for number, (inner, inner_h) in enumerate(fields[:-1]):
        corrected = np.zeros(work.values[inner].shape, dtype=bool)
        for outer, outer_h in fields[number + 1 :]:
            for later_h in range(1, outer_h - inner_h + 1):
                corrected |= work.values[inner] - shifted(work.values[outer], -later_h) > threshold
        work.flag("E7", inner, corrected)
    taken_back = np.isnan(work.sound("rr12")) & (work.values["rr24"] >= work.values["rr12"])
    work.flag("E7", "rr24", taken_back)
    eight = sum((shifted(work.sound("rr3"), lag) for lag in range(0, 24, _STEP_H)), np.zeros_like(work.values["rr3"]))
    rr24 = work.values["rr24"]
    work.flag("S2", "rr24", np.abs(rr24 - eight) > np.maximum(RULES["S2"].hundredths, 0.02 * np.maximum(rr24, eight)))


def _persistence(work: _Work, stretch: Stretch) -> None:
    for field in RULES["S4"].fields:
        work.flag("S4", field, _streaks(work.sound(field), int(RULES["S4"].threshold), 21))
    dd = work.sound("dd")
    work.flag("S4-dd", "dd", _streaks(np.where(dd > 0, dd, np.nan), int(RULES["S4-dd"].threshold), 69))
    ground = work.sound("tminsol").copy()
    ground[:, : work.grid.column(stretch.first)] = np.nan  # reported once a day: a run may begin weeks before
    ground[:, work.grid.column(stretch.end) :] = np.nan
    stuck = _streaks(ground, int(RULES["S3-stuck"].threshold), 21, most_apart_h=24)
    work.flag("S3-stuck", "tminsol", stuck & (ground == 0))


def _streaks(values: Values, readings: int, hours: int, *, most_apart_h: int = _STEP_H) -> Mask:
    """Runs of the same value in at least this many consecutive readings, over at least this many hours."""
    out = np.zeros(values.shape, dtype=bool)
    for row in range(len(values)):
        there = np.flatnonzero(~np.isnan(values[row]))
        if len(there) < readings:
            continue
        differs = np.diff(values[row, there], prepend=np.nan) != 0
        begins = np.flatnonzero(differs | (np.diff(there, prepend=there[0]) > most_apart_h))
        for begin, end in zip(begins, [*begins[1:], len(there)], strict=True):
            if end - begin >= readings and there[end - 1] - there[begin] >= hours:
                out[row, there[begin:end]] = True
    return out


def _pressure(work: _Work, stretch: Stretch) -> None:
    """The hypsometric equation with the station's temperature and half the standard lapse over its altitude."""
    altitude = np.array([[np.nan if s.altitude_m is None else s.altitude_m] for s in work.grid.stations], dtype=float)
    mean_kelvin = work.sound("t") / 100 + 273.15 + 0.00325 * altitude
    reduced = work.values["pres"] * np.exp(9.80665 * altitude / (287.05 * mean_kelvin))
    off = work.values["pmer"] - reduced
    usual = _row_median(off[:, work.grid.column(stretch.first) : work.grid.column(stretch.end)])
    work.flag("C2", "pmer", np.abs(off - usual) > RULES["C2"].hundredths * 100)


def _row_median(values: Values) -> Values:
    """The median of each row as a column; NaN for a row without values."""
    out = np.full((len(values), 1), np.nan)
    for row in range(len(values)):
        there = values[row, ~np.isnan(values[row])]
        if len(there):
            out[row] = np.median(there)
    return out


def _neighbours(work: _Work, stretch: Stretch) -> None:
    for rule, field in (("B1", "t"), ("B1-td", "td")):
        work.flag(rule, field, np.abs(residuals(work.grid, stretch, work.values[field])) > RULES[rule].hundredths)
