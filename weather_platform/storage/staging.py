"""The staging store: observations in one SQL table per city, replaced by month in one transaction.

`domain.staging` decides what a month holds; reads for other layers, the API and the site are here too.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.errors import NotFound
from weather_platform.domain.merging import FieldSources
from weather_platform.domain.months import Month, month_range
from weather_platform.domain.parts import ALL_STATIONS, StationRange, ranges
from weather_platform.domain.provenance import UNPLACED
from weather_platform.domain.quality import MonthSummary, usual_shares
from weather_platform.domain.staging import Staged, StagedMonth
from weather_platform.domain.stations import STATIONS, Station, station_for
from weather_platform.domain.weather_stats import CODE_VERSION
from weather_platform.storage import databases, schema
from weather_platform.storage.city_csv import CityFile, remove_other_cities, write_city_csv
from weather_platform.storage.databases import reaching, reading
from weather_platform.storage.loading import Loader
from weather_platform.storage.marks import mark
from weather_platform.storage.row_counts import row_counts
from weather_platform.storage.staged_rows import StagedRows
from weather_platform.storage.staging_tables import (
    COVERAGE,
    FIELD_SOURCES,
    FLAGS,
    MONTHS,
    QUARANTINE,
    RAW_OBJECTS,
    city_rows,
    city_table,
)
from weather_platform.storage.verdicts import VerdictStore

if TYPE_CHECKING:
    from weather_platform.domain.climate.daily import Daily
    from weather_platform.domain.climate.screening import Flag
    from weather_platform.storage.flags import FlagStore
    from weather_platform.storage.made_of import MadeOf
    from weather_platform.storage.month_climate import MonthClimate, MonthClimates

_LAST_SECOND = time(23, 59, 59)
_ADDED = ("city", "flags")
"""Columns of observations that are in no table of a city."""
_ROWS_READ_AHEAD = 200
"""Of a result that is streamed; SQLAlchemy's own 1,000 are 8 MB of observations."""


class StagedObject(msgspec.Struct, frozen=True, kw_only=True):
    """A staged raw object, with what became of its records."""

    month: str
    raw_object: str
    received: datetime
    """Of the posting that counted when the month was staged."""
    source: str
    name: str
    """Address or file name of the bytes."""
    licence: str
    synthetic: bool
    counts: RecordCounts


class Coverage(NamedTuple):
    """Observations of a station in a month."""

    month: str
    station: Station
    observations: int
    first: datetime
    last: datetime


