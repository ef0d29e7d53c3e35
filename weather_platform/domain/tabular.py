"""Tables of documents, events and observations: their columns, and the cells of a row.

A document is nested, a table flat, with the same content. Columns are derived from
`weather_stats.WeatherStats`, `events.StationEvent` and `fields.Observation`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from operator import attrgetter
from types import UnionType
from typing import Any, Generic, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from weather_platform.domain.events import Event, StationEvent
from weather_platform.domain.fields import FIELDS, Field
from weather_platform.domain.metrics import Declared, Figure, Metrics, declared
from weather_platform.domain.stations import Station
from weather_platform.domain.units import STORED, System, column_name, shown, symbol
from weather_platform.domain.weather_stats import MEMBERS, WeatherStats

Row_contra = TypeVar("Row_contra", contravariant=True)


class Column(NamedTuple):
    """A column of a table."""

    name: str
    type: type
    """str, int, float, bool, date or datetime (aware)."""
    unit: str
    meaning: str
    nullable: bool = False

    def shown_in(self, system: System) -> "Column":
        """The column in a system of units; its name ends in the unit."""
        return self._replace(name=column_name(self.name, self.unit, system), unit=symbol(self.unit, system))


class Table(NamedTuple, Generic[Row_contra]):
    """How rows of one kind become cells and JSON."""

    columns: tuple[Column, ...]
    cells: Callable[[Row_contra], Sequence[Any]]
    """One cell per column; None if empty."""
    nested: Callable[[Row_contra], Any]
    """The object that msgspec encodes as the row's JSON."""


# Documents


def _column(member: Declared) -> Column:
    kinds: tuple[Any, ...] = get_args(member.type) if get_origin(member.type) is UnionType else (member.type,)
    kind: Any = date if member.path == "date" else kinds[0]
    if get_origin(kind) is list or issubclass(kind, str):
        kind = str
    figure = member.figure or Figure(_json_path(member.path))
    return Column(figure.column, kind, figure.unit, member.meaning, nullable=len(kinds) > 1)


def _json_path(path: str) -> str:
    return "_id" if path in ("document_id", "event_id") else path


_PATHS = {_json_path(member.path): member for member in MEMBERS}
"""The members of a document by dotted path in its JSON."""
DOCUMENT_PATHS = {member.figure.column: path for path, member in _PATHS.items() if member.figure}
"""Path of a column in a document."""
DOCUMENT_COLUMNS: tuple[Column, ...] = tuple(_column(member) for member in MEMBERS if member.figure)
"""The columns of a table of documents."""
METRIC_UNITS: Mapping[str, str] = {
    metric.name: next(one.figure.unit for one in declared(metric.type) if one.figure and one.figure.unit)
    for metric in msgspec.structs.fields(Metrics)
}
"""The stored unit of each metric of a document."""
_GROUPS = ("metrics", "provenance", *(f"metrics.{metric}" for metric in METRIC_UNITS))


class Comparable(NamedTuple):
    """A figure with a unit that can be converted."""

    path: str
    unit: str


COMPARABLE: Mapping[str, Comparable] = {
    member.figure.column: Comparable(member.path, member.figure.unit)
    for member in MEMBERS
    if member.figure and member.figure.unit in STORED
}
"""By column."""
DOCUMENT_PARTS: tuple[str, ...] = tuple(dict.fromkeys((*_GROUPS, *_PATHS, *DOCUMENT_PATHS)))
"""Parts of a document that may be requested: groups, dotted paths, columns."""


def units_of_metrics(system: System) -> dict[str, str]:
    """The unit of each metric of a document, in the system."""
    return {metric: symbol(unit, system) for metric, unit in METRIC_UNITS.items()}


def stations_head(stations: Sequence[Station] | None) -> dict[str, Any]:
    """Head of the JSON for one station; empty for several."""
    if stations is None or len(stations) != 1:
        return {}
    (station,) = stations
    return {"city": station.name, "slug": station.slug, "station_id": station.station_id}


def documents_head(stations: Sequence[Station] | None, system: System) -> dict[str, Any]:
    """Head of the JSON of documents: the units and, for a single station, its name."""
    return {**stations_head(stations), "units": units_of_metrics(system)}


def documents(parts: Sequence[str] | None = None, system: System = System.METRIC) -> Table[WeatherStats]:
    """The table of documents, or of some of `DOCUMENT_PARTS`, in a system of units.

    Rows become complete JSON documents, or `_id` and the requested parts.
    """
    if parts is None:
        paths = list(DOCUMENT_PATHS.values())
    else:
        asked = {DOCUMENT_PATHS.get(part, part) for part in parts}
        paths = [path for path in _PATHS if path in asked or any(path.startswith(f"{one}.") for one in asked)]
    members = [_PATHS[path] for path in paths]
    columns = tuple(_column(member) for member in members)
    cells = _cells([member.path for member in members], columns)
    nested: Callable[[WeatherStats], Any] = _whole if parts is None else partial(_cut, ["_id", *paths])
    if system is not System.METRIC:
        convert = partial(in_units, system=system)
        return Table(
            tuple(column.shown_in(system) for column in columns),
            lambda document: cells(convert(document)),
            lambda document: nested(convert(document)),
        )
    return Table(columns, cells, nested)


def _whole(document: WeatherStats) -> WeatherStats:
    return document


