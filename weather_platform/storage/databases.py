"""Connections to MySQL, MariaDB and SQLite with the same behaviour: UTC, strict mode, explicit transactions."""

import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from filelock import Timeout
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from weather_platform.domain.errors import (
    BadSettings,
    StoreBusy,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
    WeatherError,
)
from weather_platform.files import file_lock
from weather_platform.storage.sqlite_files import ALTERED, FOLDER, connect_to_read, cure_of, nothing_stored

T = TypeVar("T")

LOCK_TIMEOUT_S = 600
CONNECTIONS = 64
"""Most connections of an engine: a MySQL server has room for 151 by default, for all processes together."""
_FREE_IN_S = 5.0
"""Longest wait for one of them."""
_SILENT_S = 90
"""A server that says nothing for longer, as a paused one, is treated as gone; the longest statements take seconds."""
_LOCK_PART_S = 30
_SETTING = "WEATHER_STAGING_URL"
_TRIES = 3
_READS = "reads"
_READ_ONLY = "read_only"
_BUSY_TIMEOUT_S = 30
_SQLITE = "sqlite:///"
_DEADLOCK_OR_LOCK_WAIT = (1205, 1213)
_NO_SUCH_TABLE = 1146
SECONDS_OF_DATE = {
    "mysql": "TIMESTAMPDIFF(SECOND, '1970-01-01', date)",
    "sqlite": "CAST(strftime('%s', date) AS INTEGER)",
}
"""The column `date` of a city's table in seconds since 1970, by dialect."""
_CITIES_PER_QUERY = 30
"""SQLite takes at most 500 parts of a UNION."""
_CURES: dict[int, tuple[type[StoreUnavailable], str]] = {
    1021: (StoreFull, "Free space on the database server's disk, then run again."),
    1040: (StoreBusy, "Allow more by max_connections on the server, or serve fewer downloads (WEATHER_API_STREAMS)."),
    1044: (StoreRefused, "Grant the user of WEATHER_STAGING_URL rights on that database."),
    1045: (StoreRefused, "Correct the user or password in WEATHER_STAGING_URL."),
    1049: (StoreRefused, "Create the database, or correct its name in WEATHER_STAGING_URL."),
    1054: (StoreRefused, ALTERED),  # no such column
    1142: (StoreRefused, "Grant the user of WEATHER_STAGING_URL rights on that table."),
    1698: (StoreRefused, "Correct the user or password in WEATHER_STAGING_URL."),
    2003: (StoreUnavailable, "Start the server, or correct WEATHER_STAGING_URL; then run again."),
}
"""By MySQL's error code; SQLite's are in `sqlite_files`."""
_ANOTHER = (StoreUnavailable, "Check the server and its log, then run again; nothing was half-written.")
_ALIKE = {1114: 1021, 1203: 1040, 1226: 1040}
"""A full table; too many connections of one user."""
_DISK_FULL = re.compile(r"\b(?:errno|errcode|error):? 28\b|no space left|no more room|disk is full", re.IGNORECASE)
"""In messages of several codes, as a disk may be full at any write (3, 1005 and 3675 seen)."""


def open_engine(url: str, *, read_only: bool = False, connections: int = CONNECTIONS) -> Engine:
    """An engine for ``mysql+pymysql://…`` or ``sqlite:///file``; connects only when used."""
    if url.startswith(_SQLITE):  # a plain path without escapes
        path = Path(url.removeprefix(_SQLITE).partition("?")[0])
        return _sqlite(path, read_only=read_only, connections=connections)
    try:
        return _mysql(sa.make_url(url), connections)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise BadSettings(
            "WEATHER_STAGING_URL is not the address of a database.",
            "Write mysql+pymysql://user:password@host:3306/database, with @ / : % in the password as %40 %2F %3A %25.",
        ) from error


def _mysql(url: sa.URL, connections: int) -> Engine:
    if not url.database:
        cure = "Write its name at the end, after the port and a slash."
        raise BadSettings("WEATHER_STAGING_URL names no database.", cure)
    return sa.create_engine(
        url,
        # No gap locks: two months of one table load side by side. Reads that must be consistent use a snapshot.
        isolation_level="READ COMMITTED",
        pool_pre_ping=True,
        **_pool(connections),
        connect_args={
            "local_infile": True,
            "charset": "utf8mb4",
            "connect_timeout": 5,
            "read_timeout": _SILENT_S,
            "write_timeout": _SILENT_S,
            "init_command": "SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES', group_concat_max_len = 16777216",
        },
    )