class StagingStore:
    """Observations by city in MySQL, MariaDB or SQLite; with the same code for all three."""

    def __init__(self, engine: Engine, csv_folder: Path, overrides_file: Path | None = None) -> None:
        self.engine = engine
        self._overrides_file = overrides_file
        self._flagging: FlagStore | None = None
        self._climates: MonthClimates | None = None
        self.verdicts = VerdictStore(engine)
        """The history of the checks."""
        self._csv_folder = csv_folder
        self._loader = Loader()
        self._cities_made: set[str] = set()

    @property
    def flagging(self) -> "FlagStore":
        """Flags beside the values, and decisions about them; NumPy comes with it."""
        if self._flagging is None:
            from weather_platform.storage.flags import FlagStore

            self._flagging = FlagStore(self.engine, self._overrides_file)
        return self._flagging

    @property
    def _months(self) -> "MonthClimates":
        """What is kept of months; NumPy comes with it."""
        if self._climates is None:
            from weather_platform.storage.month_climate import MonthClimates

            self._climates = MonthClimates()
        return self._climates

    def ensure(self) -> None:
        """Create the platform's own tables if missing, or upgrade those of an older release."""
        schema.ensure(self.engine)

    def ping(self) -> None:
        """Raise StoreUnavailable if the database does not answer."""
        with reading(self.engine) as connection:
            connection.exec_driver_sql("SELECT 1")

    @contextmanager
    def exclusive(self, *names: str, timeout_s: int = databases.LOCK_TIMEOUT_S) -> Iterator[None]:
        """Hold the named locks against all other processes; see `databases.exclusive`."""
        with databases.exclusive(self.engine, *names, timeout_s=timeout_s):
            yield

    def replace_month(self, month: str, staged: Staged) -> dict[str, RecordCounts]:
        """Replace the month's observations atomically: readers see the old month or the new one.

        `month` is a partition key or `provenance.UNPLACED`, which has only a quarantine. The city CSV files are written
        first, part by part, and loaded in one transaction. Returns what became of each raw object's records.
        """
        if self._climates is not None and month != UNPLACED:
            self._climates.forget(Month.parse(month))  # at once: a part takes as much memory as what is kept
        rows, files = StagedRows(month), dict[str, CityFile]()
        for part in staged.parts():
            self._ensure_cities({station.slug for station in part.stations.values()})
            for station_id, observations in part.rows.items():
                slug = part.stations[station_id].slug
                files[slug] = write_city_csv(self._csv_folder, month, slug, observations)
            rows.add(part)
        databases.in_transaction(self.engine, lambda connection: self._replace(connection, rows, files))
        remove_other_cities(self._csv_folder, month, files.keys())
        if isinstance(staged, StagedMonth) and month != UNPLACED:
            self._keep(Month.parse(month), staged)
        return rows.counts

    def _keep(self, month: Month, staged: StagedMonth) -> None:
        from weather_platform.storage.made_of import rows_made_of
        from weather_platform.storage.observed import month_rows

        objects = [(obj.name, obj.received.isoformat()) for obj in staged.objects]
        self._months.keep(
            month, rows_made_of(CODE_VERSION, objects), list(staged.stations.values()), month_rows(staged.rows)
        )

    def _ensure_cities(self, slugs: set[str]) -> None:
        # MySQL commits at every CREATE TABLE, so tables are created before the transaction starts.
        if missing := slugs - self._cities_made:
            schema.fit_cities(self.engine, missing)
            self._cities_made |= slugs

    def _replace(self, connection: Connection, rows: StagedRows, files: Mapping[str, CityFile]) -> None:
        month = rows.month
        if month != UNPLACED:
            before = connection.scalars(sa.select(COVERAGE.c.slug).where(COVERAGE.c.month == month)).all()
            for slug in before:
                _delete_month(connection, city_rows(slug), Month.parse(month))
            for slug, file in files.items():
                self._loader.load(connection, city_rows(slug), file)
        for own in (MONTHS, RAW_OBJECTS, COVERAGE, QUARANTINE, FIELD_SOURCES, FLAGS):
            connection.execute(sa.delete(own).where(own.c.month == month))
        for own, listed in rows.by_table():
            if listed:
                connection.execute(sa.insert(own), listed)
        mark(connection)

    def ranges(self, first: Month, last: Month) -> list[StationRange]:
        """The stations of these months in parts, each small enough to be worked on in memory."""
        query = sa.select(COVERAGE.c.station_id).where(COVERAGE.c.month.between(str(first), str(last))).distinct()
        with reading(self.engine) as connection:
            return ranges(connection.scalars(query))

    def daily(self, months: Sequence[Month], stations: StationRange = ALL_STATIONS) -> "list[Daily]":
        """The days at these stations of those of the months that have observations, in order, from one snapshot."""
        with reading(self.engine) as connection:
            databases.snapshot(connection)
            covered = _coverage(connection, map(str, months), stations)
            return [climate.daily for climate in self._month_climates(connection, covered, stations)]

    def month_climate(self, month: Month, stations: StationRange = ALL_STATIONS) -> "MonthClimate | None":
        """What a month's observations at these stations say by the rules of climatology; None where it has none."""
        with reading(self.engine) as connection:
            databases.snapshot(connection)
            covered = _coverage(connection, [str(month)], stations)
            return next(iter(self._month_climates(connection, covered, stations)), None)

    def sheets_made_of(self, *months: Month) -> "dict[Month, MadeOf]":
        """What the monthly sheets of those of the months that are staged are made of."""
        from weather_platform.storage.made_of import made_of

        overrides = self.flagging.overrides()
        with reading(self.engine) as connection:
            databases.snapshot(connection)
            return made_of(connection, months, overrides)

    def flags(self, station: Station, first: date, last: date) -> "list[Flag]":
        """The flags of a station's values from first to last, both included, in order of time."""
        return self.flagging.find(first, last, [station.station_id])

    def _month_climates(
        self, connection: Connection, covered: Iterable[Coverage], within: StationRange
    ) -> "list[MonthClimate]":
        """The months of this coverage, which is that of a range of stations, in order."""
        from weather_platform.storage.made_of import made_of

        stations = defaultdict[Month, list[Station]](list)
        for each in covered:
            stations[Month.parse(each.month)].append(each.station)
        if not stations:
            return []
        overrides = self.flagging.overrides()
        told = made_of(connection, stations, overrides)
        return [
            self._months.get(connection, month, of_month, overrides, told[month], within)
            for month, of_month in stations.items()
        ]

    def synthetic_objects(self, first: date, last: date) -> set[str]:
        """Names of raw objects with synthetic records in the months of these days."""
        query = sa.select(RAW_OBJECTS.c.raw_object).where(
            RAW_OBJECTS.c.month.between(str(Month.of(first)), str(Month.of(last).next)), RAW_OBJECTS.c.synthetic
        )
        with reading(self.engine) as connection:
            return set(connection.scalars(query))

    def summary(self, month: Month) -> MonthSummary:
        """Summary of a month, counted in its tables; NotFound if it was never staged."""
        key = str(month)
        with reading(self.engine) as connection:
            databases.snapshot(connection)
            row = _check_staged(connection, month)
            found = _coverage(connection, [key])
            objects = connection.execute(sa.select(RAW_OBJECTS).where(RAW_OBJECTS.c.month == key)).all()
            counts = {obj.raw_object: msgspec.convert(obj.counts, RecordCounts) for obj in objects}
            slugs = [coverage.station.slug for coverage in found]
            structure = schema.columns_of(connection, slugs)
            counted = row_counts(connection, slugs, month)
            earlier = _counts_by_month(connection, month)
        return MonthSummary(
            month=month,
            observations={coverage.station.station_id: coverage.observations for coverage in found},
            usual=usual_shares(earlier),
            off_hours={
                coverage.station.station_id: off
                for coverage in found
                if (off := counted[coverage.station.slug].off_hours)
            },
            names={coverage.station.station_id: coverage.station.name for coverage in found},
            rows_in_tables=sum(count.rows for count in counted.values()),
            columns=structure,
            silent_hours=[datetime.fromisoformat(hour) for hour in row.silent_hours],
            changes=row.changes,
            objects=counts,
            synthetic=any(obj.synthetic and counts[obj.raw_object].accepted for obj in objects),
        )

    def observations(self, month: Month) -> dict[str, int]:
        """Observations of a month by WMO station number, as staging it noted them; NotFound if it was never staged."""
        with reading(self.engine) as connection:
            _check_staged(connection, month)
            return {found.station.station_id: found.observations for found in _coverage(connection, [str(month)])}

    def is_synthetic(self, month: Month) -> bool:
        """Whether observations of a month are synthetic; NotFound if it was never staged."""
        query = sa.select(RAW_OBJECTS.c.counts).where(RAW_OBJECTS.c.month == str(month), RAW_OBJECTS.c.synthetic)
        with reading(self.engine) as connection:
            _check_staged(connection, month)
            return any(msgspec.convert(counts, RecordCounts).accepted for counts in connection.scalars(query))

    def outdated_months(self) -> list[Month]:
        """Months staged by another release's rules, or never screened, in order; `weather rebuild` makes them again."""
        other = sa.or_(MONTHS.c.code_version.is_(None), MONTHS.c.code_version != CODE_VERSION, MONTHS.c.flags.is_(None))
        query = sa.select(MONTHS.c.month).where(other, MONTHS.c.month != UNPLACED).order_by(MONTHS.c.month)
        with reading(self.engine) as connection:
            return [Month.parse(month) for month in connection.scalars(query)]

    def stations(self) -> dict[str, Station]:
        """Stations with observations, by WMO number; names as of their latest month."""
        query = sa.select(COVERAGE).order_by(COVERAGE.c.station_id, COVERAGE.c.month)
        with reading(self.engine) as connection:
            return {row.station_id: _station(row) for row in connection.execute(query)}

    def coverage(self, months: Iterable[str] | None = None) -> list[Coverage]:
        """Observations by month and station, of all months or of the given ones."""
        with reading(self.engine) as connection:
            return _coverage(connection, months)

    def objects(self, month: str | None = None) -> list[StagedObject]:
        """The staged raw objects with the counts of their records, by month and time of receipt."""
        query = sa.select(RAW_OBJECTS).order_by(RAW_OBJECTS.c.month, RAW_OBJECTS.c.received)
        rows = self._dicts(query if month is None else query.where(RAW_OBJECTS.c.month == month))
        return [
            StagedObject(
                **row
                | {
                    "received": datetime.fromisoformat(row["received"]),
                    "counts": msgspec.convert(row["counts"], RecordCounts),
                }
            )
            for row in rows
        ]

    def counts_of(self, months: Collection[str], raw_objects: Collection[str]) -> dict[str, dict[str, RecordCounts]]:
        """Counts of records of some raw objects, by month and object."""
        query = sa.select(RAW_OBJECTS.c.month, RAW_OBJECTS.c.raw_object, RAW_OBJECTS.c.counts)
        query = query.where(RAW_OBJECTS.c.month.between(min(months), max(months)))
        found: dict[str, dict[str, RecordCounts]] = {}
        with reading(self.engine) as connection:
            for month, name, counts in connection.execute(query):
                if month in months and name in raw_objects:
                    found.setdefault(month, {})[name] = msgspec.convert(counts, RecordCounts)
        return found

    def quarantine(
        self,
        month: str | None = None,
        *,
        reason: str | None = None,
        after: tuple[str, str, int] | None = None,
        limit: int | None = None,
    ) -> list[dict[str, Any]]:
        """Refused records: month, raw_object, position, reason, detail, record; in the order of the first three.

        `after` holds these three of the last record seen.
        """
        order = (QUARANTINE.c.month, QUARANTINE.c.raw_object, QUARANTINE.c.position)
        query = sa.select(QUARANTINE).order_by(*order).limit(limit)
        if after is not None:
            query = query.where(sa.tuple_(*order) > sa.tuple_(*after))
        if month is not None:
            query = query.where(QUARANTINE.c.month == month)
        if reason is not None:
            query = query.where(QUARANTINE.c.reason == reason)
        return self._dicts(query)

    def quarantine_counts(self) -> list[tuple[str, str, int]]:
        """Number of refused records, by month and reason; counted by the database."""
        query = sa.select(QUARANTINE.c.month, QUARANTINE.c.reason, sa.func.count()).group_by(
            QUARANTINE.c.month, QUARANTINE.c.reason
        )
        query = query.order_by(QUARANTINE.c.month, QUARANTINE.c.reason)
        with reaching(self.engine), self.engine.connect() as connection:
            return [(month, reason, count) for month, reason, count in connection.execute(query)]

    def rows(
        self,
        station: Station,
        first: date | None = None,
        last: date | None = None,
        *,
        columns: Sequence[str] | None = None,
        hours: Collection[int] | None = None,
        after: datetime | None = None,
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """A city's observations from first to last (inclusive), by time; columns as in its table.

        `hours` are those of the day (UTC), `after` is the time of the last row seen; the city must have a table.
        """
        table = city_table(station.slug)
        wanted = [table] if columns is None else [table.c[name] for name in columns]
        query = sa.select(*wanted).order_by(table.c.date).limit(limit)
        if hours is not None:
            query = query.where(sa.extract("hour", table.c.date).in_(hours))
        if after is not None:
            query = query.where(table.c.date > after)
        if first is not None:
            query = query.where(table.c.date >= datetime.combine(first, time()))
        if last is not None:
            query = query.where(table.c.date <= datetime.combine(last, _LAST_SECOND))  # date.max has no next day
        with reading(self.engine) as connection:
            for row in (
                connection.execution_options(stream_results=True, max_row_buffer=_ROWS_READ_AHEAD)
                .execute(query)
                .mappings()
            ):
                yield dict(row)

    def flagged_rows(
        self,
        stations: Iterable[Station],
        first: date | None = None,
        last: date | None = None,
        *,
        columns: Sequence[str] | None = None,
        hours: Collection[int] | None = None,
        after: tuple[str, datetime | None] = ("", None),
        limit: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The `rows` of several stations by number, those without a table left out, each with `city` and `flags`.

        `after` has the station and time of the last row seen.
        """
        staged, (at_station, at_time) = self.stations(), after
        wanted = sorted(
            (each for each in stations if each.station_id in staged and each.station_id >= at_station),
            key=attrgetter("station_id"),
        )
        read = columns and list(dict.fromkeys(("numer_sta", "date", *(name for name in columns if name not in _ADDED))))
        for station in wanted:
            since = at_time if station.station_id == at_station else None
            told = self.flagging.texts(first, last, [station.station_id])
            for row in self.rows(station, first, last, columns=read, hours=hours, after=since, limit=limit):
                yield {"city": station.name, **row, "flags": told.get((station.station_id, row["date"]), "")}

    def field_sources(self, station: Station, first: date, last: date) -> dict[datetime, FieldSources]:
        """For rows merged from several raw objects: fields whose value is not from the object named in the row."""
        query = sa.select(FIELD_SOURCES).where(
            FIELD_SOURCES.c.month.between(str(Month.of(first)), str(Month.of(last))),
            FIELD_SOURCES.c.station_id == station.station_id,
            FIELD_SOURCES.c.date.between(datetime.combine(first, time()), datetime.combine(last, _LAST_SECOND)),
        )
        found: dict[datetime, FieldSources] = {}
        with reading(self.engine) as connection:
            for row in connection.execute(query):
                found.setdefault(row.date, {})[row.field] = row.raw_object
        return found

    def revision(self, first: Month | None = None, last: Month | None = None) -> str:
        """A text that changes whenever the rows of these months change; derived from their raw objects in order."""
        told = (RAW_OBJECTS.c.month, RAW_OBJECTS.c.raw_object, RAW_OBJECTS.c.received)
        query = sa.select(*told).order_by(*RAW_OBJECTS.primary_key)
        if first is not None:
            query = query.where(RAW_OBJECTS.c.month >= str(first))
        if last is not None:
            query = query.where(RAW_OBJECTS.c.month <= str(last))
        with reading(self.engine) as connection:
            staged = "".join("".join(row) for row in connection.execute(query))
        return hashlib.sha256(f"{CODE_VERSION}{staged}".encode()).hexdigest()[:16]

    def _dicts(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        with reading(self.engine) as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def _check_staged(connection: Connection, month: Month) -> Any:
    """The month's row of `_months`; NotFound if it was never staged."""
    row = connection.execute(sa.select(MONTHS).where(MONTHS.c.month == str(month))).one_or_none()
    if row is None:
        raise NotFound(f"{month} is not staged.", "Materialise staged_observations of that month first.")
    return row


def _coverage(
    connection: Connection, months: Iterable[str] | None, stations: StationRange = ALL_STATIONS
) -> list[Coverage]:
    query = sa.select(COVERAGE).order_by(COVERAGE.c.month, COVERAGE.c.station_id)
    query = query.where(COVERAGE.c.station_id >= stations.first, COVERAGE.c.station_id < stations.end)
    if months is not None:
        query = query.where(COVERAGE.c.month.in_(list(months)))
    return [
        Coverage(row.month, _station(row), row.observations, row.first, row.last) for row in connection.execute(query)
    ]


def _counts_by_month(connection: Connection, month: Month) -> dict[Month, dict[str, int]]:
    """Observations of the stored months among the twelve before `month`, by month and station."""
    first = Month(month.year - 1, month.number)
    months = [str(each) for each in month_range(first, month.previous)]
    query = sa.select(COVERAGE.c.month, COVERAGE.c.station_id, COVERAGE.c.observations)
    by_month: dict[Month, dict[str, int]] = {}
    for key, station_id, count in connection.execute(query.where(COVERAGE.c.month.in_(months))):
        by_month.setdefault(Month.parse(key), {})[station_id] = count
    return by_month


def _delete_month(connection: Connection, table: sa.TableClause, month: Month) -> None:
    # As text: of 12,000 cities, as many constructs of SQLAlchemy wait for the garbage collector.
    name = connection.dialect.identifier_preparer.format_table(table)
    statement = f"DELETE FROM {name} WHERE date >= :first AND date < :end"  # noqa: S608  # quoted by the dialect
    days = {"first": month.first_day, "end": month.next.first_day}
    connection.execute(sa.text(statement), databases.midnights(connection, days))


def _station(row: Any) -> Station:
    return STATIONS.get(row.station_id) or msgspec.structs.replace(
        station_for(row.station_id, row.name),
        latitude_deg=row.latitude_deg,
        longitude_deg=row.longitude_deg,
        altitude_m=row.altitude_m,
    )
