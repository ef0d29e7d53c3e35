"""Dagster's databases of SQLite, held open: Dagster opens one per statement, and waits for the disk twice for each.

As it comes, each of a month's 320 statements makes an engine, opens the file, waits until a commit is on the disk, and
closes. If nobody else has the file open, closing it moves its write-ahead log into the database, which waits for the
disk again. Alembic's 70 revisions are read four times per run, to find that a database has the newest one.

Commits do not wait for the disk here (`synchronous = NORMAL`): after a power cut the last ones may be missing, and the
database is whole. Runs that seem to be going are then found lost, and `weather catalogue` shows what the stores hold.
"""

import sqlite3
import tempfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS, create_db_conn_string
from dagster._core.storage.sqlite_storage import (
    DagsterSqliteStorage,
    _event_logs_directory,
    _runs_directory,
    _schedule_directory,
)
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine

from weather_platform.files import atomic_write

_MOST_OPEN = 12
"""Databases kept open: three of the instance, and those of the runs used last."""
_NEWEST: set[str] = set()
"""Homes that this process, or the one that it was forked from, has brought to the newest revision."""


class OpenDatabases:
    """Engines by address, with their connections; the least recently used are closed."""

    def __init__(self) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def transaction(self, address: str) -> Iterator[Connection]:
        with self._engine(address).begin() as connection:
            yield connection

    def close(self) -> None:
        with self._lock:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()

    def _engine(self, address: str) -> Engine:
        with self._lock:
            if address not in self._engines:
                self._engines[address] = _opened(address)
                if len(self._engines) > _MOST_OPEN:
                    _, oldest = self._engines.popitem(last=False)
                    oldest.dispose()  # a connection in use is closed when it is given back
            self._engines.move_to_end(address)
            return self._engines[address]


def _opened(address: str) -> Engine:
    engine = sa.create_engine(address, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine


class _HeldOpen:
    """A storage of one database, by connections that stay open."""

    _conn_string: str
    _databases: OpenDatabases

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._databases.transaction(self._conn_string) as connection:
            yield connection


class OpenRuns(_HeldOpen, SqliteRunStorage):
    """The runs."""

    def __init__(self, address: str, databases: OpenDatabases) -> None:
        super().__init__(address)
        self._databases = databases


class OpenSchedules(_HeldOpen, SqliteScheduleStorage):
    """The ticks."""

    def __init__(self, address: str, databases: OpenDatabases) -> None:
        super().__init__(address)
        self._databases = databases


class OpenEvents(SqliteEventLogStorage):
    """The events, one database per run beside their index, by connections that stay open."""

    def __init__(self, folder: str, databases: OpenDatabases) -> None:
        self._databases = databases
        super().__init__(folder)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        path = Path(self.path_for_shard(shard))
        if shard != INDEX_SHARD_NAME and not path.exists():
            # Another process or thread may do so at the same time.
            with suppress(FileExistsError), atomic_write(path, replace=False) as draft:
                draft.write_bytes(_empty_shard())
        with self._db_lock, self._databases.transaction(self.conn_string_for_shard(shard)) as connection:
            yield connection

    def has_table(self, table_name: str) -> bool:
        """Asked for each verdict of a check, sometimes while `_db_lock` is held."""
        with self._databases.transaction(self.conn_string_for_shard(INDEX_SHARD_NAME)) as connection:
            return bool(sa.inspect(connection).has_table(table_name))

    def dispose(self) -> None:
        super().dispose()
        self._databases.close()


@cache
def _empty_shard() -> bytes:
    """A run's database without events, as Dagster makes it in 0.1 s."""
    with tempfile.TemporaryDirectory() as folder:
        events = SqliteEventLogStorage(folder)
        with events.run_connection("empty"):
            pass
        return Path(events.path_for_shard("empty")).read_bytes()


class OpenSqliteStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite, by connections that stay open until the instance is disposed of."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        runs = Path(_runs_directory(base_dir))
        if base_dir not in _NEWEST or not (runs / "runs.db").exists():
            DagsterSqliteStorage(base_dir)  # makes the databases, or brings them to the newest revision
            _NEWEST.add(base_dir)
        databases = OpenDatabases()
        self.base_dir = base_dir
        self._inst_data = inst_data
        self._run_storage = OpenRuns(create_db_conn_string(str(runs), "runs"), databases)
        self._event_log_storage = OpenEvents(_event_logs_directory(base_dir), databases)
        self._schedule_storage = OpenSchedules(
            create_db_conn_string(_schedule_directory(base_dir), "schedules"), databases
        )

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "OpenSqliteStorage":
        return cls(inst_data=inst_data, **config_value)
