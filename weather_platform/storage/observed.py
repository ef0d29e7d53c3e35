"""Observations of all cities as the arrays of climatology, read from staging."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from weather_platform.domain.climate.grid import GRID_FIELDS, Grid, grid_of
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.fields import FIELDS
from weather_platform.domain.stations import Station
from weather_platform.storage.aggregation import CITIES_PER_QUERY

_READ = tuple(name for name in GRID_FIELDS if name in FIELDS)
_SECONDS = {
    "mysql": "TIMESTAMPDIFF(SECOND, '1970-01-01', date)",
    "sqlite": "CAST(strftime('%s', date) AS INTEGER)",
}


def observed_grid(connection: Connection, cities: Sequence[tuple[Station, sa.Table]], stretch: Stretch) -> Grid:
    """The grid of a stretch of days at these stations; one query for many cities."""
    ids: list[str] = []
    found: list[list[float | None]] = []
    for (station, _), text in zip(cities, _texts(connection, [table for _, table in cities], stretch), strict=True):
        rows = msgspec.json.decode(f"[{text or ''}]")
        found += rows
        ids += [station.station_id] * len(rows)
    rows = np.array(found, dtype=float).reshape(-1, len(_READ) + 1)
    columns = {name: rows[:, place] for place, name in enumerate(_READ, start=1)}
    return grid_of(stretch, [station for station, _ in cities], ids, rows[:, 0].astype(np.int64), columns)


def _texts(connection: Connection, tables: Sequence[sa.Table], stretch: Stretch) -> list[str | None]:
    """The rows of each city as one JSON text: PyMySQL takes longer to read a row than the database to make it."""
    dialect = connection.dialect
    selected = ", ".join((_SECONDS[dialect.name], *_READ))
    bounds: dict[str, Any] = {
        "first": datetime.combine(stretch.needed.first, time()),
        "end": datetime.combine(stretch.needed.end, time()),
    }
    if dialect.name == "sqlite":
        bounds = {name: moment.isoformat(" ") for name, moment in bounds.items()}
    texts: list[str | None] = [None] * len(tables)
    for start in range(0, len(tables), CITIES_PER_QUERY):
        query = " UNION ALL ".join(
            f"SELECT {place}, GROUP_CONCAT(JSON_ARRAY({selected})) "  # noqa: S608  # our own names
            f"FROM {dialect.identifier_preparer.format_table(table)} WHERE date >= :first AND date <= :end"
            for place, table in enumerate(tables[start : start + CITIES_PER_QUERY], start)
        )
        for place, text in connection.execute(sa.text(query), bounds):
            texts[place] = text
    return texts
