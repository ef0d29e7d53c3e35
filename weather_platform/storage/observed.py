"""Observations of all cities as the arrays of climatology, read from staging or kept since they were staged."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from weather_platform.domain.climate.columns import GRID_FIELDS
from weather_platform.domain.climate.grid import Grid, Rows, Values, grid_of
from weather_platform.domain.climate.origins import MADE_OF, Reports
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.fields import FIELDS, Observation
from weather_platform.domain.months import Month
from weather_platform.domain.stations import Station
from weather_platform.storage.databases import SECONDS_OF_DATE, of_many_cities
from weather_platform.storage.staging_tables import FIELD_SOURCES, city_rows

_READ = tuple(name for name in GRID_FIELDS if name in FIELDS)
_values_of = itemgetter(*(Observation._fields.index(name) for name in _READ))
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # as stored
_ALL = "date >= :first AND date <= :end"
_AROUND = "(date >= :first AND date < :own_first) OR (date >= :own_end AND date <= :end)"


class Observed(NamedTuple):
    """The observations of a stretch of days and of the days it needs around it."""

    rows: Rows
    grid: Grid
    reports: Reports


class MonthRows(NamedTuple):
    """Observations: what climatology reads of their rows."""

    stations: NDArray[np.int64]
    """Place among the stations, by row."""
    seconds: NDArray[np.int64]
    """Since 1970-01-01 00 UTC."""
    values: Values
    """Rows × `_READ`."""
    objects: NDArray[np.object_]
    """Names of their raw objects."""

    def and_around(self, around: "MonthRows") -> "MonthRows":
        """These and further rows, by station and time."""
        stations = np.concatenate([self.stations, around.stations])
        seconds = np.concatenate([self.seconds, around.seconds])
        order = np.lexsort((seconds, stations))
        return MonthRows(
            stations[order],
            seconds[order],
            np.concatenate([self.values, around.values])[order],
            np.concatenate([self.objects, around.objects])[order],
        )


def month_rows(by_station: Mapping[str, Sequence[Observation]]) -> MonthRows:
    """A month as it is staged, its stations in order of number."""
    rows = list(chain.from_iterable(by_station.values()))
    return MonthRows(
        stations=np.repeat(np.arange(len(by_station)), [len(of_station) for of_station in by_station.values()]),
        seconds=np.array([(row.date - _EPOCH).total_seconds() for row in rows], dtype=np.int64),
        values=np.array(list(map(_values_of, rows)), dtype=float).reshape(-1, len(_READ)),
        objects=np.array([row.raw_object for row in rows], dtype=object),
    )


def observed(
    connection: Connection, stations: Sequence[Station], stretch: Stretch, own: MonthRows | None = None
) -> Observed:
    """What these stations reported; one query for many cities.

    `own`: the rows of the stretch itself, where they are known.
    """
    found = _read(connection, stations, stretch, around=own is not None)
    if own is not None:
        found = own.and_around(found)
    rows = Rows(
        station=found.stations,
        seconds=found.seconds,
        columns={name: found.values[:, column] for column, name in enumerate(_READ)},
    )
    further = _further(connection, {station.station_id: place for place, station in enumerate(stations)}, stretch)
    return Observed(rows, grid_of(stretch, stations, rows), _reports(rows, found.objects.tolist(), further))


def _read(connection: Connection, stations: Sequence[Station], stretch: Stretch, *, around: bool) -> MonthRows:
    """The rows of the days that a stretch needs; with `around`, without those of the stretch itself."""
    places: list[int] = []
    found: list[list[float | None]] = []
    objects: list[str] = []
    tables = [city_rows(station.slug) for station in stations]
    for place, text in _texts(connection, tables, stretch, around=around):
        of_city: list[list[Any]] = msgspec.json.decode(f"[{text}]")
        places += [place] * len(of_city)
        objects += [row.pop() for row in of_city]
        found += of_city
    values = np.array(found, dtype=float).reshape(-1, len(_READ) + 1)
    return MonthRows(
        stations=np.array(places, dtype=np.int64),
        seconds=values[:, 0].astype(np.int64),
        values=values[:, 1:],
        objects=np.array(objects, dtype=object),
    )


def _reports(rows: Rows, objects: list[str], further: "list[_Source]") -> Reports:
    """The rows, and each value that is not from the object named in its row as a report of its own."""
    names = sorted({*objects, *(source.raw_object for source in further)})
    number = {name: place for place, name in enumerate(names)}

    def with_further(of_rows: Any, of_further: list[Any], kind: type) -> Any:
        return np.concatenate([of_rows, np.array(of_further, dtype=kind)])

    return Reports(
        station=with_further(rows.station, [source.place for source in further], np.int64),
        seconds=with_further(rows.seconds, [source.seconds for source in further], np.int64),
        raw_object=with_further(
            np.array([number[name] for name in objects], dtype=np.int64),
            [number[source.raw_object] for source in further],
            np.int64,
        ),
        has={
            figure: with_further(
                ~np.all([np.isnan(rows.columns[field]) for field in fields], axis=0),
                [source.field in fields for source in further],
                bool,
            )
            for figure, fields in MADE_OF.items()
        },
        names=names,
    )


class _Source(NamedTuple):
    """A value that is not from the raw object named in its row."""

    place: int
    seconds: int
    field: str
    raw_object: str


def _further(connection: Connection, places: dict[str, int], stretch: Stretch) -> list[_Source]:
    first, last = stretch.needed
    query = sa.select(FIELD_SOURCES).where(
        FIELD_SOURCES.c.month.between(str(Month.of(first)), str(Month.of(last))),
        FIELD_SOURCES.c.station_id.between(min(places), max(places)),  # of a part of a month, not of all its stations
    )
    return [
        _Source(places[row.station_id], int(row.date.replace(tzinfo=UTC).timestamp()), row.field, row.raw_object)
        for row in connection.execute(query)
        if row.station_id in places
    ]


def _texts(
    connection: Connection, tables: Sequence[sa.TableClause], stretch: Stretch, *, around: bool
) -> Iterator[tuple[int, str]]:
    """The place of each city that has rows, and its rows as JSON texts, their raw object last.

    One text per city: PyMySQL takes longer to read a row than the database to find it (measured).
    """
    dialect = connection.dialect
    selected = ", ".join((SECONDS_OF_DATE[dialect.name], *_READ, "raw_object"))
    queries = [
        f"SELECT {place}, GROUP_CONCAT(JSON_ARRAY({selected})) "  # noqa: S608  # our own names
        f"FROM {dialect.identifier_preparer.format_table(table)} WHERE {_AROUND if around else _ALL}"
        for place, table in enumerate(tables)
    ]
    needed = stretch.needed
    days = {"first": needed.first, "end": needed.end}
    if around:
        days |= {"own_first": stretch.first, "own_end": stretch.end}
    found = of_many_cities(connection, queries, days)
    yield from ((place, text) for place, text in found if text)
