"""Records of daily values and of months, over the loaded data; official records are in Météo-France's sheets.

Extremes of incomplete months count, because they did occur; totals and means of a month count when complete, and a
nearly complete total of rain as a high one.
A suspect value does not replace a sound one: it is shown beside it, to be verified.
"""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from operator import attrgetter

import msgspec

from weather_platform.domain.climate.sheet import MonthlyClimate

ALL_MONTHS = "all"


class RecordValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value and where it happened: days, or months (as their first day) for a figure of a month."""

    value: float
    days: tuple[date, ...]
    at_least: bool = False
    """True for a total of rain that lacks days: nearly complete, it may be the wettest, never the driest."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The extreme of a figure at a station in a calendar month (``01`` to ``12``) or in ``all``."""

    station_id: str
    figure: str
    lowest: bool
    period: str
    record: RecordValue | None
    to_verify: RecordValue | None
    """A suspect value beyond the record."""
    first_month: str
    last_month: str


_DAILY = (("tn", "min", True), ("tn", "max", False), ("tx", "min", True), ("tx", "max", False), ("rr", "max", False))
_DAILY_FIRM = (("fxi", "max", False), ("pmer", "min", True), ("snow", "max", False))
_MONTHLY = (
    *(("tn", "mean", low) for low in (True, False)),
    *(("tx", "mean", low) for low in (True, False)),
    *(("tm", "mean", low) for low in (True, False)),
    *(("rr", "total", low) for low in (True, False)),
)


def records(sheets: Iterable[MonthlyClimate]) -> list[Record]:
    """The records of every station, by figure and calendar month, and of all months."""
    ordered = sorted(sheets, key=attrgetter("station_id", "month"))
    return [
        record for station, own in groupby(ordered, attrgetter("station_id")) for record in _of_station(station, [*own])
    ]


def _of_station(station: str, sheets: list[MonthlyClimate]) -> list[Record]:
    by_period = {ALL_MONTHS: sheets}
    for sheet in sheets:
        by_period.setdefault(sheet.month[5:], []).append(sheet)
    return [
        Record(
            station_id=station,
            figure=f"{element}.{field}",
            lowest=lowest,
            period=period,
            record=record,
            to_verify=doubtful,
            first_month=own[0].month,
            last_month=own[-1].month,
        )
        for period, own in by_period.items()
        for element, field, lowest in (*_DAILY, *_DAILY_FIRM, *_MONTHLY)
        for record, doubtful in (_best(own, element, field, lowest=lowest),)
        if record or doubtful
    ]


def _best(
    sheets: list[MonthlyClimate], element: str, field: str, *, lowest: bool
) -> tuple[RecordValue | None, RecordValue | None]:
    """The record, and a suspect value beyond it."""
    firm: list[tuple[float, tuple[date, ...]]] = []
    doubtful: list[tuple[float, tuple[date, ...]]] = []
    bounds: set[float] = set()
    enough = ("complete", "nearly") if field == "total" and not lowest else ("complete",)
    for sheet in sheets:
        of = getattr(sheet, element)
        value = getattr(of, field)
        if value is None or (field in ("mean", "total") and of.status not in enough):
            continue
        if field == "total" and of.status == "nearly":
            bounds.add(value)
        days = getattr(of, f"{field}_days", None)
        if days is None:
            firm.append((value, (date.fromisoformat(f"{sheet.month}-01"),)))
            continue
        suspect = set(getattr(of, "suspect_days", ()))
        if sound := tuple(day for day in days if day not in suspect):
            firm.append((value, sound))
        elif days:
            doubtful.append((value, days))
    record, to_verify = _extreme(firm, lowest=lowest), _extreme(doubtful, lowest=lowest)
    if record and record.value in bounds:
        record = msgspec.structs.replace(record, at_least=True)
    if record and to_verify and (to_verify.value >= record.value if lowest else to_verify.value <= record.value):
        to_verify = None
    return record, to_verify


def _extreme(found: list[tuple[float, tuple[date, ...]]], *, lowest: bool) -> RecordValue | None:
    if not found:
        return None
    value = (min if lowest else max)(value for value, _ in found)
    return RecordValue(value=value, days=tuple(day for other, days in found if other == value for day in days))
