"""Daily figures as SQL, one query for many city tables; `domain.statistics` defines them.

Readings are added as whole millionths: exact in a double, so figures do not depend on the order of rows.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from weather_platform.domain.fields import RAIN_FIELDS
from weather_platform.domain.statistics import MILLION, VECTOR_SCALE, DailyAggregate, Sum
from weather_platform.domain.weather_stats import SUMS

CITIES_PER_QUERY = 30
"""SQLite takes at most 500 parts of a UNION."""
_OBJECTS = ("object_min", "object_max", "rain_object_min", "rain_object_max")
_READ = tuple((one.name, one.is_whole) for one in SUMS)
_OBJECTS_AT = 2 + len(_READ)
_SELECTED = ("day", "observations", *(one.name for one in SUMS), *_OBJECTS)


_FIELDS = (*dict.fromkeys(one.field for one in SUMS), "dd")
"""Columns that sums are made of."""


def _sql(one: Sum) -> str:
    """A sum as SQL."""
    field = one.field
    match one.of:
        case "n":
            return f"COUNT({field})"
        case "sum":
            return f"SUM(ROUND({field} * {MILLION}))"
        case "east" | "north":
            side = "SIN" if one.of == "east" else "COS"
            component = f"ROUND({field} * 1000) * ROUND({side}(RADIANS(dd)) * {VECTOR_SCALE})"
            return f"SUM(CASE WHEN dd > 0 THEN {component} ELSE 0 END)"
        case "traces":
            return f"SUM(CASE WHEN rr_trace & {1 << RAIN_FIELDS.index(field)} THEN 1 ELSE 0 END)"
        case "min" | "max":
            return f"{one.of.upper()}({field})"


def _columns(*, ends_with_midnight: bool) -> str:
    return ", ".join(f"{_sql(one)} AS {one.name}" for one in SUMS if one.ends_with_midnight is ends_with_midnight)


_RAIN = " OR ".join(f"{field} IS NOT NULL" for field in RAIN_FIELDS if any(one.field == field for one in SUMS))
# Each row is one JSON text: PyMySQL takes as long to read 27 values as the query takes (measured); msgspec is faster.
_QUERY = f"""
SELECT {{city}} AS city, JSON_ARRAY({", ".join(_SELECTED)})
FROM (
  SELECT DATE(date) AS day, COUNT(*) AS observations, {_columns(ends_with_midnight=False)},
    MIN(raw_object) AS object_min, MAX(raw_object) AS object_max
  FROM {{table}} WHERE date >= :first AND date < :end GROUP BY DATE(date)
) AS d LEFT JOIN (
  SELECT {{rain_day}} AS rain_day, {_columns(ends_with_midnight=True)},
    MIN(CASE WHEN {_RAIN} THEN raw_object END) AS rain_object_min,
    MAX(CASE WHEN {_RAIN} THEN raw_object END) AS rain_object_max
  FROM {{table}} WHERE date > :first AND date <= :end GROUP BY {{rain_day}}
) AS r ON r.rain_day = d.day
"""  # noqa: S608  # made of our own declarations
_OBJECTS_QUERY = f"""
SELECT DISTINCT DATE(date), {{rain_day}}, {_RAIN}, raw_object
FROM {{table}} WHERE date >= :first AND date <= :end
"""  # noqa: S608
_DIALECTS = {
    "mysql": {
        "rain_day": "DATE(date - INTERVAL 1 SECOND)",
    },
    "sqlite": {
        "rain_day": "DATE(date, '-1 second')",
    },
}


Erroneous = Mapping[str, Sequence[datetime]]
"""Times of one station's erroneous values by field."""


def daily_aggregates(
    connection: Connection, cities: Sequence[tuple[sa.Table, Erroneous]], first: date, last: date
) -> list[list[DailyAggregate]]:
    """The days with observations from first to last (inclusive), by city; one query for many cities."""
    bounds = {
        "first": _midnight(connection, first),
        "end": _midnight(connection, last + timedelta(days=1)),
    }
    by_city: list[list[_Row]] = [[] for _ in cities]
    for start in range(0, len(cities), CITIES_PER_QUERY):
        query = " UNION ALL ".join(
            _QUERY.format(city=city, table=_sound(connection, *of), **_DIALECTS[connection.dialect.name])
            for city, of in enumerate(cities[start : start + CITIES_PER_QUERY], start)
        )
        for city, text in connection.execute(sa.text(query), bounds):
            by_city[city].append(_Row.of(msgspec.json.decode(text)))
    return [_days(connection, table, bounds, rows) for (table, _), rows in zip(cities, by_city, strict=True)]


def _days(
    connection: Connection, table: sa.Table, bounds: dict[str, datetime | str], rows: list["_Row"]
) -> list[DailyAggregate]:
    rows.sort(key=attrgetter("day"))
    objects = _objects(connection, table, bounds, rows)
    return [
        DailyAggregate(date.fromisoformat(row.day), row.observations, row.sums, tuple(sorted(objects[row.day])))
        for row in rows
    ]


class _Row(NamedTuple):
    """A row of the query."""

    day: str
    observations: int
    sums: dict[str, int | float | None]
    objects: list[str | None]
    """As `_OBJECTS` names them."""

    @classmethod
    def of(cls, values: list[Any]) -> "_Row":
        """Databases return the whole numbers as doubles."""
        day, observations, *sums = values[:_OBJECTS_AT]
        found = {
            name: int(value) if is_whole and value is not None else value
            for (name, is_whole), value in zip(_READ, sums, strict=True)
        }
        return cls(day, int(observations), found, values[_OBJECTS_AT:])


def _sound(connection: Connection, table: sa.Table, erroneous: Erroneous) -> str:
    """The table, its erroneous values missing; few tables have any in a month."""
    name = connection.dialect.identifier_preparer.format_table(table)
    if not erroneous:
        return name
    selected = ", ".join(
        _without(field, erroneous[field]) if field in erroneous else field
        for field in dict.fromkeys((*_FIELDS, *erroneous))
    )
    return f"(SELECT date, rr_trace, raw_object, {selected} FROM {name}) AS sound"  # noqa: S608  # fields and times


def _without(field: str, times: Sequence[datetime]) -> str:
    listed = ", ".join(f"'{time}'" for time in times)
    return f"CASE WHEN date IN ({listed}) THEN NULL ELSE {field} END AS {field}"


def _objects(
    connection: Connection, table: sa.Table, bounds: dict[str, datetime | str], rows: list[_Row]
) -> dict[str, set[str]]:
    """Raw objects by day.

    Smallest and greatest name suffice if a civil day came from one object, as nearly all do: its rain has one more
    reading, from one more object at most.
    A GROUP_CONCAT in the main query would make MariaDB sort in files: 3 times slower (measured, 62 tables of a month).
    """
    found = {row.day: set(filter(None, row.objects)) for row in rows}
    if any(row.objects[0] != row.objects[1] for row in rows):
        query = _OBJECTS_QUERY.format(
            table=connection.dialect.identifier_preparer.format_table(table), **_DIALECTS[connection.dialect.name]
        )
        for day, rain_day, measured_rain, name in connection.execute(sa.text(query), bounds):
            found.get(str(day), set()).add(name)
            if measured_rain:
                found.get(str(rain_day), set()).add(name)
    return found


def _midnight(connection: Connection, day: date) -> datetime | str:
    midnight = datetime.combine(day, time())
    return midnight.isoformat(" ") if connection.dialect.name == "sqlite" else midnight
