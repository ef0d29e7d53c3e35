"""The CSV files of staging: one per city and month.

A header of column names, commas, times as ISO 8601 in UTC, text in quotes, a missing value as the bare word NULL,
which MySQL and pandas read as null.
"""

from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from weather_platform.domain.errors import StoreUnavailable
from weather_platform.domain.fields import FIELDS, Observation
from weather_platform.files import atomic_write

_HEADER = ",".join(FIELDS).encode() + b"\n"


class CityFile(NamedTuple):
    """A file with its number of rows."""

    path: Path
    rows: int

    def read(self) -> list[list[Any]]:
        """The rows, for a database that does not read files; times as SQL writes them."""
        body = self.path.read_bytes().removeprefix(_HEADER)[:-1]
        found: list[list[Any]] = msgspec.json.decode(
            b"[[" + body.replace(b"\n", b"],[").replace(b"NULL", b"null") + b"]]"
        )
        for row in found:
            row[1] = row[1].replace("T", " ")
        return found


def write_city_csv(folder: Path, month: str, slug: str, rows: Sequence[Observation]) -> CityFile:
    """Write a city's month as ``folder/month/slug.csv``, atomically; the caller must be its only writer."""
    # JSON arrays of numbers, times and codes differ from CSV only in brackets and nulls, and no cell contains either.
    body = msgspec.json.encode(rows)[2:-2].replace(b"],[", b"\n").replace(b"null", b"NULL")
    path = folder / month / f"{slug}.csv"
    try:
        with atomic_write(path) as unfinished:
            unfinished.write_bytes(_HEADER + body + b"\n")
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be written: {error.strerror}.", "Free space or set WEATHER_CSV_FOLDER, then run again."
        ) from error
    return CityFile(path, len(rows))


def remove_other_cities(folder: Path, month: str, slugs: Container[str]) -> None:
    """Remove the month's files of cities without observations; the caller must be their only writer."""
    for path in (folder / month).glob("*.csv"):
        if path.stem not in slugs:  # includes unfinished files of a killed writer
            path.unlink(missing_ok=True)
