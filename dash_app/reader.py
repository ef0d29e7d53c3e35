"""The site's reads: the curated store for figures, the staging store for single observations and their origin.

Both are opened read-only. Results are cached until the curated store's revision changes.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence, Sized
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from sys import getsizeof
from threading import Lock
from typing import Any, NamedTuple, TypeVar, cast

import pandas as pd

from weather_platform.climatology import Climatology
from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.climate.screening import Flag
from weather_platform.domain.errors import NotFound, NothingStored, StoreUnavailable, WeatherError
from weather_platform.domain.ingestions import Receipt
from weather_platform.domain.merging import FieldSources
from weather_platform.domain.months import Month, month_range
from weather_platform.domain.quality import Verdict
from weather_platform.domain.search import find_station, keywords
from weather_platform.domain.stations import STATIONS, Station, station_for
from weather_platform.domain.tabular import DOCUMENT_COLUMNS, documents
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.month_report import Check, month_checks
from weather_platform.settings import Settings
from weather_platform.sources.due import newest_due
from weather_platform.sources.freshness import Freshness
from weather_platform.sources.registry import open_source
from weather_platform.storage.curated import CuratedStore, Days, Query, StoredCity
from weather_platform.storage.opening import Stores
from weather_platform.storage.staging import StagedObject, StagingStore
from weather_platform.storage.verdicts import NotedVerdict

T = TypeVar("T")

_OF_TABLES = tuple(column.name for column in DOCUMENT_COLUMNS)
DAILY_COLUMNS = (*_OF_TABLES, "slug", "events", "raw_objects", "revision")
"""Those of every table of documents (`date` as a datetime), and what tells where a day's figures come from."""
OBSERVED = ("date", "t", "pmer", "dd", "ff", "raf10", "rafper", "rr3", "raw_object")
_NUMBERS = [column.name for column in DOCUMENT_COLUMNS if column.type is float or column.name.endswith("_n")]
_KEPT_BYTES = 192 * 1024 * 1024
"""Some 200,000 documents, nine years of 62 cities."""
_BYTES_OF_AN_ANSWER = 50_000
"""Beside its rows: an empty frame of documents takes 42 kB (measured); pandas reports 132 bytes."""


_CURE_OF_A_LOST_STORE = (
    "There were documents, or observations to make them of: see that WEATHER_CURATED_URL names the right store and "
    "that it is there; else materialise weather_stats again."
)


class QuarantineCount(NamedTuple):
    month: str
    reason: str
    records: int


class DayReading(NamedTuple):
    """An observation as staged, in SYNOP's units, what quality control says of it, and where its values come from."""

    row: dict[str, Any]
    flags: list[Flag]
    sources: FieldSources
    """The raw object of each value that is not from the row's own."""


class _Answer(NamedTuple):
    revision: str
    answer: Any
    size: int
    """Bytes, about."""


