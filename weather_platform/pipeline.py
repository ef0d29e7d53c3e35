"""From one layer to the next: how a month is staged and curated. How files come in is `intake`.

The Dagster assets, the API and the command line all call these functions; rows and documents do not depend on the
caller.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tenacity import retry, retry_if_exception_type, stop_after_attempt

from weather_platform.domain import parts
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.errors import BadInput, NotFound, Overtaken
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.parsed_files import ParsedFile
from weather_platform.domain.parts import Parts, StationRange
from weather_platform.domain.provenance import UNPLACED, RawObject
from weather_platform.domain.record_files import RecordFile, cut
from weather_platform.domain.staging import Staged, StagedMonth, stage, stage_unplaced
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.intake import PROGRESS, SortedRecords, Stored, check_something_counts
from weather_platform.month_in_parts import MonthInParts
from weather_platform.storage.curated import Replaced
from weather_platform.storage.opening import Stores as Stores  # noqa: PLC0414  # most callers have both from here
from weather_platform.storage.opening import open_stores as open_stores  # noqa: PLC0414
from weather_platform.storage.raw import RawStore

if TYPE_CHECKING:
    from weather_platform.domain.climate.daily import Daily
    from weather_platform.domain.climate.document import MonthDocument
    from weather_platform.domain.climate.screening import Flag

ParsedBefore = Mapping[str, SortedRecords]
"""Records that sorting has parsed, by the name of their raw object: they need not be read and parsed to be staged."""
NOTHING_PARSED: ParsedBefore = MappingProxyType({})
_progress = logging.getLogger(PROGRESS)


class RawMonth:
    """A month's raw objects with their records, in order of receipt; each iteration reads them one at a time."""

    def __init__(self, raw: RawStore, month: Month) -> None:
        self._raw = raw
        self._partition = str(month)

    def __iter__(self) -> Iterator[tuple[RawObject, RecordFile]]:
        return _raw_objects(self._raw, self._partition)

    @property
    def records(self) -> int:
        """As its objects were described when they were stored."""
        return sum(obj.records for obj in self._raw.objects(self._partition))

    def parsed(self, before: ParsedBefore) -> Iterator[tuple[RawObject, RecordFile | ParsedFile]]:
        """The same, with the records that were parsed since their object was received as they were parsed."""
        for obj in self._raw.objects(self._partition):
            records = before.get(obj.name)
            known = records is not None and records.parsed_at <= obj.received
            yield obj, records.read() if records and known else cut(self._raw.read(obj))


def _raw_objects(raw: RawStore, partition: str) -> Iterator[tuple[RawObject, RecordFile]]:
    for obj in raw.objects(partition):
        yield obj, cut(raw.read(obj))


def staged(raw: RawMonth, before: ParsedBefore = NOTHING_PARSED) -> Staged:
    """A month's observations from all its raw objects, some stations at a time where there are many records."""
    return stage(raw.parsed(before)) if raw.records <= parts.RECORDS_AT_ONCE else MonthInParts(raw)


def store_staged(stores: Stores, month: Month, staged: Staged) -> dict[str, RecordCounts]:
    """Replace a month's observations under the month's lock; returns what became of each raw object's records.

    Overtaken if the raw store has changed since they were made: of two processes that stage a month at once, the one
    that saw less must not write last.
    """
    with stores.staging.exclusive(f"stage:{month}"):
        if stores.raw.objects(str(month)) != staged.objects:
            raise Overtaken(f"New observations of {month} arrived while it was staged.", "Stage it again.")
        counts = stores.staging.replace_month(str(month), staged)
    _progress.info("%s staged", month)
    return counts


_again = retry(retry=retry_if_exception_type(Overtaken), stop=stop_after_attempt(20), reraise=True)


@_again
def stage_month(stores: Stores, month: Month, before: ParsedBefore = NOTHING_PARSED) -> dict[str, RecordCounts]:
    """Stage a month from all its raw objects; returns what became of each one's records."""
    return store_staged(stores, month, staged(RawMonth(stores.raw, month), before))