def _cut(paths: Sequence[str], document: WeatherStats) -> dict[str, Any]:
    cut: dict[str, Any] = {}
    for path in paths:
        *groups, name = path.split(".")
        inner = cut
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[name] = attrgetter(_PATHS[path].path)(document)
    return cut


def in_units(document: WeatherStats, system: System) -> WeatherStats:
    """The document with its figures and events in the units of a system."""
    metrics = {
        name: msgspec.structs.replace(
            metric,
            **{
                figure: shown(value, unit, system)
                for figure, unit in figures
                if (value := getattr(metric, figure)) is not None
            },
        )
        for name, figures in _CONVERTED.items()
        for metric in [getattr(document.metrics, name)]
    }
    return msgspec.structs.replace(
        document,
        metrics=msgspec.structs.replace(document.metrics, **metrics),
        extreme_events=[event_in_units(event, system) for event in document.extreme_events],
    )


_CONVERTED = {
    metric.name: [
        (one.name, one.figure.unit) for one in declared(metric.type) if one.figure and one.figure.unit in STORED
    ]
    for metric in msgspec.structs.fields(Metrics)
}

AnyEvent = TypeVar("AnyEvent", Event, StationEvent)


def event_in_units(event: AnyEvent, system: System) -> AnyEvent:
    """The event with its value, threshold and unit in the units of a system."""
    value, threshold = (shown(number, event.unit, system) for number in (event.value, event.threshold))
    return msgspec.structs.replace(event, value=value, threshold=threshold, unit=symbol(event.unit, system))


# Events


_EVENT_MEMBERS = tuple(declared(StationEvent))
EVENT_COLUMNS: tuple[Column, ...] = tuple(map(_column, _EVENT_MEMBERS))
"""The columns of a table of events."""


def events(system: System = System.METRIC) -> Table[StationEvent]:
    """The table of events, in a system of units; each row names its unit."""
    cells = _cells([member.path for member in _EVENT_MEMBERS], EVENT_COLUMNS)
    convert = partial(event_in_units, system=system)
    return Table(EVENT_COLUMNS, lambda event: cells(convert(event)), convert)


# Observations


def _observed(field: Field) -> Column:
    kinds: dict[str, type] = {"key": str, "measure": float, "code": int, "flag": int, "trace": str}
    kind = datetime if field.name == "date" else kinds[field.kind]
    meaning = ", ".join(filter(None, (field.label, field.remark)))
    unit = "" if field.kind == "key" else field.unit
    return Column(field.name, kind, unit, meaning, nullable=field.kind in ("measure", "code"))


OBSERVATION_COLUMNS: tuple[Column, ...] = (
    Column("city", str, "", "name of the station"),
    *map(_observed, FIELDS.values()),
    Column("tc", float, "°C", "air temperature", nullable=True),
    Column("flags", str, "", "doubted values: `field:rule:verdict`, a space between; docs/quality.md has the rules"),
)
"""The columns of a table of observations."""


def observations(parts: Sequence[str] | None = None) -> Table[Mapping[str, Any]]:
    """The table of observations, or the city and some of its columns, in SYNOP's units.

    A row is that of a staging table with its `city` and `flags`.
    """
    wanted = None if parts is None else {"city", *parts}
    columns = tuple(column for column in OBSERVATION_COLUMNS if wanted is None or column.name in wanted)
    names = [column.name for column in columns]

    def cells(row: Mapping[str, Any]) -> list[Any]:
        return [row[name] if name != "date" else row[name].replace(tzinfo=UTC) for name in names]

    return Table(columns, cells, lambda row: dict(zip(names, cells(row), strict=True)))


# Tables of other rows


def table_of(columns: Sequence[Column]) -> Table[Mapping[str, Any]]:
    """The table of rows given as mappings by column name."""
    names = [column.name for column in columns]
    return Table(
        tuple(columns),
        lambda row: [row[name] for name in names],
        lambda row: {name: row[name] for name in names},
    )


def json_schema(columns: Sequence[Column]) -> dict[str, Any]:
    """The JSON Schema of rows given as mappings by column name."""
    return {"type": "object", "properties": {column.name: _json_type(column) for column in columns}}


def _json_type(column: Column) -> dict[str, Any]:
    kind: dict[str, Any] = dict(_JSON_TYPES[column.type])
    if column.nullable:
        kind["type"] = [kind["type"], "null"]
    return {**kind, "description": column.meaning, **({"unit": column.unit} if column.unit else {})}


_JSON_TYPES: Mapping[type, Mapping[str, str]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}


# Cells


def _cells(paths: Sequence[str], columns: Sequence[Column]) -> Callable[[Any], Sequence[Any]]:
    """Reads the cells of a struct: days as dates, lists as words with a space between."""
    read = attrgetter(*paths) if len(paths) > 1 else lambda row: (attrgetter(paths[0])(row),)
    changed = [
        (n, _day if column.type is date else _words)
        for n, column in enumerate(columns)
        if column.type is date or column.name in _LISTS
    ]

    def cells(row: Any) -> Sequence[Any]:
        found = list(read(row))
        for n, change in changed:
            found[n] = change(found[n])
        return found

    return cells


_LISTS = {_column(member).name for member in MEMBERS if get_origin(member.type) is list}


def _day(moment: datetime) -> date:
    return moment.date()


def _words(values: Sequence[Any]) -> str:
    return " ".join(str(getattr(value, "type", value)) for value in values)
