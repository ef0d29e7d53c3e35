"""Marks in MySQL and MariaDB: one small read tells whether anything changed, however many months are stored.

The last statement of every transaction that changes what readers see puts a random token into one of a few rows. A
reader of these rows sees the new token exactly when the change becomes visible. SQLite reports its commits itself
(`changes`); MongoDB has marks of its own (`marks_mongodb`).
"""

import secrets
import threading

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Connection, Engine

from weather_platform.storage.databases import is_missing_table, reaching
from weather_platform.storage.staging_tables import MARKS

_SLOTS = 16
"""Rows. A transaction takes one at random; with a single row, transactions would commit one after another."""
_ALL_TOKENS = f"SELECT GROUP_CONCAT(token ORDER BY slot) FROM {MARKS.name}"  # noqa: S608
"""In one row: the driver spends more on sixteen than the server on this."""


def mark(connection: Connection) -> None:
    """Mark a transaction as one that changes what readers see.

    Its last statement: another transaction may wait for the row until this one has committed, and a transaction that
    waits for nothing after it cannot be part of a deadlock.
    """
    if connection.dialect.name != "mysql":
        return
    into = mysql.insert(MARKS).values(slot=secrets.randbelow(_SLOTS), token=secrets.token_hex(8))
    connection.execute(into.on_duplicate_key_update(token=into.inserted.token))


class SqlMarks:
    """Reads the marks over a connection of its own; may be shared by threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def token(self) -> str | None:
        """A text that changes with each marked transaction; None where no writer of this release was ever."""
        with self._lock, reaching(self._engine):
            try:
                return self._read()
            except sa.exc.DBAPIError as error:
                self._close()
                if is_missing_table(error):
                    return None
                return self._read()  # the server has closed the connection, as it does with idle ones

    def close(self) -> None:
        """Give the connection back; the next look takes another."""
        with self._lock:
            self._close()

    def _read(self) -> str:
        if self._connection is None:
            # Without a transaction, whose snapshot would show the same marks for ever.
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return str(self._connection.exec_driver_sql(_ALL_TOKENS).scalar() or "none")

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
