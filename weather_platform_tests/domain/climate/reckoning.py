"""Tn, Tx, rain and the monthly figures a second time: report by report, in plain Python and Decimals, from the CSV.

Nothing of `domain.climate` is used, nor numpy: what both agree on is what the rules say.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

Report = dict[str, Decimal]
Reports = dict[datetime, Report]
HOUR = timedelta(hours=1)

_TEMPERATURES = ("t", "tn12", "tn24", "tx12", "tx24")
_RAIN = {"rr1": 1, "rr3": 3, "rr6": 6, "rr12": 12, "rr24": 24}
# Starts of the windows of Tn, Tx and rain in hours after 00 UTC, written out; 07xxx is the last line.
_STARTS = {
    "788": (-3, 9, 9),
    "789": (-3, 9, 9),
    "814": (-3, 9, 9),
    "71805": (-6, 6, 9),
    "61968": (-9, 3, 3),
    "61970": (-9, 3, 3),
    "61972": (-9, 3, 3),
    "61976": (-9, 3, 3),
    "61980": (-9, 3, 3),
    "61996": (-12, 0, 0),
    "61997": (-9, 3, 3),
    "61998": (-6, 6, 6),
    "67005": (-9, 3, 3),
    "89642": (-12, 0, 0),
    "07": (-6, 6, 6),
}
_LIMITS = {"07": (-40, 48), "71805": (-30, 35), "6199": (-15, 32), "89642": (-50, 15), "": (8, 43)}


@cache
def month_reports(folder: Path, month: str) -> dict[str, Reports]:
    """What stations reported in a month, °C and mm (a trace as -0.1); nothing for a month that is not there."""
    path = folder / f"synop.{month.replace('-', '')}.csv.gz"
    found: dict[str, Reports] = defaultdict(dict)
    if path.is_file():
        with gzip.open(path, "rt") as lines:
            for line in csv.DictReader(lines, delimiter=";"):
                report = {name: Decimal(line[name]) for name in (*_TEMPERATURES, *_RAIN) if line[name] != "mq"}
                for name in _TEMPERATURES:
                    if name in report:
                        report[name] -= Decimal("273.15")
                found[line["numer_sta"]][datetime.strptime(line["date"], "%Y%m%d%H%M%S")] = report  # noqa: DTZ007
    return dict(found)


def starts_h(station: str) -> tuple[int, int, int]:
    """Starts of the windows of Tn, Tx and rain, hours after 00 UTC."""
    return next(starts for prefix, starts in _STARTS.items() if station.startswith(prefix))


def station_days(station: str, reports: Reports, days: Iterable[date]) -> Iterator[dict[str, Any]]:
    """Tn, Tx and rain of each day, with how they were found."""
    tn, tx, rr = starts_h(station)
    sound = _without_errors(station, reports)
    for day in days:
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
        yield {
            "day": day,
            "tn": _extreme(sound, midnight + tn * HOUR, "tn", min),
            "tx": _extreme(sound, midnight + tx * HOUR, "tx", max),
            "rr": _rain(sound, midnight + rr * HOUR),
            "known": day_rain(sound, midnight + rr * HOUR)[2:],
            "civil": _civil(sound, midnight),
        }


def _civil(sound: Reports, midnight: datetime) -> tuple[Decimal, int]:
    eight = [sound.get(midnight + lag * HOUR, {}).get("rr3") for lag in range(3, 25, 3)]
    if None not in eight:
        return sum((max(mm, Decimal(0)) for mm in eight if mm is not None), Decimal(0)), 24
    return day_rain(sound, midnight, 3)[2:]


def _without_errors(station: str, reported: Reports) -> Reports:
    sound = {time: dict(report) for time, report in reported.items()}
    low, high = next(limits for prefix, limits in _LIMITS.items() if station.startswith(prefix))
    for report in sound.values():
        for name in _TEMPERATURES:
            if name in report and not low <= report[name] <= high:
                del report[name]
    at = {time: report["t"] for time, report in sound.items() if "t" in report}
    for time, t in at.items():
        around = [t - at[other] for other in (time - 3 * HOUR, time + 3 * HOUR) if other in at]
        if len(around) == 2 and (all(step > 9 for step in around) or all(step < -9 for step in around)):
            del sound[time]["t"]
    for time, report in sound.items():
        for hours in (12, 24):
            _drop_extremes(report, reported, sound, time, hours)
    taken_back = [
        (time, name) for time, report in sound.items() for name in report if _taken_back(reported, time, name)
    ]
    for time, name in taken_back:
        del sound[time][name]
        if name == "rr12" and reported[time].get("rr24", Decimal(-1)) >= reported[time]["rr12"]:
            del sound[time]["rr24"]
    return sound


def _drop_extremes(report: Report, reported: Reports, sound: Reports, time: datetime, hours: int) -> None:
    tn, tx = f"tn{hours}", f"tx{hours}"
    if tn in reported[time] and reported[time][tn] == reported[time].get(tx):
        report.pop(tn, None)
    inside = [sound[at]["t"] for lag in range(hours) if (at := time - lag * HOUR) in sound and "t" in sound[at]]
    steps = [time - lag * HOUR for lag in range(0, hours + 1, 3)]
    if all("t" in reported.get(at, {}) for at in steps):
        read = [sound[at]["t"] for at in steps if "t" in sound[at]]
        if tn in report and read and report[tn] < min(read) - 7:
            del report[tn]
        if tx in report and read and report[tx] > max(read) + 7:
            del report[tx]
    if tn in report and any(report[tn] > t + Decimal("0.5") for t in inside):
        del report[tn]
    if tx in report and any(report[tx] < t - Decimal("0.5") for t in inside):
        del report[tx]


def _taken_back(reported: Reports, time: datetime, name: str) -> bool:
    if name not in _RAIN:
        return False
    amount = max(reported[time][name], Decimal(0))
    for lag in range(1, 24 - _RAIN[name] + 1) if amount > 1 else ():
        later = reported.get(time + lag * HOUR, {})
        for outer, hours in _RAIN.items():
            if outer in later and lag <= hours - _RAIN[name] and amount - max(later[outer], Decimal(0)) > 1:
                return True
    return False


def _extreme(sound: Reports, start: datetime, name: str, choose: Any) -> tuple[Decimal | None, str]:
    candidates: list[Decimal] = []
    totals: list[tuple[int, int]] = []
    read = set()
    for lag in range(1, 25):
        report = sound.get(start + lag * HOUR, {})
        if "t" in report:
            candidates.append(report["t"])
            read.add(lag)
        for hours in (12, 24):
            if f"{name}{hours}" in report and hours <= lag:
                candidates.append(report[f"{name}{hours}"])
                totals.append((lag - hours, lag))
    slots = [(begin, begin + 3) for begin in range(0, 24, 3)]
    covered = [slot for slot in slots if any(begin <= slot[0] and slot[1] <= end for begin, end in totals)]
    blind = [slot for slot in slots if slot not in covered and slot[1] not in read]
    if not candidates or len(blind) > 1:
        return None, "missing"
    return choose(candidates), "extremes" if len(covered) == 8 else "mixed" if covered else "readings"


def _rain(sound: Reports, start: datetime) -> tuple[Decimal | None, str]:
    totals = [
        (lag - hours, lag, max(report[name], Decimal(0)))
        for lag in range(-23, 49)
        if (report := sound.get(start + lag * HOUR))
        for name, hours in _RAIN.items()
        if name in report
    ]
    for begin, end, amount in totals:
        if (begin, end) == (0, 24):
            return amount, "rr24"
    covers = list(_covers([t for t in totals if t[0] >= 0 and t[1] <= 24], 24))
    if covers:
        fewest = min(covers, key=lambda cover: (len(cover), [begin - end for begin, end, _ in cover]))
        return sum((amount for _, _, amount in fewest), Decimal(0)), "sum"
    difference = _difference([t for t in totals if t[0] >= -24])
    if difference is not None and difference >= Decimal("-0.5"):
        return max(difference, Decimal(0)), "difference"
    return None, "missing"


def day_rain(sound: Reports, start: datetime, known_from_h: int = 1) -> tuple[Decimal | None, str, Decimal, int]:
    """Rain of 24 h, its way, and of what is known the amount and the hours."""
    amount, way = _rain(sound, start)
    if amount is not None:
        return amount, way, amount, 24
    best: list[tuple[int, Decimal]] = [(0, Decimal(0))]
    for end in range(1, 25):
        ending = [
            (best[end - hours][0] + hours, best[end - hours][1] + max(report[name], Decimal(0)))
            for name, hours in _RAIN.items()
            if known_from_h <= hours <= end and name in (report := sound.get(start + end * HOUR, {}))
        ]
        best.append(max([best[-1], *ending]))
    return None, way, best[24][1], best[24][0]


def _covers(totals: list[tuple[int, int, Decimal]], end: int) -> Iterator[list[tuple[int, int, Decimal]]]:
    """All ways to fill (0, end] with totals that follow each other, the last first."""
    if end == 0:
        yield []
    for total in totals:
        if total[1] == end:
            for rest in _covers(totals, total[0]):
                yield [total, *rest]


def _difference(totals: list[tuple[int, int, Decimal]]) -> Decimal | None:
    """Level by level: the rain from 0 to 24 over the fewest totals, then the fewest hours, then the least rain."""
    level: dict[int, tuple[int, Decimal]] = {0: (0, Decimal(0))}
    seen = {0}
    while level and 24 not in level:
        reached: dict[int, tuple[int, Decimal]] = {}
        for begin, end, amount in totals:
            for here, there, change in ((begin, end, amount), (end, begin, -amount)):
                if here in level and there not in seen:
                    way = (level[here][0] + end - begin, level[here][1] + change)
                    reached[there] = min(reached.get(there, way), way)
        seen |= set(reached)
        level = reached
    return level[24][1] if 24 in level else None


def monthly(days: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of a month, by the names of its sheet; only those that count."""
    tn, tx, rr = ({day["day"]: day[name][0] for day in days if day[name][0] is not None} for name in ("tn", "tx", "rr"))
    both = {day: tn[day] + tx[day] for day in tn if day in tx}
    return {
        "tn": _temperatures(
            tn, len(days), {"le_0": (-99, 0), "le_m5": (-99, -5), "ge_20": (20, 99), "ge_25": (25, 99)}
        ),
        "tx": _temperatures(tx, len(days), {"le_0": (-99, 0), "ge_25": (25, 99), "ge_30": (30, 99), "ge_35": (35, 99)}),
        "tm": {
            "n": len(both),
            "mean": _mean(list(both.values()), 2),
            "heating_18": _rounded(sum((max(Decimal(0), 18 - two / 2) for two in both.values()), Decimal(0)), both),
            "growing_10": _rounded(sum((max(Decimal(0), two / 2 - 10) for two in both.values()), Decimal(0)), both),
        },
        "rr": {
            "n": len(rr),
            "total": _rounded(sum(rr.values(), Decimal(0)), rr),
            "max": _float(max(rr.values(), default=None)),
            "max_days": [day for day in rr if rr[day] == max(rr.values())],
            **{f"days_ge_{mm}": sum(v >= mm for v in rr.values()) for mm in (1, 5, 10, 20, 30, 50, 100)},
        },
        "decades": [
            (
                _mean([v for day, v in tn.items() if first <= day.day <= last]),
                _rounded(sum(known := [v for day, v in rr.items() if first <= day.day <= last], Decimal(0)), known),
            )
            for first, last in ((1, 10), (11, 20), (21, 31))
        ],
    }


def _temperatures(values: Mapping[date, Decimal], days: int, bounds: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    low, high = min(values.values(), default=None), max(values.values(), default=None)
    return {
        "n": len(values),
        "missing": days - len(values),
        "mean": _mean(list(values.values())),
        "min": _float(low),
        "min_days": [day for day, value in values.items() if value == low],
        "max": _float(high),
        "max_days": [day for day, value in values.items() if value == high],
        **{f"days_{name}": sum(a <= v <= b for v in values.values()) for name, (a, b) in bounds.items()},
    }


def _mean(values: list[Decimal], per: int = 1) -> float | None:
    return _rounded(sum(values, Decimal(0)) / (len(values) * per), values) if values else None


def _rounded(value: Decimal, behind: Any) -> float | None:
    return float(value.quantize(Decimal("0.01"), ROUND_HALF_UP)) + 0.0 if behind else None


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value) + 0.0
