"""Rows of the cities' tables in a month, counted by the database."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy.engine import Connection

from weather_platform.domain.months import Month
from weather_platform.storage.databases import SECONDS_OF_DATE, of_many_cities
from weather_platform.storage.staging_tables import city_rows

_SYNOPTIC_S = 3 * 3600


class RowCount(NamedTuple):
    """Rows of a city."""

    rows: int
    off_hours: int
    """Those that are not at a synoptic hour."""


def row_counts(connection: Connection, slugs: Sequence[str], month: Month) -> dict[str, RowCount]:
    """Of each city, by one query for many."""
    dialect = connection.dialect
    is_off = f"{SECONDS_OF_DATE[dialect.name]} % {_SYNOPTIC_S} <> 0"
    queries = [
        f"SELECT {place}, JSON_ARRAY(COUNT(*), COUNT(CASE WHEN {is_off} THEN 1 END)) "  # noqa: S608  # our own names
        f"FROM {dialect.identifier_preparer.format_table(city_rows(slug))} WHERE date >= :first AND date < :end"
        for place, slug in enumerate(slugs)
    ]
    found = of_many_cities(connection, queries, {"first": month.first_day, "end": month.next.first_day})
    return {slugs[place]: msgspec.json.decode(text, type=RowCount) for place, text in found}
