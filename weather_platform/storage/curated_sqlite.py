"""Daily documents as JSON in one SQLite file, without a server; the contract is `curated.CuratedStore`."""

import secrets
import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.errors import StoreRefused
from weather_platform.domain.events import Event, StationEvent
from weather_platform.domain.months import Month
from weather_platform.domain.parts import ALL_STATIONS, StationRange
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.storage.curated import (
    ALL_DOCUMENTS,
    ALL_EVENTS,
    NO_REVISION,
    Change,
    Coverage,
    Days,
    EventQuery,
    Query,
    Replaced,
    StoredCity,
    as_documents,
    by_id,
    difference,
    months_of,
    no_document,
    overall_revision,
    position,
)
from weather_platform.storage.sqlite_files import FOLDER, connect_to_read, cure_of, nothing_stored

_BUSY_TIMEOUT_S = 30
_SCHEMA = """
CREATE TABLE IF NOT EXISTS weather_stats (
    id           TEXT PRIMARY KEY,
    doc          TEXT NOT NULL,
    station_id   TEXT    AS (json_extract(doc, '$.station_id')),
    date         TEXT    AS (json_extract(doc, '$.period')),
    observations INTEGER AS (json_extract(doc, '$.observations')),
    expected     INTEGER AS (json_extract(doc, '$.expected'))
);
CREATE INDEX IF NOT EXISTS by_day ON weather_stats (date, station_id, observations, expected);
CREATE INDEX IF NOT EXISTS by_station ON weather_stats (station_id, date, observations, expected);
CREATE TABLE IF NOT EXISTS revisions (month TEXT PRIMARY KEY, token TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS changes (
    month      TEXT NOT NULL,
    station_id TEXT NOT NULL,
    number     INTEGER NOT NULL UNIQUE,
    PRIMARY KEY (month, station_id)
);
CREATE TABLE IF NOT EXISTS followers (name TEXT PRIMARY KEY, number INTEGER NOT NULL);
-- A file of an earlier version: all that it holds is a change.
INSERT INTO changes (month, station_id, number)
    SELECT month, station_id, row_number() OVER (ORDER BY month, station_id) FROM (
        SELECT DISTINCT substr(date, 1, 7) AS month, station_id FROM weather_stats
        WHERE NOT EXISTS (SELECT 1 FROM changes)
    );
CREATE TABLE IF NOT EXISTS monthly_climate (
    id         TEXT PRIMARY KEY,
    doc        TEXT NOT NULL,
    station_id TEXT AS (substr(id, 1, 5)),
    month      TEXT AS (substr(id, 7)),
    revision   TEXT AS (json_extract(doc, '$.revision'))
);
CREATE INDEX IF NOT EXISTS monthly_by_month ON monthly_climate (month, station_id, revision);
CREATE INDEX IF NOT EXISTS monthly_by_station ON monthly_climate (station_id, month);
CREATE TABLE IF NOT EXISTS monthly_revisions (month TEXT PRIMARY KEY, token TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS station_documents (
  kind TEXT NOT NULL,
  station_id TEXT NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY (kind, station_id)
) WITHOUT ROWID;
"""
_SETTING = "WEATHER_CURATED_URL"


