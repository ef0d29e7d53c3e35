"""Everything that a staging database holds, to be compared whole."""

import csv
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from weather_platform.domain.fields import FIELDS
from weather_platform.storage.staging import StagingStore
from weather_platform.storage.staging_tables import MARKS

Contents = dict[str, list[tuple[Any, ...]]]


def contents(staging: StagingStore) -> Contents:
    """Rows of every table that has one, in order, by name of table; without marks, which each write changes."""
    with staging.engine.connect() as connection:
        quoted = connection.dialect.identifier_preparer.quote_identifier
        tables = sorted({*sa.inspect(connection).get_table_names()} - {MARKS.name})
        rows = {name: connection.exec_driver_sql(f"SELECT * FROM {quoted(name)}").all() for name in tables}
    return {name: sorted(map(tuple, found), key=_leading) for name, found in rows.items() if found}


def _leading(row: tuple[Any, ...]) -> tuple[str, ...]:
    """The key of any of the tables is among its first three columns."""
    return tuple(map(str, row[:3]))


def city_rows(staging: StagingStore) -> Contents:
    """The same of the cities' tables alone."""
    return {name: rows for name, rows in contents(staging).items() if not name.startswith("_")}


def city_files(csv_folder: Path, month: str) -> Contents:
    """A month's city files as their rows, by name of city; numbers as they read."""
    return {path.stem: _rows(path) for path in sorted((csv_folder / month).iterdir())}


def _rows(path: Path) -> list[tuple[Any, ...]]:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == list(FIELDS)
    return [tuple(map(_value, row)) for row in rows]


def _value(cell: str) -> str | float | None:
    if cell == "NULL":
        return None
    try:
        return float(cell)
    except ValueError:
        return cell
