"""Daily figures as SQL, one query per city table; `domain.statistics` defines them.

Readings are added as whole millionths: exact in a double, so figures do not depend on the order of rows.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from weather_platform.domain.fields import RAIN_FIELDS
from weather_platform.domain.statistics import MILLION, VECTOR_SCALE, DailyAggregate, Sum
from weather_platform.domain.weather_stats import SUMS
from weather_platform.storage.databases import of_many_cities

_READ = tuple((one.name, one.is_whole) for one in SUMS)
_SELECTED = ("day", "observations", *(one.name for one in SUMS))


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


# Each row is one JSON text: PyMySQL takes as long to read 27 values as the query takes (measured); msgspec is faster.
_QUERY = f"""
SELECT {{city}} AS city, JSON_ARRAY({", ".join(_SELECTED)})
FROM (
  SELECT DATE(date) AS day, COUNT(*) AS observations, {_columns(ends_with_midnight=False)}
  FROM {{table}} WHERE date >= :first AND date < :end GROUP BY DATE(date)
) AS d LEFT JOIN (
  SELECT {{rain_day}} AS rain_day, {_columns(ends_with_midnight=True)}
  FROM {{table}} WHERE date > :first AND date <= :end GROUP BY {{rain_day}}
) AS r ON r.rain_day = d.day
"""  # noqa: S608  # made of our own declarations
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
    queries = [
        _QUERY.format(city=city, table=_sound(connection, *of), **_DIALECTS[connection.dialect.name])
        for city, of in enumerate(cities)
    ]
    found: list[list[DailyAggregate]] = [[] for _ in cities]
    for city, text in of_many_cities(connection, queries, first, last + timedelta(days=1)):
        found[city].append(_aggregate(msgspec.json.decode(text)))
    return [sorted(days, key=attrgetter("day")) for days in found]


def _aggregate(values: list[Any]) -> DailyAggregate:
    """Of a row of the query; databases return the whole numbers as doubles."""
    day, observations, *sums = values
    found = {
        name: int(value) if is_whole and value is not None else value
        for (name, is_whole), value in zip(_READ, sums, strict=True)
    }
    return DailyAggregate(date.fromisoformat(day), int(observations), found)


def _sound(connection: Connection, table: sa.Table, erroneous: Erroneous) -> str:
    """The table, its erroneous values missing; few tables have any in a month."""
    name = connection.dialect.identifier_preparer.format_table(table)
    if not erroneous:
        return name
    selected = ", ".join(
        _without(field, erroneous[field]) if field in erroneous else field
        for field in dict.fromkeys((*_FIELDS, *erroneous))
    )
    return f"(SELECT date, rr_trace, {selected} FROM {name}) AS sound"  # noqa: S608  # fields and times


def _without(field: str, times: Sequence[datetime]) -> str:
    listed = ", ".join(f"'{time}'" for time in times)
    return f"CASE WHEN date IN ({listed}) THEN NULL ELSE {field} END AS {field}"
