"""What a person can do about SQLite's errors, in the staging database and in the statistics alike."""

import sqlite3

from weather_platform.domain.errors import StoreRefused, StoreUnavailable

FOLDER = "Give this user the right to write there, or correct {setting} (WEATHER_HOME, where that is not set)."
ALTERED = "Drop the tables that were changed by hand, then load the months again."
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
