"""Detects changes of SQLite files as cheaply as SQLite allows."""

import os
import sqlite3
import threading
from pathlib import Path

from weather_platform.storage.sqlite_files import connect_to_read


class SqliteChanges:
    """Detects every commit to one SQLite file, in some 20 µs; may be shared by threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file = ""
        self._opened = 0

    def token(self) -> str:
        """A text that changes with each commit, and if the file is replaced.

        OSError without a file, sqlite3.Error for a broken one. SQLite's ``data_version`` counts the commits of other
        connections that this one sees. A folder that this user may not write is watched by the file's times alone.
        """
        with self._lock:
            status = self._path.stat()
            file = f"{status.st_dev}.{status.st_ino}"
            if not os.access(self._path.parent, os.W_OK):
                return f"{file}.{status.st_mtime_ns}.{status.st_size}"
            if self._connection is None or self._file != file:
                self._close()
                self._connection = connect_to_read(self._path, timeout_s=1)
                self._file, self._opened = file, self._opened + 1
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            return f"{file}.{self._opened}.{version}"

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def file_token(path: Path | None) -> str:
    """A text that changes whenever a file of settings is written; empty without a file."""
    if path is None or not path.is_file():
        return ""
    status = path.stat()
    return f"{status.st_ino}.{status.st_mtime_ns}.{status.st_size}"
