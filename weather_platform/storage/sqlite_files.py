"""SQLite files of the staging and the curated store: opening them read-only, and their errors."""

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from weather_platform.domain.errors import NothingStored, StoreFull, StoreRefused, StoreUnavailable

FOLDER = "Give this user the right to write there, or correct {setting} (if unset, WEATHER_HOME)."
ALTERED = "The tables were made by another release or changed by hand. Run `weather rebuild`."
_CURES: dict[int, tuple[type[StoreUnavailable], str]] = {
    sqlite3.SQLITE_ERROR: (StoreRefused, ALTERED),  # no such column, no such table
    sqlite3.SQLITE_FULL: (StoreFull, "Free space on its disk, then run again; nothing was half-written."),
    sqlite3.SQLITE_BUSY: (StoreUnavailable, "Wait until the other process has written, then run again."),
    sqlite3.SQLITE_READONLY: (StoreRefused, "Give this user the right to write the file and its folder."),
    sqlite3.SQLITE_PERM: (StoreRefused, "Give this user the right to read the file."),
    sqlite3.SQLITE_CANTOPEN: (StoreRefused, "Load a month first, or correct {setting}, or give this user the folder."),
    sqlite3.SQLITE_NOTADB: (StoreRefused, "Correct {setting}; that file is not an SQLite database."),
    sqlite3.SQLITE_CORRUPT: (StoreRefused, "Move the file away and load the months again."),
}
_ANOTHER = (StoreUnavailable, "Check the file and its disk, then run again; nothing was half-written.")


def cure_of(error: sqlite3.Error, setting: str) -> tuple[type[StoreUnavailable], str]:
    """The error class and the cure, which names the setting with the file's address."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code without SQLite's extension
    kind, cure = _CURES.get(code, _ANOTHER)
    return kind, cure.format(setting=setting)


def connect_to_read(path: Path, *, timeout_s: float) -> sqlite3.Connection:
    """A read-only connection that needs no right to write.

    In WAL mode even a reader writes: it creates the files ``-wal`` and ``-shm`` if no other process has the database
    open. If this user may not, the file is at rest and is opened as ``immutable``.
    """
    mode = "immutable=1" if _is_at_rest_for_us(path) else "mode=ro"
    return sqlite3.connect(
        f"file:{quote(str(path))}?{mode}",
        uri=True,
        timeout=timeout_s,
        isolation_level=None,  # transactions are begun and committed explicitly
        check_same_thread=False,  # a web server may read one answer's rows in several threads, one at a time
    )


def _is_at_rest_for_us(path: Path) -> bool:
    return path.exists() and not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()


def nothing_stored(path: Path) -> NothingStored | None:
    """The error for a reader if the store was never written; None if it was."""
    if path.exists() and path.stat().st_size:
        return None
    return NothingStored(f"Nothing is stored yet in {path}.", "Load a month first: weather load 2023-12.")