def quarantine_unplaced(stores: Stores, partitions: Partitions) -> StagedMonth:
    """Put the records of the raw partition `UNPLACED` into quarantine, except those placed since."""

    @cache
    def held(month: Month) -> set[bytes]:
        return {bytes(record) for _, file in RawMonth(stores.raw, month) for record in file.records}

    def is_placed(time: datetime, record: bytes) -> bool:
        month = Month.of(time)
        return partitions.holds(month) and record in held(month)

    with stores.staging.exclusive(f"stage:{UNPLACED}"):
        staged = stage_unplaced(_raw_objects(stores.raw, UNPLACED), is_placed)
        stores.staging.replace_month(UNPLACED, staged)
    return staged


def reject_if_nothing_usable(stores: Stores, partitions: Partitions, stored: Sequence[Stored]) -> None:
    """Raise BadInput for files without a record that can be staged; the quarantine then has each record."""
    try:
        check_something_counts(stored, partitions)
    except BadInput:
        for partition in sorted({each.object.partition for each in stored}):
            if partition == UNPLACED:
                quarantine_unplaced(stores, partitions)
            else:
                stage_month(stores, Month.parse(partition))
        raise


def curated_days(month: Month) -> tuple[date, date]:
    """The days that curating a month writes: including those of its neighbours that its readings may change."""
    return Stretch.of(month).changed


class Seen(NamedTuple):
    """Revisions of the stores when a month was aggregated: staging and documents of the month and its neighbours."""

    staged: str
    curated: tuple[str, str, str]

    @classmethod
    def of(cls, stores: Stores, month: Month) -> "Seen":
        revision = stores.curated.month_revision
        return cls(
            stores.staging.revision(month.previous, month.next),
            (revision(month.previous), revision(month), revision(month.next)),
        )


class MonthFigures(NamedTuple):
    """What the documents of a month's `curated_days` are made of."""

    month: Month
    daily: "Parts[list[Daily]]"
    """Days of the month and of its neighbours."""
    synthetic: set[str]
    """Names of raw objects with synthetic records."""
    seen: Seen


class CuratedMonth(NamedTuple):
    """The documents of a month's `curated_days`."""

    month: Month
    documents: Parts[list[WeatherStats]]
    seen: Seen
    """The revisions of the figures the documents were made from."""


def month_figures(stores: Stores, month: Month) -> MonthFigures:
    """Read and screen a month and its neighbours in the staging database; of several parts, each when asked for."""
    seen, around = Seen.of(stores, month), (month.previous, month, month.next)
    daily = Parts(stores.staging.ranges(month.previous, month.next), partial(stores.staging.daily, around))
    return MonthFigures(month, daily, stores.staging.synthetic_objects(*curated_days(month)), seen)


def documents(figures: MonthFigures, now: datetime | None = None) -> CuratedMonth:
    """The WeatherStats documents made from the figures; `now` becomes their `updated_at`."""
    # NumPy takes a sixth of a second to import, which callers that make no documents save.
    from weather_platform.domain.climate.daily import station_days
    from weather_platform.domain.documents import documents_of

    now, (first, last) = now or datetime.now(UTC), curated_days(figures.month)

    def made(of: "list[Daily]") -> list[WeatherStats]:
        days = [station_days(daily, first, last) for daily in of]
        return [document for each in days for document in documents_of(each, figures.synthetic, now)]

    return CuratedMonth(figures.month, figures.daily.map(made), figures.seen)


