"""The CSV files of staging: one a city and month, in the folder the design keeps them in.

A header of column names, commas, times as ISO 8601 in UTC, text in quotes, a missing value as the bare word NULL
(what MySQL reads as null; pandas does too).
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from weather_platform.domain.errors import StoreUnavailable
from weather_platform.domain.fields import FIELDS, Observation
from weather_platform.files import atomic_write

_HEADER = ",".join(FIELDS).encode() + b"\n"


def write_city_csv(folder: Path, month: str, slug: str, rows: Sequence[Observation]) -> Path:
    """Write a city's month as ``folder/month/slug.csv``, whole or not at all; nobody else may be writing it."""
    # An array of arrays of numbers, times and codes is a CSV but for its brackets and nulls: no cell holds either.
    body = msgspec.json.encode(rows)[2:-2].replace(b"],[", b"\n").replace(b"null", b"NULL")
    path = folder / month / f"{slug}.csv"
    try:
        with atomic_write(path) as unfinished:
            unfinished.write_bytes(_HEADER + body + b"\n")
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be written: {error.strerror}.", "Free space or set WEATHER_CSV_FOLDER, then run again."
        ) from error
    return path


def remove_other_cities(folder: Path, month: str, slugs: set[str]) -> None:
    """Remove the month's files of cities that have no observation in it any more; nobody else may be writing them."""
    for path in (folder / month).glob("*.csv"):
        if path.stem not in slugs:  # also what a killed writer left unfinished
            path.unlink(missing_ok=True)