def _pool(connections: int) -> dict[str, Any]:
    """Five are kept. A waiter for a lock holds one, and the holder needs one too: more than ever wait at once."""
    kept = min(5, connections)
    return {"pool_size": kept, "max_overflow": connections - kept, "pool_timeout": _FREE_IN_S}


def _sqlite(path: Path, *, read_only: bool, connections: int) -> Engine:
    path = path.expanduser().resolve()
    address = sa.URL.create("sqlite", database=str(path))
    if read_only:
        # No pool: each connection checks whether the file is at rest, which takes 0.2 ms.
        engine = sa.create_engine(
            address,
            creator=lambda: connect_to_read(path, timeout_s=_BUSY_TIMEOUT_S),
            poolclass=sa.NullPool,
            execution_options={_READ_ONLY: True},
        )
    else:
        with _writing(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(address, connect_args={"timeout": _BUSY_TIMEOUT_S}, **_pool(connections))

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is issued below
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A deferred transaction that starts to write fails at once if another has written meanwhile.
        reads = read_only or connection.get_execution_options().get(_READS)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cure = FOLDER.format(setting=_SETTING)
        raise StoreRefused(f"The folder {folder} cannot be written: {error.strerror}.", cure) from error


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read-only connection; with SQLite, readers and writers do not block each other. Errors as in `reaching`."""
    with reaching(engine), engine.execution_options(**{_READS: True}).connect() as connection:
        yield connection


@contextmanager
def reaching(engine: Engine) -> Iterator[None]:
    """Translate a driver's error into one with store, cause and cure.

    A broken constraint is raised unchanged: the store answered, and the fault is in this code.
    """
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except sa.exc.DBAPIError as error:
        raise _explained(engine, error) from error
    except sa.exc.TimeoutError as error:
        cause = f"All connections of this process to {engine.url.render_as_string(hide_password=True)} are in use."
        raise StoreBusy(cause, "Run again when other requests have ended.") from error


def _explained(engine: Engine, error: sa.exc.DBAPIError) -> WeatherError:
    where = engine.url.render_as_string(hide_password=True)
    reason = error.orig.args[-1] if error.orig and error.orig.args else error
    if isinstance(error.orig, sqlite3.Error):
        if engine.get_execution_options().get(_READ_ONLY) and engine.url.database:
            nothing = nothing_stored(Path(engine.url.database))
            if nothing:
                return nothing
        kind, cure = cure_of(error.orig, _SETTING)
    else:
        kind, cure = _CURES.get(_code(error), _ANOTHER)
    return kind(f"The staging database {where} answers: {reason}.", cure)


def _code(error: sa.exc.DBAPIError) -> int:
    code = error.orig.args[0] if error.orig and error.orig.args else 0
    return 1021 if _DISK_FULL.search(str(error.orig)) else _ALIKE.get(code, code)


def snapshot(connection: Connection) -> None:
    """Start a snapshot: all following reads of this connection see the same state."""
    if connection.dialect.name == "mysql":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")


def of_many_cities(
    connection: Connection, queries: Sequence[str], days: Mapping[str, date]
) -> Iterator[tuple[int, str]]:
    """The rows of one query per city, many sent together; each selects the place of its city and a text.

    `:first` in the queries is 00 UTC of the day with that name.
    """
    bounds = midnights(connection, days)
    for start in range(0, len(queries), _CITIES_PER_QUERY):
        together = " UNION ALL ".join(queries[start : start + _CITIES_PER_QUERY])
        yield from ((place, text) for place, text in connection.execute(sa.text(together), bounds))


def midnights(connection: Connection, days: Mapping[str, date]) -> dict[str, datetime | str]:
    """Values of these names in a statement's text: 00 UTC of the days."""
    return {name: _midnight(connection, day) for name, day in days.items()}


def _midnight(connection: Connection, day: date) -> datetime | str:
    midnight = datetime.combine(day, time())
    return midnight.isoformat(" ") if connection.dialect.name == "sqlite" else midnight


def was_interrupted_by_another(error: sa.exc.DBAPIError) -> bool:
    """True for a deadlock or a lock timeout: the same transaction may be retried."""
    return bool(error.orig and error.orig.args and error.orig.args[0] in _DEADLOCK_OR_LOCK_WAIT)


def is_missing_table(error: sa.exc.DBAPIError) -> bool:
    """Whether MySQL has no such table."""
    return bool(error.orig and error.orig.args and error.orig.args[0] == _NO_SUCH_TABLE)


def in_transaction(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Run the work in a transaction of its own, and retry after a deadlock or lock timeout."""
    with reaching(engine):
        for _ in range(_TRIES - 1):
            try:
                with engine.begin() as connection:
                    return work(connection)
            except sa.exc.DBAPIError as error:
                if not was_interrupted_by_another(error):
                    raise
        with engine.begin() as connection:
            return work(connection)


def make_missing(engine: Engine, tables: Iterable[sa.Table]) -> None:
    """Create missing tables; other processes may create them at the same time, as on a new database.

    Only primary keys, no other index: MySQL lacks CREATE INDEX IF NOT EXISTS.
    """
    with reading(engine) as connection:
        there = set(sa.inspect(connection).get_table_names())
    if missing := [table for table in tables if table.name not in there]:
        create(engine, missing)


def create(engine: Engine, tables: Iterable[sa.Table]) -> None:
    """Create tables, unless another process has created them."""
    with reaching(engine), engine.begin() as connection:
        for table in tables:
            connection.execute(sa.schema.CreateTable(table, if_not_exists=True))


@contextmanager
def exclusive(engine: Engine, *names: str, timeout_s: int = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the named locks against all other processes and threads; they are released if the holder dies.

    Names are taken in sorted order, so that two processes cannot deadlock.
    """
    take = _mysql_lock if engine.dialect.name == "mysql" else _file_lock
    with ExitStack() as stack:
        for name in sorted(set(names)):
            stack.enter_context(take(engine, name, timeout_s))
        yield


def _busy(name: str, timeout_s: int) -> StoreUnavailable:
    return StoreUnavailable(
        f"Another run has held {name} for {timeout_s} s.", "Wait for it or stop it in the Dagster UI, then run again."
    )


@contextmanager
def _mysql_lock(engine: Engine, name: str, timeout_s: int) -> Iterator[None]:
    # Lock names belong to the server, not the database, and have at most 64 characters.
    key = hashlib.sha256(f"{engine.url.database}:{name}".encode()).hexdigest()
    with reaching(engine):
        connection = engine.connect()
    try:
        with reaching(engine):
            is_granted = _waited_for_lock(connection, key, timeout_s)
        if not is_granted:
            raise _busy(name, timeout_s)
        yield
    finally:
        _release(connection, key)


def _waited_for_lock(connection: Connection, key: str, timeout_s: int) -> bool:
    """In parts, as a server that says nothing for `_SILENT_S` is treated as gone."""
    for passed_s in range(0, timeout_s + 1, _LOCK_PART_S):
        part_s = min(_LOCK_PART_S, timeout_s - passed_s)
        if connection.scalar(sa.select(sa.func.get_lock(key, part_s))) == 1:
            return True
    return False


def _release(connection: Connection, key: str) -> None:
    """Release the lock, then reuse the connection: a new one takes 30 ms, mostly for PyMySQL's TLS context."""
    try:
        is_free = connection.scalar(sa.select(sa.func.release_lock(key))) == 1
        connection.rollback()  # asks the server, as `close` would: it may be gone by now
    except (sa.exc.DBAPIError, sa.exc.PendingRollbackError):  # lost now, or while we waited for the lock
        is_free = False
    if not is_free:
        connection.invalidate()  # ending the session always releases the lock
    connection.close()


@contextmanager
def _file_lock(engine: Engine, name: str, timeout_s: int) -> Iterator[None]:
    folder = Path(f"{engine.url.database}.locks")
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = file_lock(folder / name.replace(":", "-"), timeout_s=timeout_s)
        try:
            lock.acquire()
        except Timeout as error:
            raise _busy(name, timeout_s) from error
    try:
        yield
    finally:
        lock.release()