def store_documents(stores: Stores, curated: CuratedMonth) -> Replaced:
    """Replace a month's documents under the locks of the month and its neighbours, each part atomically.

    Overtaken if another process staged *and* curated since the figures were aggregated. If it has only staged, it will
    still curate, and waits for the same locks.
    """
    month = curated.month
    with stores.staging.exclusive(*(f"curate:{each}" for each in (month.previous, month, month.next))):
        now = Seen.of(stores, month)
        if now.staged != curated.seen.staged and now.curated != curated.seen.curated:
            raise Overtaken(
                f"{month} or a neighbour was written by another process while it was curated.", "Curate it again."
            )
        replaced = [stores.curated.replace(curated_days(month), of, stations) for stations, of in curated.documents]
    _progress.info("%s curated", month)
    return _sum(replaced)


def _sum(replaced: Sequence[Replaced]) -> Replaced:
    return Replaced(*map(sum, zip(*replaced, strict=True)))


class StationSheets(NamedTuple):
    """The sheets of some stations, and what the same screening says of their values."""

    sheets: "list[MonthDocument]"
    flags: "list[Flag]"


class Sheets(NamedTuple):
    """The monthly sheets of a month, and those of its neighbours that its readings change."""

    by_month: dict[Month, Parts[StationSheets]]
    made_of: dict[Month, str]
    """As `StagingStore.sheets_made_of` told it before the sheets were made."""


def month_sheets(stores: Stores, month: Month, now: datetime | None = None) -> Sheets:
    """The sheets of a staged month, made `now`, and of its neighbours where those that are there are outdated.

    A neighbour without sheets is left to who stages it, so that months loaded together are made once each.
    """
    made_of, now = _to_make(stores, month), now or datetime.now(UTC)
    by_month = {each: Parts(stores.staging.ranges(each, each), partial(_sheets, stores, each, now)) for each in made_of}
    return Sheets(by_month, made_of)


def _to_make(stores: Stores, month: Month) -> dict[Month, str]:
    around = (month.previous, month, month.next)
    found = stores.staging.sheets_made_of(*around)
    if month not in found:
        raise NotFound(f"{month} is not staged.", "Materialise staged_observations of that month first.")
    return {each: of.now for each, of in found.items() if each == month or of.are_outdated}


def _sheets(stores: Stores, month: Month, now: datetime, within: StationRange) -> StationSheets:
    from weather_platform.domain.climate.document import month_documents

    made = stores.staging.month_climate(month, within)
    if made is None:
        return StationSheets([], [])
    stations = {station.station_id: station for station in made.stations}
    objects = made.raw_objects()
    synthetic = stores.staging.synthetic_objects(month.previous.first_day, month.last_day)
    return StationSheets(month_documents(made.sheets, stations, objects, synthetic, now), made.flags)


def store_sheets(stores: Stores, month: Month, sheets: Sheets) -> Replaced:
    """Replace the sheets and flags of a month and its outdated neighbours, alone among all processes that make them.

    Overtaken if what they are made of has changed since.
    """
    with stores.staging.exclusive(*(f"sheets:{each}" for each in (month.previous, month, month.next))):
        to_make = _to_make(stores, month)
        if to_make.items() - sheets.made_of.items():
            raise Overtaken(f"{month} or a neighbour was staged again meanwhile.", "Make its monthly sheets again.")
        replaced = []
        for each, made_of in to_make.items():  # a neighbour's may have been made by another process meanwhile
            flags: list[Flag] = []
            for stations, of in sheets.by_month[each]:
                replaced.append(stores.monthly.replace(each, of.sheets, stations))
                flags += of.flags
            stores.staging.flagging.replace(each, flags, made_of)
    return _sum(replaced)


@_again
def _make_sheets(stores: Stores, month: Month) -> Replaced:
    return store_sheets(stores, month, month_sheets(stores, month))


@_again
def _make_documents(stores: Stores, month: Month) -> Replaced:
    return store_documents(stores, documents(month_figures(stores, month)))


def curate_month(stores: Stores, month: Month) -> Replaced:
    """Staging to documents and monthly sheets; returns how the documents changed."""
    replaced = _make_documents(stores, month)
    _make_sheets(stores, month)
    return replaced
