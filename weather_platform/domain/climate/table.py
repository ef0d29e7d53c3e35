"""Monthly sheets to and from a flat table: one column per figure, its unit in the name.

Columns are derived from `MonthDocument`. A list in a sheet is text in a cell: days and directions separated by spaces,
anything else as JSON.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import reduce
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.climate.sheet import Status
from weather_platform.domain.climate.thresholds import DAY_COUNTS
from weather_platform.domain.tabular import Column, Table

_UNITS = {"tn": "°C", "tx": "°C", "tm": "°C", "rr": "mm", "fxi": "m/s", "pmer": "hPa", "u": "%", "snow": "cm"}
_OTHER_UNITS = {
    "tm.heating_18": "K·d",
    "tm.growing_10": "K·d",
    "u.vapour_pressure": "hPa",
    "fxi.max_direction": "°",
    "rr.unknown_hours": "h",
}
_SUFFIXES = {
    "°C": "c",
    "mm": "mm",
    "m/s": "m_s",
    "hPa": "hpa",
    "%": "percent",
    "cm": "cm",
    "K·d": "k_d",
    "°": "deg",
    "h": "",
}
_ELEMENTS = {
    "tn": "minimum temperature",
    "tx": "maximum temperature",
    "tm": "(Tn + Tx)/2",
    "rr": "rain",
    "fxi": "greatest gust of the day (a lower bound)",
    "pmer": "sea-level pressure",
    "u": "relative humidity",
    "snow": "snow on the ground",
    "seen_at_hours": "seen at an hour of observation",
    "rose": "wind rose",
}
_MEANINGS = {
    "n": "days with a value",
    "missing": "days without a value",
    "longest_gap": "most days in a row without a value",
    "status": "how complete it is",
    "days_status": "how complete the counts of days are",
    "method": "days by the way in which their value was found",
    "estimated": "whether more than one day in five rests on readings",
    "mean": "mean",
    "min": "lowest",
    "max": "highest",
    "min_days": "days of the lowest",
    "max_days": "days of the highest",
    "max_direction": "wind direction at the highest, -1 where not known",
    "suspect_days": "days that rest on a suspect report",
    "total": "total of the days with a value",
    "known_part": "what is known to have fallen on the days without a value",
    "unknown_hours": "hours without any total",
    "heating_18": "degree days below 18 °C",
    "growing_10": "degree days above 10 °C",
    "vapour_pressure": "mean vapour pressure",
}
_OF_A_SHEET = {
    "station_id": "WMO station number",
    "month": "the month",
    "days": "days of the month",
    "document_id": "station and month",
    "city": "name of the station",
    "slug": "name of the station in addresses",
    "synthetic": "whether a raw object behind it holds no measurements",
    "raw_objects": "raw objects behind its days, those of the neighbouring months too",
    "code_version": "version of the rules",
    "revision": "hash of all but updated_at",
    "updated_at": "when it was made (UTC)",
    "decades": "ten-day periods, as JSON",
    "flagged": "values that are erroneous, and suspect, as JSON",
    "day_rule": "hours at which its days begin",
}
_COUNTED = {f"{count.element}.{count.name}": count.says for count in DAY_COUNTS}


class SheetColumn(NamedTuple):
    """A column of the table, and the member of a sheet that it holds."""

    path: str
    column: Column
    kind: Any
    """The member's type."""
    as_words: bool
    """Whether a list is written with spaces between, not as JSON."""


def _columns(struct: type[msgspec.Struct], path: str = "") -> Iterator[SheetColumn]:
    for field in msgspec.structs.fields(struct):
        kind = field.type
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield from _columns(kind, f"{path}{field.name}.")
        else:
            yield _column(f"{path}{field.name}", kind)


def _column(path: str, kind: Any) -> SheetColumn:
    element, _, name = path.rpartition(".")
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    scalar, nullable = _scalar(kind)
    as_words = get_origin(kind) is tuple and get_args(kind)[0] in (date, int, str)
    is_figure = scalar is float or name == "max_direction"
    unit = _OTHER_UNITS.get(path, _UNITS.get(element, "") if is_figure else "")
    meaning = (
        _COUNTED.get(path)
        or ", ".join(filter(None, (_ELEMENTS.get(element), _MEANINGS.get(name))))
        or _OF_A_SHEET.get(path, _OF_A_SHEET.get(element, ""))
    )
    suffix = _SUFFIXES.get(unit, "")
    named = "_".join(filter(None, (*path.split("."), suffix)))
    return SheetColumn(path, Column(named, scalar, unit, meaning, nullable), kind, as_words)


def _scalar(kind: Any) -> tuple[type, bool]:
    """The type of a cell, and whether it may be empty."""
    if get_origin(kind) is UnionType:
        return get_args(kind)[0], True
    if get_origin(kind) in (Literal, tuple, dict) or kind is Status:
        return str, False
    return kind, False


COLUMNS: tuple[SheetColumn, ...] = tuple(
    sorted(
        _columns(MonthDocument),
        key=lambda each: {"city": -3, "station_id": -2, "month": -1}.get(each.path, 0),
    )
)
"""The columns of a table of monthly sheets: city, station and month first."""
MONTH_COLUMNS: tuple[Column, ...] = tuple(each.column for each in COLUMNS)


def cells(sheet: MonthDocument) -> list[Any]:
    """A cell per column."""
    return [_cell(reduce(getattr, each.path.split("."), sheet), each) for each in COLUMNS]


def _cell(value: Any, of: SheetColumn) -> Any:
    if of.as_words:
        return " ".join(map(str, value))
    if get_origin(of.kind) in (tuple, dict):
        return msgspec.json.encode(value).decode()
    return value


def sheet_of(row: Mapping[str, Any]) -> MonthDocument:
    """The sheet of a row by the columns' names; NaN means missing."""
    made: dict[str, Any] = {}
    for each in COLUMNS:
        *groups, name = each.path.split(".")
        inner = made
        for group in groups:
            inner = inner.setdefault(group, {})
        inner["_id" if name == "document_id" else name] = _value(row[each.column.name], each)
    return msgspec.convert(made, MonthDocument)


def _value(cell: Any, of: SheetColumn) -> Any:
    if of.as_words:
        return [int(word) if get_args(of.kind)[0] is int else word for word in cell.split()]
    if get_origin(of.kind) in (tuple, dict):
        return msgspec.json.decode(cell)
    if of.column.nullable and cell != cell:  # noqa: PLR0124  # pandas' NaN
        return None
    if of.column.type is int:
        return int(cell)
    if of.column.type is bool:
        return bool(cell)
    return cell.to_pydatetime() if of.column.type is datetime and hasattr(cell, "to_pydatetime") else cell


def months(parts: Sequence[str] | None = None) -> Table[MonthDocument]:
    """The table of sheets, or of some of its columns; JSON is nested, whole or the columns asked for."""
    if parts is None:
        return Table(MONTH_COLUMNS, cells, lambda sheet: sheet)
    places = [place for place, column in enumerate(MONTH_COLUMNS) if column.name in parts]

    def some(sheet: MonthDocument) -> list[Any]:
        whole = cells(sheet)
        return [whole[place] for place in places]

    names = [MONTH_COLUMNS[place].name for place in places]
    return Table(
        tuple(MONTH_COLUMNS[place] for place in places), some, lambda sheet: dict(zip(names, some(sheet), strict=True))
    )
