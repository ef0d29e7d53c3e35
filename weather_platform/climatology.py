"""Comparisons of a station's weather, for the API, the site, the command line and notebooks; no Dagster.

`Climatology` answers from the stores. Figures over years are cached by the revision of the monthly sheets; after a
change, a station's take milliseconds (docs/decisions/0050).

* `months` and `month`: sheets (`domain.climate.document`), each figure with how complete it is
* `years`: figures of a station by year and period (`domain.climate.years`)
* `references`, `reference`: what is usual, or why there is none (`TooFewYears`)
* `comparisons`: anomaly and rank of every figure of a month, season or year
* `normals`: Météo-France's official sheet of a place
* `records`: extremes of all that is loaded
* `ranking`: stations in order of a figure, complete ones alone unless asked
* `readings`: a day's observations of a station, with what quality control says of them
* `city_month`: all of these for a page about one station and month
"""

import threading
from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.climate.figures import FIGURES, FigureValue
from weather_platform.domain.climate.normals import StationNormals
from weather_platform.domain.climate.ranks import Rank, StationRank, rank, ranking
from weather_platform.domain.climate.records import Record, records
from weather_platform.domain.climate.reference import (
    Anomaly,
    Reference,
    TooFewYears,
    anomaly,
    usual,
)
from weather_platform.domain.climate.sheet import Status
from weather_platform.domain.climate.years import (
    MONTHS,
    PERIODS,
    SEASONS,
    YEAR,
    FigureRows,
    Years,
    figure_rows,
    joined,
    years_of,
)
from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month
from weather_platform.domain.stations import Station
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.storage.by_station import NORMALS, REFERENCES
from weather_platform.storage.curated import Query
from weather_platform.storage.monthly import MonthQuery
from weather_platform.storage.opening import Stores

if TYPE_CHECKING:
    from weather_platform.domain.climate.screening import Flag


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A figure against the other years of its station."""

    figure: str
    value: float | None
    status: Status
    reference: Reference | TooFewYears
    anomaly: Anomaly | None
    """None where the figure is not complete, or has no reference."""
    rank: Rank | TooFewYears | None
    """None where the figure is not complete enough to be ranked."""


class Reading(NamedTuple):
    """An observation as staged, with the verdicts of quality control."""

    row: dict[str, Any]
    flags: "list[Flag]"


class CityMonth(NamedTuple):
    """All that is known of a station's month. The ten-day periods and the completeness are in the sheet."""

    station: Station
    month: Month
    sheet: MonthDocument | None
    """None where nothing of the month is loaded."""
    comparisons: dict[str, Comparison]
    """By figure (`figures.FIGURES`), all of them, without a value too: reference, anomaly and rank."""
    records: dict[tuple[str, bool], Record]
    """Of this calendar month over all loaded years, by figure and whether it is the lowest."""
    days: list[WeatherStats]
    """The daily documents, in order."""
    flags: "list[Flag]"
    """Erroneous and suspect values of the month, and flags that a person lifted (`good`), in order of time."""
    official: StationNormals | None
    """Météo-France's sheet of the place; its rows have twelve months and the year (`NormalRow.figure` says of what)."""


class _Known:
    """What was made of a station's sheets; `years` may have other stations too."""

    def __init__(self, station_id: str, years: Years) -> None:
        self.years = years
        self._station_id = station_id
        self._usual: dict[str, dict[str, Reference | TooFewYears]] = {}

    def usual(self, period: str, figure: str) -> Reference | TooFewYears:
        """A reference, or how many years there are."""
        if figure not in self._usual:
            self._usual[figure] = usual(self.years, self._station_id, figure)
        return self._usual[figure][period]

    def references(self) -> Iterator[Reference]:
        """Every reference there is, by period and figure."""
        found = (self.usual(period, figure) for period in PERIODS for figure in FIGURES)
        return (each for each in found if isinstance(each, Reference))


