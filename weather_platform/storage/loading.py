"""Bulk loading of a city's rows: LOAD DATA LOCAL INFILE where the server allows it, else batched INSERT."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from weather_platform.domain.errors import StoreUnavailable
from weather_platform.domain.fields import FIELDS
from weather_platform.storage.city_csv import CityFile

_BATCH = 2_000
_LOCAL_INFILE_REFUSED = (1148, 3948, 3950, 4166, 2068)
"""Errors of a server or client with LOCAL disabled (4166 is MariaDB's); off by default in MySQL, on in MariaDB."""
_log = logging.getLogger(__name__)


class Loader:
    """Loads rows inside the caller's transaction; remembers when the server refuses LOAD DATA."""

    def __init__(self) -> None:
        self.load_data_refused = False

    def load(self, connection: Connection, table: sa.TableClause, file: CityFile) -> None:
        """Load a city's CSV file into its table; the database reads it if it can."""
        if connection.dialect.name == "mysql" and not self.load_data_refused:
            try:
                _load_data(connection, table, file.path, expected=file.rows)
            except sa.exc.OperationalError as error:
                if not error.orig or error.orig.args[0] not in _LOCAL_INFILE_REFUSED:
                    raise
                self.load_data_refused = True
                _log.warning("The server refuses LOAD DATA LOCAL (%s): loading by INSERT, about 3 times slower", error)
            else:
                return
        _insert(connection, table, file.read())


def _load_data(connection: Connection, table: sa.TableClause, csv: Path, expected: int) -> None:
    name = connection.dialect.identifier_preparer.format_table(table)
    columns = ", ".join(connection.dialect.identifier_preparer.quote(column) for column in FIELDS)
    result = connection.exec_driver_sql(
        f"LOAD DATA LOCAL INFILE %s INTO TABLE {name} CHARACTER SET utf8mb4 "
        "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' "
        f"LINES TERMINATED BY '\\n' IGNORE 1 LINES ({columns})",
        (str(csv),),
    )
    # LOCAL turns errors into warnings: an invalid row would be changed or skipped silently.
    warned = result.context.cursor.warning_count  # told with the answer: asking costs as much as a third of loading
    if result.rowcount != expected or warned:
        warnings = connection.exec_driver_sql("SHOW WARNINGS").fetchmany(3)
        raise StoreUnavailable(
            f"LOAD DATA put {result.rowcount} of {expected} rows into {name}: {warnings}.",
            "Nothing was changed. Check that the table was made by this version of the platform.",
        )


def _insert(connection: Connection, table: sa.TableClause, rows: Sequence[list[Any]]) -> None:
    name = connection.dialect.identifier_preparer.format_table(table)
    columns = ", ".join(connection.dialect.identifier_preparer.quote(column) for column in FIELDS)
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * len(FIELDS))
    statement = f"INSERT INTO {name} ({columns}) VALUES ({marks})"  # noqa: S608  # names are quoted by the dialect
    for start in range(0, len(rows), _BATCH):
        connection.exec_driver_sql(statement, [tuple(row) for row in rows[start : start + _BATCH]])
