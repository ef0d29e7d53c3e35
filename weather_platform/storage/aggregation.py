"""The daily figures as SQL, one query a city's table; what they mean is `domain.statistics`.

Readings are added as whole millionths: exact in a double, so the order of rows cannot show in a figure.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from weather_platform.domain.fields import RAIN_FIELDS
from weather_platform.domain.statistics import MILLION, VECTOR_SCALE, DailyAggregate

_RR3_BIT = 1 << RAIN_FIELDS.index("rr3")
_COUNTS = ("observations", "t_n", "pmer_n", "ff_n", "rr3_n", "rr3_traces")
_SUMS = ("t_sum", "pmer_sum", "ff_sum", "rr3_sum", "wind_x", "wind_y")

_OBJECTS = ("object_min", "object_max", "rain_object_min", "rain_object_max")
_SELECTED = (*(name for name in DailyAggregate._fields if name != "raw_objects"), *_OBJECTS)
# A row as one JSON text: PyMySQL takes as long for 27 values as for the query itself (measured), msgspec a fraction.
_QUERY = """
SELECT JSON_ARRAY({selected})
FROM (
  SELECT DATE(date) AS day, COUNT(*) AS observations,
    COUNT(t) AS t_n, SUM(ROUND(t * {million})) AS t_sum, MIN(t) AS t_min, MAX(t) AS t_max,
    MAX(CASE WHEN {second_of_day} = 21600 THEN tn12 END) AS tn12_06,
    MAX(CASE WHEN {second_of_day} = 64800 THEN tx12 END) AS tx12_18,
    COUNT(pmer) AS pmer_n, SUM(ROUND(pmer * {million})) AS pmer_sum, MIN(pmer) AS pmer_min, MAX(pmer) AS pmer_max,
    COUNT(ff) AS ff_n, SUM(ROUND(ff * {million})) AS ff_sum, MAX(ff) AS ff_max,
    MAX(raf10) AS raf10_max, MAX(rafper) AS rafper_max,
    SUM(CASE WHEN dd > 0 THEN ROUND(ff * 1000) * ROUND(SIN(RADIANS(dd)) * {scale}) ELSE 0 END) AS wind_x,
    SUM(CASE WHEN dd > 0 THEN ROUND(ff * 1000) * ROUND(COS(RADIANS(dd)) * {scale}) ELSE 0 END) AS wind_y,
    MIN(raw_object) AS object_min, MAX(raw_object) AS object_max
  FROM {table} WHERE date >= :first AND date < :end GROUP BY DATE(date)
) AS d LEFT JOIN (
  SELECT {rain_day} AS rain_day, COUNT(rr3) AS rr3_n, SUM(ROUND(rr3 * {million})) AS rr3_sum, MAX(rr3) AS rr3_max,
    SUM(CASE WHEN rr_trace & {rr3_bit} THEN 1 ELSE 0 END) AS rr3_traces,
    MIN(CASE WHEN rr3 IS NOT NULL THEN raw_object END) AS rain_object_min,
    MAX(CASE WHEN rr3 IS NOT NULL THEN raw_object END) AS rain_object_max
  FROM {table} WHERE date > :first AND date <= :end GROUP BY {rain_day}
) AS r ON r.rain_day = d.day
ORDER BY d.day
"""
_OBJECTS_QUERY = """
SELECT DISTINCT DATE(date), {rain_day}, rr3 IS NOT NULL, raw_object
FROM {table} WHERE date >= :first AND date <= :end
"""
_DIALECTS = {
    "mysql": {
        "rain_day": "DATE(date - INTERVAL 1 SECOND)",
        # Not TIME(date) = '06:00:00': MySQL 9.7 finds no row equal to that text in here, MariaDB does (run here).
        "second_of_day": "(HOUR(date) * 3600 + MINUTE(date) * 60 + SECOND(date))",
    },
    "sqlite": {
        "rain_day": "DATE(date, '-1 second')",
        "second_of_day": "(CAST(strftime('%s', date) AS INTEGER) % 86400)",
    },
}


def daily_aggregates(connection: Connection, table: sa.Table, first: date, last: date) -> list[DailyAggregate]:
    """A city's days from first to last, both included, that have an observation; one query."""
    query = _QUERY.format(
        table=connection.dialect.identifier_preparer.format_table(table),
        million=MILLION,
        scale=VECTOR_SCALE,
        rr3_bit=_RR3_BIT,
        selected=", ".join(_SELECTED),
        **_DIALECTS[connection.dialect.name],
    )
    bounds = {
        "first": _midnight(connection, first),
        "end": _midnight(connection, last + timedelta(days=1)),
    }
    texts = connection.scalars(sa.text(query), bounds)
    rows = [dict(zip(_SELECTED, msgspec.json.decode(text), strict=True)) for text in texts]
    objects = _objects(connection, table, bounds, rows)
    return [_aggregate(row, objects) for row in rows]


def _objects(
    connection: Connection, table: sa.Table, bounds: dict[str, datetime | str], rows: list[dict[str, Any]]
) -> dict[str, set[str]]:
    """Raw objects by day.

    Least and greatest name tell them all where a civil day came from one object, which is nearly always: its rain
    then ends with one reading more, of one more object at most.
    A GROUP_CONCAT in the main query would make MariaDB sort in files: 3 times slower (measured, 62 tables of a month).
    """
    found = {row["day"]: {row[name] for name in _OBJECTS if row[name]} for row in rows}
    if any(row["object_min"] != row["object_max"] for row in rows):
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


def _aggregate(row: dict[str, Any], objects: dict[str, set[str]]) -> DailyAggregate:
    day = row.pop("day")
    for name in _OBJECTS:
        del row[name]
    for name in _COUNTS:
        row[name] = int(row[name] or 0)
    for name in _SUMS:
        row[name] = None if row[name] is None else int(row[name])
    return DailyAggregate(day=date.fromisoformat(day), raw_objects=tuple(sorted(objects[day])), **row)
