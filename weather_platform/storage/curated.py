"""The curated store: daily documents (`domain.weather_stats`), replaced by days and read by city and period.

Here is the port and what its adapters agree on: `curated_mongodb` and `curated_sqlite`. Which one an address names is
`opening`.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple, Protocol

import msgspec

from weather_platform.domain.errors import BadInput, NotFound
from weather_platform.domain.months import Month, month_range
from weather_platform.domain.weather_stats import Document

Days = tuple[date, date]
"""First and last day, both included."""

_FIELD = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*", re.ASCII)
_DOCUMENT_ID = re.compile(r"(\d{5}):(\d{4}-\d{2}-\d{2})")
_EVENT_ID = re.compile(r"(\d{5}):(\d{4}-\d{2}-\d{2}):(\w+)", re.ASCII)


class Replaced(NamedTuple):
    """What `CuratedStore.replace` did to documents."""

    written: int
    unchanged: int
    deleted: int


class StoredCity(msgspec.Struct, frozen=True, kw_only=True):
    """A station that has documents."""

    station_id: str
    slug: str
    city: str
    documents: int
    first: date
    last: date


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a station has of a month."""

    station_id: str
    month: Month
    documents: int
    observations: int
    expected: int


class CuratedStore(Protocol):
    """Documents in, the same documents out: datetimes are aware (UTC) and keep whole milliseconds.

    The only datetimes of a document are `date` and `provenance.updated_at`. Stations are WMO numbers; `first` and
    `last` are days, both included, and open where None. Every method raises StoreUnavailable (transient) for an
    outage, StoreRefused where the store will never let us. May be shared by threads.
    """

    def ensure(self) -> None:
        """Make tables and indexes where they are missing; `replace` does it too."""
        ...

    def ping(self) -> None:
        """Nothing where the store answers, else within about 2 s the error that tells why not."""
        ...

    def close(self) -> None:
        """Let go of connections; the next call opens new ones."""
        ...

    def replace(self, days: Days, documents: Iterable[Document]) -> Replaced:
        """Make the documents all that the store holds of these days, at once or not at all.

        Documents stored under the same `provenance.revision` are left as they are, `updated_at` too. Killed anywhere,
        it leaves the days as they were or as they should be; a MongoDB without transactions may be left with a
        mixture, which the next call heals. A long answer that is read meanwhile may hold documents of before and
        after: `revision` tells.
        """
        ...

    def get(self, document_id: str) -> Document:
        """The document ``07690:2023-12-01``; NotFound where there is none."""
        ...

    def find(
        self,
        *,
        stations: Collection[str] | None = None,
        first: date | None = None,
        last: date | None = None,
        fields: Collection[str] | None = None,
        after: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Document]:
        """Documents by date, then station; `newest_first` is the exact reverse.

        `fields` are dotted paths to keep, besides `_id`. `after` is the `_id` of the last document seen, so a page is
        ``find(after=…, limit=…)``, whatever was written or deleted since the page before.
        """
        ...

    def events(
        self,
        *,
        types: Collection[str] | None = None,
        stations: Collection[str] | None = None,
        first: date | None = None,
        last: date | None = None,
        at_least: float | None = None,
        after: str | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Document]:
        """Extreme events by date, station and type, each with its city, slug, station_id, period and date.

        `_id` is that of the document with the type behind it, ``07690:2023-12-01:frost``; `after` is one of those.
        `at_least` is a bound of the event's value.
        """
        ...

    def cities(self) -> list[StoredCity]:
        """Stations that have documents, by slug."""
        ...

    def days(self) -> Days | None:
        """The first and the last day that has a document."""
        ...

    def dates(self, stations: Collection[str] | None = None) -> list[date]:
        """Days on which at least one of the stations (None: any) has a document, in order."""
        ...

    def coverage(self, first: date | None = None, last: date | None = None) -> list[Coverage]:
        """Sums per station and month, by station and month; counted by the database."""
        ...

    def revision(self) -> str:
        """A text that changes whenever a document did; costs next to nothing."""
        ...

    def month_revision(self, month: Month) -> str:
        """A text that changes whenever a document of the month did, and sometimes with those of its neighbours."""
        ...


class Difference(NamedTuple):
    """What turns the stored documents of some days into the produced ones."""

    new: list[Document]
    altered: list[Document]
    gone: list[str]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        return not (self.new or self.altered or self.gone)

    def counts(self) -> Replaced:
        return Replaced(len(self.new) + len(self.altered), self.unchanged, len(self.gone))


def difference(stored: Mapping[str, str], produced: Mapping[str, Document]) -> Difference:
    """`stored` maps `_id` to revision, `produced` `_id` to document."""
    new = [doc for key, doc in produced.items() if key not in stored]
    altered = [doc for key, doc in produced.items() if key in stored and stored[key] != doc["provenance"]["revision"]]
    gone = sorted(stored.keys() - produced.keys())
    return Difference(new, altered, gone, len(produced) - len(new) - len(altered))


def by_id(days: Days, documents: Iterable[Document]) -> dict[str, Document]:
    """Documents by `_id`; ValueError for one outside the days, which the next `replace` would never find again."""
    produced = {doc["_id"]: doc for doc in documents}
    first, last = (day.isoformat() for day in days)
    for key, doc in produced.items():
        if not first <= doc["period"] <= last:
            raise ValueError(f"The document {key} is not of the days {first} to {last}.")
    return produced


def months_of(days: Days) -> list[Month]:
    return list(month_range(Month.of(days[0]), Month.of(days[1])))


def overall_revision(tokens: Iterable[str]) -> str:
    """The revision of a store from the tokens of its months."""
    return hashlib.sha256("".join(sorted(tokens)).encode()).hexdigest()[:16]


NO_REVISION = "none"
"""The revision of a month of which nothing was ever stored."""


def checked_fields(fields: Collection[str]) -> list[str]:
    """Dotted paths without those that another one includes; BadInput for what is no path."""
    for field in fields:
        if _FIELD.fullmatch(field) is None:
            raise BadInput(f"{field[:80]!r} is no field of a document.", "Write it like metrics.temperature.avg.")
    return sorted(f for f in set(fields) if not any(f.startswith(f"{parent}.") for parent in fields))


def checked_limit(limit: int | None) -> int | None:
    if limit is not None and limit < 1:
        raise BadInput(f"A page of {limit} documents cannot be given.", "Ask for 1 or more.")
    return limit


def document_position(document_id: str) -> tuple[datetime, str]:
    """The date (midnight UTC) and station of an `_id`, by which documents are sorted."""
    parts = _DOCUMENT_ID.fullmatch(document_id)
    if parts is None:
        raise _no_cursor(document_id, "07690:2023-12-01")
    return _midnight(document_id, parts[2]), parts[1]


def event_position(event_id: str) -> tuple[datetime, str, str]:
    """The date (midnight UTC), station and type of an event's `_id`, by which events are sorted."""
    parts = _EVENT_ID.fullmatch(event_id)
    if parts is None:
        raise _no_cursor(event_id, "07690:2023-12-01:frost")
    return _midnight(event_id, parts[2]), parts[1], parts[3]


def no_document(document_id: str) -> NotFound:
    return NotFound(f"There is no document {document_id[:80]!r}.", "Look which days the city has, or load the month.")


def _midnight(cursor: str, day: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{day}T00:00:00+00:00")
    except ValueError as error:
        raise _no_cursor(cursor, "07690:2023-12-01") from error


def _no_cursor(text: str, example: str) -> BadInput:
    return BadInput(f"{text[:80]!r} is not where a page ended.", f"Give the _id of the last line seen, like {example}.")
