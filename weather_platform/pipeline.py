"""From one layer to the next: the one way to receive a file, to stage a month and to curate it.

The Dagster assets, the API and the command line all call these; who calls shows in no row and no document.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month
from weather_platform.domain.parsing import Refusal, parse
from weather_platform.domain.provenance import UNPLACED, Provenance, RawObject
from weather_platform.domain.record_files import RecordFile, cut
from weather_platform.domain.staging import StagedMonth, stage, stage_unplaced
from weather_platform.domain.stations import Station
from weather_platform.domain.statistics import DailyAggregate
from weather_platform.domain.unpacking import DEFAULT_LIMITS, Limits, unpack
from weather_platform.domain.weather_stats import Document, document
from weather_platform.settings import Settings
from weather_platform.storage.curated import CuratedStore, Replaced, open_curated
from weather_platform.storage.raw import RawStore, open_raw

if TYPE_CHECKING:
    from weather_platform.storage.staging import StagingStore

PROGRESS = "weather_platform.progress"
"""The logger that tells, one line each, of every month received, staged and curated."""
_progress = logging.getLogger(PROGRESS)


class Stores(NamedTuple):
    """The three layers."""

    raw: RawStore
    staging: "StagingStore"
    curated: CuratedStore


def open_stores(settings: Settings) -> Stores:
    """The stores that the settings name, made ready to write."""
    from weather_platform.storage.staging import open_staging  # SQLAlchemy, half a second

    stores = Stores(open_raw(settings), open_staging(settings), open_curated(settings))
    stores.raw.blobs.ensure()
    return stores


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A raw object that a file became, or was already."""

    object: RawObject
    new: bool
    refused: dict[str, int]
    """Records that staging will set aside, by reason."""


class Partitions(NamedTuple):
    """The months the platform keeps: from first to the current one."""

    first: Month

    def holds(self, month: Month) -> bool:
        return self.first <= month <= Month.current()

    def all(self) -> list[Month]:
        months, month = [], self.first
        while month <= Month.current():
            months.append(month)
            month = month.next
        return months


def receive(
    raw: RawStore,
    body: bytes,
    provenance: Provenance,
    partitions: Partitions,
    received: datetime | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list[Stored]:
    """Keep a file's records in the raw layer, an object a month, every record's bytes as received.

    The file may be gzipped, or a zip of several.
    Records whose month cannot be read, or is outside the partitions, go to the partition `UNPLACED`.
    BadInput where nothing in the file looks like observations. One receipt has one time.
    """
    received = received or datetime.now(UTC)
    stored = []
    for name, file in _record_files(provenance.name, body, limits):
        for partition, part in sorted(_by_partition(file, partitions).items()):
            obj, new = raw.put(
                partition,
                file.with_records(part.records),
                form=file.form,
                records=len(part.records),
                provenance=msgspec.structs.replace(
                    provenance, name=name, synthetic=provenance.synthetic or part.synthetic
                ),
                received=received,
            )
            stored.append(Stored(object=obj, new=new, refused=part.refused))
            _progress.info("%s received", partition)
    return stored


def _record_files(name: str, body: bytes, limits: Limits) -> list[tuple[str, RecordFile]]:
    """All of an archive is read before any of it is kept, so that a bad member leaves nothing behind."""
    files = []
    for member in unpack(name, body, limits):
        try:
            files.append((member.name, cut(member.body)))
        except BadInput as error:
            raise BadInput(f"{member.name}: {error.cause}", error.cure) from error
    return files


class _Part:
    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.refused: dict[str, int] = {}
        self.synthetic = False


def _by_partition(file: RecordFile, partitions: Partitions) -> dict[str, _Part]:
    kept = {str(month): str(month) for month in partitions.all()}
    parts: dict[str, _Part] = {}
    for item in parse(file):
        time = item.time
        month = f"{time.year:04d}-{time.month:02d}" if time else ""
        part = parts.setdefault(kept.get(month, UNPLACED), _Part())
        if isinstance(item, Refusal):
            part.records.append(item.record)
            part.refused[item.reason] = part.refused.get(item.reason, 0) + 1
        else:
            part.records.append(item.raw)
            part.synthetic = part.synthetic or bool(item.record.synthetic)
    return parts


def raw_month(raw: RawStore, month: str) -> Iterator[tuple[RawObject, RecordFile]]:
    """A month's raw objects with their records, in order of receipt, one in memory at a time."""
    for obj in raw.objects(month):
        yield obj, cut(raw.read(obj))


def write_staged(stores: Stores, month: str, make: Callable[[], StagedMonth]) -> StagedMonth:
    """Make a month's observations and replace it, alone among all processes that stage the month."""
    with stores.staging.exclusive(f"stage:{month}"):
        staged = make()
        stores.staging.replace_month(month, staged)
    _progress.info("%s staged", month)
    return staged


def stage_month(stores: Stores, month: Month) -> StagedMonth:
    """Raw to staging: the month as all its raw objects say."""
    return write_staged(stores, str(month), lambda: stage(raw_month(stores.raw, str(month))))


def quarantine_unplaced(stores: Stores, partitions: Partitions) -> StagedMonth:
    """Show the records of the raw partition `UNPLACED` in the quarantine, but for those that a partition holds now."""

    def is_placed(time: datetime) -> bool:
        return partitions.holds(Month.of(time))

    return write_staged(stores, UNPLACED, lambda: stage_unplaced(raw_month(stores.raw, UNPLACED), is_placed))


def curated_days(month: Month) -> tuple[date, date]:
    """The days that curating a month writes: the last of the month before too, whose rain ends at 00 UTC of the 1st."""
    return month.previous.last_day, month.last_day


class MonthFigures(NamedTuple):
    """The daily aggregates of a month's `curated_days`."""

    by_station: list[tuple[Station, list[DailyAggregate]]]
    synthetic: set[str]
    """Names of raw objects that hold no measurements."""


def month_figures(staging: "StagingStore", month: Month) -> MonthFigures:
    """Add up a month in the staging database."""
    days = curated_days(month)
    return MonthFigures(list(staging.daily(*days)), staging.synthetic_objects(*days))


def documents(figures: MonthFigures, now: datetime | None = None) -> list[Document]:
    """The WeatherStats documents of the figures, made `now`."""
    now = now or datetime.now(UTC)
    return [document(station, day, figures.synthetic, now) for station, days in figures.by_station for day in days]


def write_documents(stores: Stores, month: Month, make: Callable[[], list[Document]]) -> Replaced:
    """Make a month's documents and replace them, alone among all processes that curate it or a neighbour."""
    with stores.staging.exclusive(f"curate:{month.previous}", f"curate:{month}"):
        replaced = stores.curated.replace(curated_days(month), make())
    _progress.info("%s curated", month)
    return replaced


def curate_month(stores: Stores, month: Month) -> Replaced:
    """Staging to documents."""
    return write_documents(stores, month, lambda: documents(month_figures(stores.staging, month)))
