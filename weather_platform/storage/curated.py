"""The curated store: daily documents (`domain.weather_stats`), replaced by days and read by city and period.

This module has the port and what its adapters `curated_mongodb` and `curated_sqlite` share; `opening` chooses one by
address.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple, Protocol

import msgspec

from weather_platform.domain.errors import BadInput, NotFound, StoreRefused
from weather_platform.domain.events import StationEvent
from weather_platform.domain.months import Month, month_range
from weather_platform.domain.parts import ALL_STATIONS, StationRange
from weather_platform.domain.weather_stats import WeatherStats

Days = tuple[date, date]
"""First and last day, both included."""

_ROW_ID = re.compile(r"(\d{5}):(\d{4}-\d{2}-\d{2})(?::(\w+))?", re.ASCII)


class Replaced(NamedTuple):
    """Number of documents that `CuratedStore.replace` added, changed, removed or left."""

    written: int
    unchanged: int
    deleted: int


class StoredCity(msgspec.Struct, frozen=True, kw_only=True):
    """A station with documents."""

    station_id: str
    slug: str
    city: str
    documents: int
    first: date
    last: date


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of a station and month."""

    station_id: str
    month: Month
    documents: int
    observations: int
    expected: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The last change of a station's documents of a month."""

    number: int
    """Counts the changes from 1; a later change has a greater one."""
    month: str
    station_id: str


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A query for documents, ordered by date, then station; `newest_first` is the exact reverse.

    Stations are WMO numbers; `first` and `last` are days, both included; None leaves either open. `after` is the `_id`
    of the last row seen, so the next page is ``Query(after=…, limit=…)``, even if rows were written or deleted in
    between. BadInput for a limit below 1.
    """

    stations: Collection[str] | None = None
    first: date | None = None
    last: date | None = None
    after: str | None = None
    limit: int | None = None
    newest_first: bool = False

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise BadInput(f"A page of {self.limit} rows cannot be given.", "Ask for 1 or more.")


class EventQuery(Query, frozen=True, kw_only=True):
    """A query for events, ordered by type within a document."""

    types: Collection[str] | None = None
    at_least: Mapping[str, float] | None = None
    """Least value by unit; events of other units are left out."""


ALL_DOCUMENTS = Query()
ALL_EVENTS = EventQuery()


class CuratedStore(Protocol):
    """The port of the curated store. Datetimes are aware (UTC), in whole milliseconds.

    Every method raises StoreUnavailable (transient) for an
    outage, StoreRefused for missing rights. May be shared by threads.
    """

    def ensure(self) -> None:
        """Create missing tables and indexes; `replace` does so too."""
        ...

    def ping(self) -> None:
        """Return if the store answers; else raise the error within about 2 s."""
        ...

    def close(self) -> None:
        """Close connections; the next call opens new ones."""
        ...

    def replace(self, days: Days, documents: Iterable[WeatherStats], stations: StationRange = ALL_STATIONS) -> Replaced:
        """Replace all documents of these days and stations, atomically.

        Documents stored under the same `provenance.revision` stay unchanged, `updated_at` too. If it is killed, the
        store has the old days or the new ones. A long read meanwhile may return documents of both: compare `revision`.
        """
        ...

    def get(self, document_id: str) -> WeatherStats:
        """The document ``07690:2023-12-01``; NotFound if there is none."""
        ...

    def find(self, query: Query = ALL_DOCUMENTS) -> Iterator[WeatherStats]:
        """Documents, as the query says."""
        ...

    def events(self, query: EventQuery = ALL_EVENTS) -> Iterator[StationEvent]:
        """Extreme events, as the query says; their `_id` is the document's, then the type."""
        ...

    def cities(self) -> list[StoredCity]:
        """Stations that have documents, by slug."""
        ...

    def days(self) -> Days | None:
        """First and last day with a document."""
        ...

    def dates(self, stations: Collection[str] | None = None) -> list[date]:
        """Days on which at least one of the stations (None: any) has a document, in order."""
        ...

    def coverage(self, first: date | None = None, last: date | None = None) -> list[Coverage]:
        """Sums per station and month, by station and month; counted by the database."""
        ...

    def rain(self, first: date, last: date) -> dict[str, list[float]]:
        """Climatological rain in mm of the documents of these days that have it, by station, each in order of day.

        Reads nothing else of a document: a tenth of the time of `find`.
        """
        ...

    def revision(self) -> str:
        """A text that changes whenever a document changes; cheap."""
        ...

    def month_revision(self, month: Month) -> str:
        """A text that changes whenever a document of the month changes, sometimes also with its neighbours'."""
        ...

    def changes(self, since: int = 0, limit: int | None = None) -> list[Change]:
        """Changes after the number `since`, in order; a station and month is there once, with its last one.

        A caller that goes on from the last number that it saw misses nothing: no smaller number appears later.
        Writes, so it needs the rights of a writer.
        """
        ...

    def last_change(self) -> int:
        """The greatest number that `changes` gave; 0 for none."""
        ...

    def followed(self, follower: str) -> int:
        """The number that `follow` stored; 0 for none."""
        ...

    def follow(self, follower: str, number: int) -> None:
        """Store up to which change a follower has read."""
        ...


