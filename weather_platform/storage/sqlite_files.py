"""SQLite files, of the staging database and of the statistics alike: how they are opened to read, and their errors."""

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from weather_platform.domain.errors import NothingStored, StoreRefused, StoreUnavailable

FOLDER = "Give this user the right to write there, or correct {setting} (WEATHER_HOME, where that is not set)."
ALTERED = "Another release made the tables, or somebody changed them by hand. Run `weather rebuild`."
_CURES: dict[int, tuple[type[StoreUnavailable], str]] = {
    sqlite3.SQLITE_ERROR: (StoreRefused, ALTERED),  # no such column, no such table
    sqlite3.SQLITE_FULL: (StoreUnavailable, "Free space on its disk, then run again; nothing was half-written."),
    sqlite3.SQLITE_BUSY: (StoreUnavailable, "Wait until the other process has written, then run again."),
    sqlite3.SQLITE_READONLY: (StoreRefused, "Give this user the right to write the file and its folder."),
    sqlite3.SQLITE_PERM: (StoreRefused, "Give this user the right to read the file."),
    sqlite3.SQLITE_CANTOPEN: (StoreRefused, "Load a month first, or correct {setting}, or give this user the folder."),
    sqlite3.SQLITE_NOTADB: (StoreRefused, "Correct {setting}; that file is something else."),
    sqlite3.SQLITE_CORRUPT: (StoreRefused, "Move the file away and load the months again."),
}
_ANOTHER = (StoreUnavailable, "Look at the file and its disk, then run again; nothing was half-written.")


def cure_of(error: sqlite3.Error, setting: str) -> tuple[type[StoreUnavailable], str]:
    """The kind of the error and its cure, which names the setting that gives the file's address."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without what SQLite adds to the primary code
    kind, cure = _CURES.get(code, _ANOTHER)
    return kind, cure.format(setting=setting)


def connect_to_read(path: Path, *, timeout_s: float) -> sqlite3.Connection:
    """A connection that changes nothing, and that works without the right to write.

    In WAL mode even a reader writes: it makes the files ``-wal`` and ``-shm`` where no other process has the database
    open. Where this user may not, the file is at rest, and is read as such (``immutable``).
    """
    mode = "immutable=1" if _is_at_rest_for_us(path) else "mode=ro"
    return sqlite3.connect(
        f"file:{quote(str(path))}?{mode}",
        uri=True,
        timeout=timeout_s,
        isolation_level=None,  # BEGIN and COMMIT are ours
        check_same_thread=False,  # a web server asks for one answer's rows from several threads in turn
    )


def _is_at_rest_for_us(path: Path) -> bool:
    return path.exists() and not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()


def nothing_stored(path: Path) -> NothingStored | None:
    """What to raise for an error of a reader where nobody has written yet; None where somebody has."""
    if path.exists() and path.stat().st_size:
        return None
    return NothingStored(f"Nothing is stored yet in {path}.", "Load a month first: weather load 2023-12.")
