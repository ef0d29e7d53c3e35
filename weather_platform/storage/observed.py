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

_READ = tuple(name for name in GRID_FIELDS if name in FIELDS)
_SECONDS = {
    "mysql": "TIMESTAMPDIFF(SECOND, '1970-01-01', date)",
    "sqlite": "CAST(strftime('%s', date) AS INTEGER)",
}


def observed_grid(connection: Connection, cities: Sequence[tuple[Station, sa.Table]], stretch: Stretch) -> Grid:
    """The grid of a stretch of days at these stations; one query per city."""
    ids: list[str] = []
    texts: list[str] = []
    for station, table in cities:
        found = _rows(connection, table, stretch)
        texts += found
        ids += [station.station_id] * len(found)
    rows = np.array(msgspec.json.decode(f"[{','.join(texts)}]"), dtype=float).reshape(-1, len(_READ) + 1)
    columns = {name: rows[:, place] for place, name in enumerate(_READ, start=1)}
    return grid_of(stretch, [station for station, _ in cities], ids, rows[:, 0].astype(np.int64), columns)


def _rows(connection: Connection, table: sa.Table, stretch: Stretch) -> list[str]:
    """Each row as one JSON text, as `aggregation` reads its days."""
    dialect = connection.dialect
    selected = ", ".join((_SECONDS[dialect.name], *_READ))
    query = (
        f"SELECT JSON_ARRAY({selected}) FROM {dialect.identifier_preparer.format_table(table)} "  # noqa: S608
        "WHERE date >= :first AND date <= :end"
    )
    bounds: dict[str, Any] = {
        "first": datetime.combine(stretch.needed.first, time()),
        "end": datetime.combine(stretch.needed.end, time()),
    }
    if dialect.name == "sqlite":
        bounds = {name: moment.isoformat(" ") for name, moment in bounds.items()}
    return [text for (text,) in connection.execute(sa.text(query), bounds).all()]