class SqliteCurated:
    """Documents in a SQLite file in WAL mode: one writer at a time, readers never wait.

    Every call opens its own connection (0.2 ms), so that threads and forked processes share nothing.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path.expanduser().resolve()
        self.read_only = read_only
        self._ensured = False
        self._ensuring = threading.Lock()

    def __repr__(self) -> str:
        return f"SqliteCurated({str(self.path)!r}, read_only={self.read_only})"

    def ensure(self) -> None:
        with self._ensuring, self._explained():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection:
                _turn_on_wal(connection)
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
            self._ensured = True

    def ping(self) -> None:
        self.all("SELECT 1 FROM weather_stats LIMIT 1")

    def close(self) -> None:
        """Nothing is kept open."""

    def replace(self, days: Days, documents: Iterable[WeatherStats], stations: StationRange = ALL_STATIONS) -> Replaced:
        produced = by_id(days, documents, stations)
        with self.connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            stored = connection.execute(
                "SELECT id, json_extract(doc, '$.provenance.revision') FROM weather_stats"
                # Each day by itself: of a range of days, the index would be read with all stations.
                " WHERE date IN (SELECT value FROM json_each(?)) AND station_id >= ? AND station_id < ?",
                [_json([day.isoformat() for day in Stretch(*days).days]), *stations],
            )
            diff = difference(dict(stored), produced)
            if not diff.is_empty:
                connection.executemany(
                    "INSERT INTO weather_stats (id, doc) VALUES (?, ?)"
                    " ON CONFLICT (id) DO UPDATE SET doc = excluded.doc",
                    ((doc.document_id, msgspec.json.encode(doc).decode()) for doc in (*diff.new, *diff.altered)),
                )
                connection.executemany("DELETE FROM weather_stats WHERE id = ?", ((key,) for key in diff.gone))
                connection.executemany(
                    "INSERT OR REPLACE INTO revisions (month, token) VALUES (?, ?)",
                    ((str(month), secrets.token_hex(8)) for month in months_of(days)),
                )
                # One writer at a time, so that a greater number is always committed later.
                connection.executemany(
                    "INSERT OR REPLACE INTO changes (month, station_id, number)"
                    " SELECT ?, ?, coalesce(max(number), 0) + 1 FROM changes",
                    diff.touched,
                )
            connection.execute("COMMIT")
        return diff.counts()

    def get(self, document_id: str) -> WeatherStats:
        rows = self.all("SELECT doc FROM weather_stats WHERE id = ?", document_id)
        for document in as_documents((doc for (doc,) in rows), _DOCUMENT.decode):
            return document
        raise no_document(document_id)

    def find(self, query: Query = ALL_DOCUMENTS) -> Iterator[WeatherStats]:
        where, values = _selection(query)
        order = "DESC" if query.newest_first else "ASC"
        rows = self.rows(
            f"SELECT doc FROM weather_stats WHERE {where} ORDER BY date {order}, station_id {order} LIMIT ?",  # noqa: S608
            *values,
            query.limit or -1,
        )
        return as_documents((doc for (doc,) in rows), _DOCUMENT.decode)

    def events(self, query: EventQuery = ALL_EVENTS) -> Iterator[StationEvent]:
        where, values = _selection(query)
        order = "DESC" if query.newest_first else "ASC"
        if query.types is not None:
            where += " AND type IN (SELECT value FROM json_each(?))"
            values.append(_json(query.types))
        if query.at_least is not None:
            where += " AND json_extract(event, '$.value') >= json_extract(?, '$.\"' || unit || '\"')"
            values.append(msgspec.json.encode(query.at_least).decode())
        rows = self.rows(
            f"""
            SELECT doc, event FROM (
                SELECT doc, date, station_id, each.value AS event, json_extract(each.value, '$.type') AS type,
                    json_extract(each.value, '$.unit') AS unit
                FROM weather_stats, json_each(doc, '$.extreme_events') AS each
            )
            WHERE {where} ORDER BY date {order}, station_id {order}, type {order} LIMIT ?
            """,  # noqa: S608
            *values,
            query.limit or -1,
        )
        return (_event(_STATION_DAY.decode(doc), _EVENT.decode(event)) for doc, event in rows)

    def cities(self) -> list[StoredCity]:
        rows = self.all(
            """
            SELECT n.station_id, json_extract(doc, '$.slug') AS slug, json_extract(doc, '$.city'),
                   documents, first, last
            FROM (SELECT station_id, count(*) AS documents, min(date) AS first, max(date) AS last
                  FROM weather_stats GROUP BY station_id) AS n
            JOIN weather_stats AS latest ON latest.id = n.station_id || ':' || last
            ORDER BY slug
            """
        )
        return [
            StoredCity(
                station_id=station_id,
                slug=slug,
                city=city,
                documents=documents,
                first=date.fromisoformat(first),
                last=date.fromisoformat(last),
            )
            for station_id, slug, city, documents, first, last in rows
        ]

    def days(self) -> Days | None:
        # Two look-ups at the ends of the index; min and max in one query would read all of it.
        ((first, last),) = self.all(
            "SELECT (SELECT min(date) FROM weather_stats), (SELECT max(date) FROM weather_stats)"
        )
        return None if first is None else (date.fromisoformat(first), date.fromisoformat(last))

    def dates(self, stations: Collection[str] | None = None) -> list[date]:
        where, values = _selection(Query(stations=stations))
        rows = self.all(f"SELECT DISTINCT date FROM weather_stats WHERE {where} ORDER BY date", *values)  # noqa: S608
        return [date.fromisoformat(day) for (day,) in rows]

    def coverage(self, first: date | None = None, last: date | None = None) -> list[Coverage]:
        where, values = _selection(Query(first=first, last=last))
        rows = self.all(
            f"""
            SELECT station_id, substr(date, 1, 7) AS month, count(*), sum(observations), sum(expected)
            FROM weather_stats WHERE {where} GROUP BY station_id, month ORDER BY station_id, month
            """,  # noqa: S608
            *values,
        )
        return [
            Coverage(
                station_id=station_id,
                month=Month.parse(month),
                documents=documents,
                observations=observations,
                expected=expected,
            )
            for station_id, month, documents, observations, expected in rows
        ]

    def rain(self, first: date, last: date) -> dict[str, list[float]]:
        where, values = _selection(Query(first=first, last=last))
        rows = self.rows(
            f"""
            SELECT station_id, json_extract(doc, '$.metrics.rainfall.rr') AS mm
            FROM weather_stats WHERE {where} AND mm IS NOT NULL ORDER BY date
            """,  # noqa: S608
            *values,
        )
        rain: dict[str, list[float]] = {}
        for station_id, mm in rows:
            rain.setdefault(station_id, []).append(mm)
        return rain

    def revision(self) -> str:
        return overall_revision(token for (token,) in self.all("SELECT token FROM revisions"))

    def month_revision(self, month: Month) -> str:
        tokens = self.all("SELECT token FROM revisions WHERE month = ?", str(month))
        return str(tokens[0][0]) if tokens else NO_REVISION

    def changes(self, since: int = 0, limit: int | None = None) -> list[Change]:
        rows = self.all(
            "SELECT number, month, station_id FROM changes WHERE number > ? ORDER BY number LIMIT ?", since, limit or -1
        )
        return [Change(number=number, month=month, station_id=station_id) for number, month, station_id in rows]

    def last_change(self) -> int:
        return int(self.all("SELECT coalesce(max(number), 0) FROM changes")[0][0])

    def followed(self, follower: str) -> int:
        return int(self.all("SELECT coalesce(max(number), 0) FROM followers WHERE name = ?", follower)[0][0])

    def follow(self, follower: str, number: int) -> None:
        self.all("INSERT OR REPLACE INTO followers (name, number) VALUES (?, ?)", follower, number)

    def all(self, statement: str, *values: object) -> list[Any]:
        with self.connection() as connection:
            return connection.execute(statement, values).fetchall()

    def rows(self, statement: str, *values: object) -> Iterator[Any]:
        with self.connection() as connection:
            yield from connection.execute(statement, values)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own to the file, whose tables are there; for the stores that share it."""
        if not self.read_only and not self._ensured:
            self.ensure()
        with self._explained(), closing(self._connect()) as connection:
            yield connection

    def _connect(self) -> sqlite3.Connection:
        if self.read_only:
            return connect_to_read(self.path, timeout_s=_BUSY_TIMEOUT_S)
        connection = sqlite3.connect(
            f"file:{quote(str(self.path))}?mode=rwc",
            uri=True,
            timeout=_BUSY_TIMEOUT_S,
            isolation_level=None,  # transactions are begun and committed explicitly
            check_same_thread=False,  # a web server may read one answer's rows in several threads, one at a time
        )
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Translate an error of the file into one with cause and cure."""
        try:
            yield
        except OSError as error:
            raise StoreRefused(
                f"The folder of {self.path} cannot be made: {error.strerror}.", FOLDER.format(setting=_SETTING)
            ) from error
        except sqlite3.Error as error:
            if self.read_only and (nothing := nothing_stored(self.path)):
                raise nothing from error
            kind, cure = cure_of(error, _SETTING)
            raise kind(f"The statistics in {self.path} cannot be used: {error}.", cure) from error


def _turn_on_wal(connection: sqlite3.Connection) -> None:
    """If several processes create a file at once, this pragma fails for some without waiting: 3 of 2,400 (measured)."""
    deadline = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _selection(query: Query) -> tuple[str, list[Any]]:
    """A WHERE clause and its values; the clause is made only of constants."""
    conditions, values = ["TRUE"], list[Any]()
    if query.stations is not None:
        conditions.append("station_id IN (SELECT value FROM json_each(?))")
        values.append(_json(query.stations))
    if query.first is not None:
        conditions.append("date >= ?")
        values.append(query.first.isoformat())
    if query.last is not None:
        conditions.append("date <= ?")
        values.append(query.last.isoformat())
    if seen := position(query):
        beyond = "<" if query.newest_first else ">"
        conditions.append(f"({', '.join(seen)}) {beyond} ({', '.join('?' * len(seen))})")
        values += map(str, seen.values())
    return " AND ".join(conditions), values


def _json(texts: Collection[str]) -> str:
    return msgspec.json.encode(sorted(texts)).decode()


class _StationDay(msgspec.Struct, frozen=True, rename={"document_id": "_id"}):
    """Columns that an event takes from its document."""

    document_id: str
    station_id: str
    city: str
    slug: str
    period: str
    date: datetime


_DOCUMENT = msgspec.json.Decoder(WeatherStats)
_STATION_DAY = msgspec.json.Decoder(_StationDay)
_EVENT = msgspec.json.Decoder(Event)


def _event(day: _StationDay, event: Event) -> StationEvent:
    return StationEvent(
        event_id=f"{day.document_id}:{event.type}",
        station_id=day.station_id,
        city=day.city,
        slug=day.slug,
        period=day.period,
        date=day.date,
        type=event.type,
        value=event.value,
        unit=event.unit,
        threshold=event.threshold,
    )