class Reader:
    """Reads for every page; may be shared by threads. Its methods raise what the stores raise."""

    def __init__(self, stores: Stores, settings: Settings) -> None:
        self._stores = stores
        self._settings = settings
        self._curated: CuratedStore = stores.curated
        self._staging: StagingStore = stores.staging
        self.climate = Climatology(stores)
        """Monthly figures, references, ranks and flags."""
        self._answers: OrderedDict[Hashable, _Answer] = OrderedDict()
        self._kept_bytes = 0
        self._had_documents = False
        self._lock = Lock()

    def revision(self) -> str:
        """A text that changes whenever a document did."""
        return self._curated.revision()

    def days(self) -> Days | None:
        """The first and the last day that has a document.

        None, or NothingStored, only where nothing was ever loaded. Where documents were there before, or observations
        are staged, the store has gone away: a StoreUnavailable but not a NothingStored.
        """
        try:
            found = self._kept("days", self._curated.days)
        except NothingStored as error:
            if self._was_loaded():
                raise StoreUnavailable(error.cause, _CURE_OF_A_LOST_STORE) from error
            raise
        if found is None and self._was_loaded():
            raise StoreUnavailable("The store of weather statistics is empty.", _CURE_OF_A_LOST_STORE)
        self._had_documents = self._had_documents or found is not None
        return found

    def _was_loaded(self) -> bool:
        try:
            return self._had_documents or bool(self._staging.objects())
        except StoreUnavailable:
            return False

    def cities(self) -> list[StoredCity]:
        """The cities that have documents, by name."""
        return self._kept("cities", lambda: sorted(self._curated.cities(), key=lambda city: city.city))

    def stations(self) -> dict[str, Station]:
        """The stations that have documents, by WMO number, with what the registry says of them."""
        return self._kept("stations", self._read_stations)

    def keywords(self) -> dict[str, str]:
        """By WMO number, other words for each of the stations: aliases, department, region, towns it is nearest to."""
        return self._kept("keywords", lambda: keywords(self.stations()))

    def find(self, slug: str) -> Station:
        """The station with documents that a slug, a name or a town means; UnknownCity, whose cure names the nearest."""
        return find_station(slug, self.stations())

    def daily(self, stations: Sequence[str] | None, first: date, last: date) -> pd.DataFrame:
        """Documents as rows of `DAILY_COLUMNS`, by station and date; `stations` are WMO numbers, None means all."""
        loaded = self.days()
        if loaded is None or first > loaded[1] or last < loaded[0]:
            return _daily_frame([])
        first, last = max(first, loaded[0]), min(last, loaded[1])
        key = ("daily", None if stations is None else tuple(stations), first, last)
        return self._kept(key, lambda: self._read_daily(stations, first, last))

    def _read_daily(self, stations: Sequence[str] | None, first: date, last: date) -> pd.DataFrame:
        if stations is not None:
            return _sorted(_daily_frame(self._curated.find(Query(stations=stations, first=first, last=last))))
        blocks = [self._month(month) for month in month_range(Month.of(first), Month.of(last))]
        found = pd.concat([block for block in blocks if len(block)] or [_daily_frame([])])
        found = found[found["date"].between(pd.Timestamp(first), pd.Timestamp(last))]
        return _sorted(found)

    def history(self, station_id: str) -> pd.DataFrame:
        """All that is loaded of a station, as `daily`."""
        days = self.days()
        return self.daily([station_id], *days) if days else _daily_frame([])

    def dates(self, station_ids: Sequence[str] | None) -> list[date]:
        """Days on which at least one of the stations (None: any) has a document, in order."""
        key = ("dates", None if station_ids is None else tuple(station_ids))
        return self._kept(key, lambda: self._curated.dates(station_ids))

    def documents(self, stations: Sequence[str] | None, first: date, last: date) -> Iterator[WeatherStats]:
        """Documents by date and station, as they are read from the store."""
        return self._curated.find(Query(stations=stations, first=first, last=last))

    def observations(self, station: Station, first: date, last: date) -> pd.DataFrame:
        """A station's readings as rows of `OBSERVED`, in SYNOP's units (K, Pa, m/s, mm), by time.

        Empty where staging has no table of the station.
        """
        key = ("observations", station.station_id, first, last)
        return self._kept(key, lambda: self._read_observations(station, first, last))

    def readings(self, station: Station, day: date) -> list[DayReading]:
        """The observations of a civil day, and that of 00 UTC of the next, whose rain belongs to it.

        Empty where staging has no table of the station.
        """
        return self._kept(("readings", station.station_id, day), lambda: self._read_day(station, day))

    def sheet(self, station_id: str, month: Month) -> MonthDocument | None:
        """The monthly sheet of a station; None where there is none."""
        try:
            return self.climate.month(station_id, month)
        except NotFound:
            return None

    def checks(self, month: Month) -> list[tuple[Check, Verdict]]:
        """The checks of a month for what the stores hold now; none where it was never staged."""
        revision = f"{self._curated.month_revision(month)} {self._staging.revision(month, month)}"
        return self._kept(("checks", month), lambda: self._read_checks(month), revision=revision)

    def verdicts(self, months: Iterable[Month]) -> list[NotedVerdict]:
        """The history of the months' checks, the oldest verdict first."""
        return self._staging.verdicts.find(months)

    def flags(self, month: Month) -> list[Flag]:
        """What quality control says of the values of a month."""
        return self._kept(("flags", month), lambda: self._staging.flagging.find(month.first_day, month.last_day))

    def coverage(self) -> pd.DataFrame:
        """Observations by station and month: station_id, month (text), documents, observations."""
        return self._kept("coverage", self._read_coverage)

    def quarantine(self) -> list[QuarantineCount]:
        """Number of refused records, by month and reason."""
        return [QuarantineCount(*row) for row in self._staging.quarantine_counts()]

    def raw_objects(self) -> dict[str, StagedObject]:
        """What staging knows of each raw object, by name."""
        return {obj.raw_object: obj for obj in self._staging.objects()}

    def last_received(self) -> datetime | None:
        """When the latest raw object came in."""
        received = [obj.received for obj in self._staging.objects()]
        return max(received, default=None)

    def freshness(self, now: datetime) -> Freshness:
        """The newest observation that is staged, against the newest that the settings' source can have at `now`."""
        source = open_source(self._settings)
        due = newest_due(now) if source.grows_daily else None
        return Freshness(source=source.name, newest=self._kept("newest", self._read_newest), due=due)

    def _read_newest(self) -> datetime | None:
        days = self._curated.days()
        if days is None:
            return None
        last = Month.of(days[1])  # a report of 00 UTC belongs to the day before too
        found = self._staging.coverage([str(last), str(last.next)])
        return max((each.last.replace(tzinfo=UTC) for each in found), default=None)

    def ingestion_of(self, month: str, raw_object: str) -> str | None:
        """The id of the ingestion that last posted a raw object, for `weather withdraw`; None where none is known."""
        with suppress(StoreUnavailable):
            receipt = self._stores.receipts.of_object(month, raw_object)
            return receipt.id if receipt else None
        return None

    def ingestions(self, limit: int) -> list[Receipt]:
        """The latest receipts of files, newest first; a replay has none."""
        return [receipt for receipt in self._stores.receipts.newest(limit=limit) if receipt.files]

    def warm(self, months: int) -> None:
        """Read the latest months in advance; errors of a store are ignored here."""
        try:
            if days := self.days():
                for month in list(month_range(Month.of(days[0]), Month.of(days[1])))[-months:] if months else []:
                    self._month(month)
        except WeatherError:
            return  # the first page will show the error

    def _month(self, month: Month) -> pd.DataFrame:
        """A month's documents, kept by the month's own revision: loading January leaves December in memory."""
        token = self._kept(("token", month), lambda: self._curated.month_revision(month))
        return self._kept(
            ("month", month),
            lambda: _daily_frame(self._curated.find(Query(first=month.first_day, last=month.last_day))),
            revision=token,
        )

    def _read_stations(self) -> dict[str, Station]:
        found = {city.station_id: station_for(city.station_id, city.city) for city in self._curated.cities()}
        if found.keys() - STATIONS.keys():
            found.update({number: known for number, known in self._stores.stations().items() if number in found})
        return found

    def _read_observations(self, station: Station, first: date, last: date) -> pd.DataFrame:
        if station.station_id not in self._staging.stations():
            return pd.DataFrame(columns=list(OBSERVED))
        rows = self._staging.rows(station, first, last, columns=OBSERVED)
        return pd.DataFrame.from_records(list(rows), columns=list(OBSERVED))

    def _read_day(self, station: Station, day: date) -> list[DayReading]:
        if station.station_id not in self._staging.stations():
            return []
        flags: dict[datetime, list[Flag]] = {}
        next_day = day + timedelta(days=1)
        for flag in self._staging.flags(station, day, next_day):
            flags.setdefault(flag.time, []).append(flag)
        sources = self._staging.field_sources(station, day, next_day)
        rows = self._staging.rows(station, day, next_day)
        return [
            DayReading(row, flags.get(row["date"], []), sources.get(row["date"], {}))
            for row in rows
            if row["date"] <= datetime.combine(next_day, time())
        ]

    def _read_checks(self, month: Month) -> list[tuple[Check, Verdict]]:
        try:
            return month_checks(self._stores, month)
        except NotFound:
            return []

    def _read_coverage(self) -> pd.DataFrame:
        rows = [(c.station_id, str(c.month), c.documents, c.observations) for c in self._curated.coverage()]
        return pd.DataFrame.from_records(rows, columns=["station_id", "month", "documents", "observations"])

    def _kept(self, key: Hashable, read: Callable[[], T], *, revision: str | None = None) -> T:
        """What `read` answered last time, or answers now where the revision is another."""
        now = self._curated.revision() if revision is None else revision
        with self._lock:
            kept = self._answers.get(key)
            if kept is not None and kept.revision == now:
                self._answers.move_to_end(key)
                return cast(T, kept.answer)
        answer = read()
        size = _bytes_of(answer)
        with self._lock:
            if key in self._answers:
                self._kept_bytes -= self._answers.pop(key).size
            self._answers[key] = _Answer(now, answer, size)
            self._kept_bytes += size
            while len(self._answers) > 1 and self._kept_bytes > _KEPT_BYTES:
                self._kept_bytes -= self._answers.popitem(last=False)[1].size
        return answer


def open_reader(settings: Settings) -> Reader:
    """A reader of the stores that the settings name; nothing is reached yet."""
    return Reader(Stores(settings, read_only=True), settings)


def _daily_frame(found: Iterable[WeatherStats]) -> pd.DataFrame:
    cells = documents().cells
    rows = [(*cells(document), *_beside(document)) for document in found]
    frame = pd.DataFrame.from_records(rows, columns=list(DAILY_COLUMNS))
    frame["date"] = pd.to_datetime(frame["date"])
    return frame.astype(dict.fromkeys(_NUMBERS, "float64"))


def _beside(document: WeatherStats) -> tuple[Any, ...]:
    """What a row of `DAILY_COLUMNS` has besides the columns of every table."""
    return document.slug, document.extreme_events, document.provenance.raw_objects, document.provenance.revision


def _bytes_of(answer: Any) -> int:
    if isinstance(answer, pd.DataFrame):
        return _BYTES_OF_AN_ANSWER + int(answer.memory_usage(deep=True).sum())
    return _BYTES_OF_AN_ANSWER + (getsizeof(answer) if isinstance(answer, Sized) else 0)


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(["station_id", "date"], kind="stable", ignore_index=True)
