"""A month of staging as climatology: its days, sheets and flags, from one reading of its observations.

The documents of a month and the sheets of its neighbours are made of the same screening, so each month is read once
for all of them: what was made is kept while its rows and the decisions about its flags stay the same.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.engine import Connection

from weather_platform.domain.climate.daily import Daily, daily
from weather_platform.domain.climate.days import days_of
from weather_platform.domain.climate.month import monthly_climates
from weather_platform.domain.climate.origins import origins_of
from weather_platform.domain.climate.overrides import Override
from weather_platform.domain.climate.screening import Flag, screen_month
from weather_platform.domain.climate.sheet import MonthlyClimate
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.months import Month
from weather_platform.domain.parts import StationRange
from weather_platform.domain.stations import Station
from weather_platform.storage.made_of import MadeOf
from weather_platform.storage.observed import MonthRows, observed

KEPT_STATION_MONTHS = 1_000
"""16 months of 62 stations, about 1 MB each; a month of more stations than this is kept alone."""
STAGED_MONTHS = 4
"""3 MB each for 62 stations, 9 MB for 190."""


class MonthClimate(NamedTuple):
    """What a month's observations say by the rules of climatology; the observations themselves are not kept."""

    daily: Daily
    sheets: list[MonthlyClimate]
    flags: list[Flag]

    @property
    def stations(self) -> tuple[Station, ...]:
        return self.daily.days.stations

    def raw_objects(self) -> dict[str, tuple[str, ...]]:
        """Of each station: the raw objects behind its month."""
        return {s.station_id: self.daily.origins.of_stretch(place) for place, s in enumerate(self.stations)}


def month_climate(
    connection: Connection,
    month: Month,
    stations: Sequence[Station],
    overrides: Sequence[Override],
    own: MonthRows | None = None,
) -> MonthClimate:
    """A month read, unless its `own` rows are known, and screened by all rules."""
    stretch = Stretch.of(month)
    read = observed(connection, stations, stretch, own)
    screened = screen_month(read.grid, month, overrides)
    days = days_of(screened, stretch)
    return MonthClimate(
        daily=daily(read.rows, screened, days, origins_of(read.reports, days)),
        sheets=monthly_climates(screened, days),
        flags=screened.flags(stretch),
    )


class MonthClimates:
    """Keeps the months used last. May be shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[_Key, MonthClimate] = {}
        self._staged: dict[Month, _Staged] = {}

    def get(
        self,
        connection: Connection,
        month: Month,
        stations: Sequence[Station],
        overrides: Sequence[Override],
        told: MadeOf,
        within: StationRange,
    ) -> MonthClimate:
        """A month at these stations, those within a range."""
        key = _Key(month, told.now, within)
        with self._lock:
            made = self._kept.pop(key, None)
            staged = self._staged.get(month)
        if made is None:
            own = staged.rows if staged and staged.made_of == _told_rows(told.rows, stations) else None
            made = month_climate(connection, month, stations, overrides, own)
            with self._lock:
                self._staged.pop(month, None)
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > KEPT_STATION_MONTHS:
                del self._kept[next(iter(self._kept))]
        return made

    def keep(self, month: Month, made_of: str, stations: Sequence[Station], rows: MonthRows) -> None:
        """Keep the rows of a month that was just staged, until its climate is made; `made_of` is as `MadeOf.rows`."""
        with self._lock:
            self._staged[month] = _Staged(_told_rows(made_of, stations), rows)
            while len(self._staged) > STAGED_MONTHS:
                del self._staged[next(iter(self._staged))]

    def forget(self, month: Month) -> None:
        """Of a month that is staged again, and of its neighbours."""
        with self._lock:
            self._staged.pop(month, None)
            for key in [key for key in self._kept if month.previous <= key.month <= month.next]:
                del self._kept[key]


class _Staged(NamedTuple):
    made_of: tuple[str, ...]
    rows: MonthRows


def _told_rows(made_of: str, stations: Sequence[Station]) -> tuple[str, ...]:
    return (made_of, *(station.station_id for station in stations))


class _Key(NamedTuple):
    month: Month
    made_of: str
    stations: StationRange


def _size(made: MonthClimate) -> int:
    return len(made.stations)