class Climatology:
    """Figures over months and years of what is stored. May be shared by threads."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._lock = threading.Lock()
        self._revision = ""
        self._known: dict[str, _Known] = {}
        self._records: dict[str, list[Record]] = {}
        self._rows: dict[Month, tuple[str, FigureRows]] = {}
        """Of all stations, by month: the revision of the sheets, and their figures."""

    def revision(self) -> str:
        """A text that changes whenever an answer may have changed."""
        return self._stores.monthly.revision()

    def months(self, query: MonthQuery) -> Iterator[MonthDocument]:
        """Monthly sheets by month and station."""
        return self._stores.monthly.find(query)

    def month(self, station_id: str, month: Month) -> MonthDocument:
        """One sheet; NotFound."""
        return self._stores.monthly.get(station_id, month)

    def stations(self) -> list[str]:
        """Stations that have a sheet, in order of number."""
        return self._stores.monthly.stations()

    def years(self, station_id: str) -> Years:
        """A station's figures by year and period; of no year if it has no sheet."""
        return self._of(station_id).years

    def references(self, station_id: str) -> list[Reference]:
        """Every reference and average of a station, by period and figure.

        As stored by the asset `climate_reference`, where the sheets have not changed since; else made now.
        """
        stored = self._stores.by_station.get(REFERENCES, station_id)
        if stored is not None and stored.made_of == self.revision():
            return list(stored.references)
        return list(self._of(station_id).references())

    def normals_revision(self) -> str:
        """A text that changes whenever the official sheets were stored again."""
        return self._stores.by_station.revision(NORMALS)

    def normals(self, station_id: str) -> StationNormals | None:
        """The official sheet of a station; None if none is nearby or none was fetched."""
        return self._stores.by_station.get(NORMALS, station_id)

    def reference(self, station_id: str, period: str, figure: str) -> Reference | TooFewYears:
        """One of `references`, or how many years there are."""
        return self._of(station_id).usual(period, figure)

    def compared(self, station_id: str, year: int, period: str, figure: str) -> Comparison:
        """A figure of a month, season or year against the station's other years."""
        (found,) = self.comparisons(station_id, year, period, [figure])
        return found

    def comparisons(
        self, station_id: str, year: int, period: str, figures: Collection[str] = FIGURES.keys()
    ) -> list[Comparison]:
        """Figures of a month, season or year against the station's other years."""
        known = self._of(station_id)
        return [_compared(known, station_id, year, period, figure) for figure in figures]

    def records(self, station_id: str) -> list[Record]:
        """Extremes of all that is loaded of a station, by calendar month and of all months."""
        self._renew()
        if station_id not in self._records:
            self._records[station_id] = records(self.months(MonthQuery(stations=[station_id])))
        return self._records[station_id]

    def ranking(
        self,
        figure: str,
        year: int,
        period: str,
        *,
        stations: Collection[str] | None = None,
        lowest_first: bool = False,
        incomplete: bool = False,
    ) -> list[StationRank]:
        """Stations in order of a figure of a month, season or year; reads the sheets of its months alone."""
        first, last = months_of(year, period)
        years = years_of(self._stores.monthly.figures(MonthQuery(stations=stations, first=first, last=last)))
        return ranking(years, figure, year, period, lowest_first=lowest_first, incomplete=incomplete)

    def readings(self, station: Station, day: date) -> list[Reading]:
        """The observations of a civil UTC day in order of time, with their flags."""
        staging = self._stores.staging
        flags: dict[datetime, list[Flag]] = {}
        for flag in staging.flags(station, day, day):
            flags.setdefault(flag.time, []).append(flag)
        return [Reading(row, flags.get(row["date"], [])) for row in staging.rows(station, day, day)]

    def city_month(self, station: Station, month: Month) -> CityMonth:
        """A station's sheet, comparisons, records, days and flags of a month, each empty where nothing is loaded."""
        number, period = station.station_id, f"{month.number:02d}"
        of_month = MonthQuery(stations=[number], first=month, last=month)
        return CityMonth(
            station=station,
            month=month,
            sheet=next(self.months(of_month), None),
            comparisons={each.figure: each for each in self.comparisons(number, month.year, period)},
            records={(each.figure, each.lowest): each for each in self.records(number) if each.period == period},
            days=list(self._stores.curated.find(Query(stations=[number], first=month.first_day, last=month.last_day))),
            flags=self._stores.staging.flags(station, month.first_day, month.last_day),
            official=self.normals(number),
        )

    def prepare(self) -> None:
        """Make the years of all stations at once, for who asks about all of them: months that changed are read."""
        self._renew()
        monthly = self._stores.monthly
        revisions = monthly.month_revisions()
        if all(station in self._known for station in monthly.stations()):
            return
        with self._lock:
            known = self._rows
        rows = {
            month: known[month] if known.get(month, ("", None))[0] == token else (token, self._rows_of(month))
            for month, token in revisions.items()
        }
        years = joined([of for _, of in rows.values()])
        with self._lock:
            self._rows = rows
            for station in years.stations:
                self._known.setdefault(station, _Known(station, years))

    def _rows_of(self, month: Month) -> FigureRows:
        return figure_rows(self._stores.monthly.figures(MonthQuery(first=month, last=month)))

    def _of(self, station_id: str) -> _Known:
        self._renew()
        if station_id not in self._known:
            years = years_of(self._stores.monthly.figures(MonthQuery(stations=[station_id])))
            self._known[station_id] = _Known(station_id, years)
        return self._known[station_id]

    def _renew(self) -> None:
        """Discard results from outdated sheets."""
        revision = self.revision()
        with self._lock:
            if revision != self._revision:
                self._revision, self._known, self._records = revision, {}, {}


def _compared(known: _Known, station_id: str, year: int, period: str, figure: str) -> Comparison:
    found: FigureValue = known.years.at(figure, station_id, year, period)
    reference = known.usual(period, figure)
    against = None
    if found.value is not None and isinstance(reference, Reference):
        against = anomaly(found.value, found.status, reference)
    return Comparison(
        figure=figure,
        value=found.value,
        status=found.status,
        reference=reference,
        anomaly=against,
        rank=rank(known.years, figure, station_id, year, period),
    )


def months_of(year: int, period: str) -> tuple[Month, Month]:
    """The first and the last month of a period: ``12``, ``DJF`` (of the year of its January) or ``year``."""
    if period in MONTHS:
        return Month(year, int(period)), Month(year, int(period))
    if period == YEAR:
        return Month(year, 1), Month(year, 12)
    if period not in SEASONS:
        raise BadInput(f"{period!r} is not a period.", f"Use one of {', '.join((*MONTHS, *SEASONS, YEAR))}.")
    first, *_, last = SEASONS[period]
    return (Month(year - 1, 12) if first < 0 else Month(year, first + 1)), Month(year, last + 1)
