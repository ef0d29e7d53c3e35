"""The data as pandas frames, for notebooks and scripts: `weather_platform.open()`."""

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from weather_platform.domain import tabular
from weather_platform.domain.months import Month, parse_months
from weather_platform.domain.search import find_station
from weather_platform.domain.stations import Station
from weather_platform.settings import Settings
from weather_platform.storage.curated import EventQuery, Query
from weather_platform.storage.opening import Stores
from weather_platform.tables import arrow_schema

if TYPE_CHECKING:
    import pandas as pd

Row = TypeVar("Row")
Cities = str | Sequence[str] | None
"""A name, slug or WMO station number, or several; None for all."""


class Archive:
    """The stored data, read-only. Periods are months: ``2023-12``, ``2023`` or ``2023-01..2024-06``; None is all.

    Every method raises UnknownCity for a name without a station, BadInput for a malformed period, and
    NothingStored before the first load.
    """

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    def documents(self, cities: Cities = None, period: str | None = None) -> "pd.DataFrame":
        """One row per station and day, by date and station; columns as in every export, with units in their names."""
        first, last = _days(period)
        query = Query(stations=self._numbers(cities), first=first, last=last)
        return _frame(tabular.documents(), self._stores.curated.find(query))

    def observations(self, cities: Cities = None, period: str | None = None) -> "pd.DataFrame":
        """One row per station and time (UTC), as staged, in SYNOP's units, with what quality control says (`flags`)."""
        first, last = _days(period)
        rows = self._stores.staging.flagged_rows(self._stations(cities), first, last)
        return _frame(tabular.observations(), rows)

    def events(self, cities: Cities = None, period: str | None = None) -> "pd.DataFrame":
        """One row per event, by date, station and type."""
        first, last = _days(period)
        query = EventQuery(stations=self._numbers(cities), first=first, last=last)
        return _frame(tabular.events(), self._stores.curated.events(query))

    def months(self, cities: Cities = None, period: str | None = None) -> "pd.DataFrame":
        """One row per station and month: the monthly sheet, each element with how complete it is."""
        from weather_platform.domain.climate.table import months
        from weather_platform.storage.monthly import MonthQuery

        first, last = (Month.of(day) if day else None for day in _days(period))
        query = MonthQuery(stations=self._numbers(cities), first=first, last=last)
        return _frame(months(), self._stores.monthly.find(query))

    def _numbers(self, cities: Cities) -> list[str] | None:
        return None if cities is None else [station.station_id for station in self._stations(cities)]

    def _stations(self, cities: Cities) -> Iterator[Station]:
        known = self._stores.stations()
        if cities is None:
            return iter(known.values())
        names = [cities] if isinstance(cities, str) else cities
        return iter([find_station(name, known) for name in names])


def open_archive(home: str | os.PathLike[str] | None = None) -> Archive:
    """The archive of a home; default: the home of the settings."""
    given = None if home is None else {"WEATHER_HOME": os.fspath(home)}
    return Archive(Stores(Settings.from_environment(given), read_only=True))


def _days(period: str | None) -> tuple[date | None, date | None]:
    if period is None:
        return None, None
    months = parse_months(period)
    return months[0].first_day, months[-1].last_day


def _frame(table: tabular.Table[Row], rows: Iterable[Row]) -> "pd.DataFrame":
    """The rows, with the column types of the Parquet export."""
    import pyarrow as pa

    schema = arrow_schema(table.columns)
    cells = list(zip(*map(table.cells, rows), strict=True)) or [()] * len(schema)
    arrays = [pa.array(values, field.type) for values, field in zip(cells, schema, strict=True)]
    frame: pd.DataFrame = pa.Table.from_arrays(arrays, schema=schema).to_pandas(date_as_object=False)
    return frame