class Difference(NamedTuple):
    """The difference between the stored and the produced documents of some days."""

    new: list[WeatherStats]
    altered: list[WeatherStats]
    gone: list[str]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        return not (self.new or self.altered or self.gone)

    def counts(self) -> Replaced:
        return Replaced(len(self.new) + len(self.altered), self.unchanged, len(self.gone))

    @property
    def touched(self) -> list[tuple[str, str]]:
        """Month and station of every document that differs, in order."""
        keys = [*(document.document_id for document in (*self.new, *self.altered)), *self.gone]
        return sorted({(day[: len("2023-12")], station) for station, day in (key.split(":") for key in keys)})


def difference(stored: Mapping[str, str], produced: Mapping[str, WeatherStats]) -> Difference:
    """`stored` maps `_id` to revision, `produced` `_id` to document."""
    new = [doc for key, doc in produced.items() if key not in stored]
    altered = [doc for key, doc in produced.items() if key in stored and stored[key] != doc.provenance.revision]
    gone = sorted(stored.keys() - produced.keys())
    return Difference(new, altered, gone, len(produced) - len(new) - len(altered))


def by_id(days: Days, documents: Iterable[WeatherStats], stations: StationRange) -> dict[str, WeatherStats]:
    """Documents by `_id`; ValueError for one of other days or stations, which a later `replace` would not find."""
    produced = {doc.document_id: doc for doc in documents}
    first, last = (day.isoformat() for day in days)
    for key, doc in produced.items():
        if not (first <= doc.period <= last and stations.holds(doc.station_id)):
            raise ValueError(f"The document {key} is not of the days {first} to {last} and {stations}.")
    return produced


def months_of(days: Days) -> list[Month]:
    return list(month_range(Month.of(days[0]), Month.of(days[1])))


def overall_revision(tokens: Iterable[str]) -> str:
    """The revision of a store from the tokens of its months."""
    return hashlib.sha256("".join(sorted(tokens)).encode()).hexdigest()[:16]


NO_REVISION = "none"
"""The revision of a month that was never stored."""


def position(query: Query) -> dict[str, Any]:
    """Sort keys of the row named by `after`: `date` (a day), `station_id` and, for an event, `type`."""
    if query.after is None:
        return {}
    names, example = ["date", "station_id"], "07690:2023-12-01"
    if isinstance(query, EventQuery):
        names, example = [*names, "type"], f"{example}:frost"
    try:
        if parts := _ROW_ID.fullmatch(query.after):
            station_id, day, *kind = filter(None, parts.groups())
            return dict(zip(names, [date.fromisoformat(day), station_id, *kind], strict=True))
    except ValueError:
        pass
    raise BadInput(
        f"{query.after[:80]!r} is not the end of a page.", f"Give the _id of the last row seen, like {example}."
    )


def no_document(document_id: str) -> NotFound:
    return NotFound(f"Document {document_id[:80]!r} does not exist.", "Check the city's days, or load the month.")


def as_documents(stored: Iterable[Any], decode: Callable[[Any], WeatherStats]) -> Iterator[WeatherStats]:
    """Decode stored documents; StoreRefused for those of another version of the platform."""
    try:
        yield from map(decode, stored)
    except msgspec.ValidationError as error:
        raise StoreRefused(
            f"The stored documents were made by another version of the platform ({error}).",
            "Make them again from the raw objects: weather rebuild.",
        ) from error
