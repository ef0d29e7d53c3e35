"""From one layer to the next: the one way to stage a month and to curate it. How files come in is `intake`.

The Dagster assets, the API and the command line all call these; who calls shows in no row and no document.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import UNPLACED, RawObject
from weather_platform.domain.record_files import RecordFile, cut
from weather_platform.domain.staging import StagedMonth, stage, stage_unplaced
from weather_platform.domain.stations import Station
from weather_platform.domain.statistics import DailyAggregate
from weather_platform.domain.weather_stats import WeatherStats, document
from weather_platform.intake import PROGRESS, Stored, check_something_counts
from weather_platform.settings import Settings
from weather_platform.storage.curated import CuratedStore, Replaced
from weather_platform.storage.opening import open_curated, open_raw, open_staging
from weather_platform.storage.raw import RawStore

if TYPE_CHECKING:
    from weather_platform.storage.staging import StagingStore

_progress = logging.getLogger(PROGRESS)


class Stores(NamedTuple):
    """The three layers."""

    raw: RawStore
    staging: "StagingStore"
    curated: CuratedStore


def open_stores(settings: Settings) -> Stores:
    """The stores that the settings name, made ready to write."""
    stores = Stores(open_raw(settings), open_staging(settings), open_curated(settings))
    stores.raw.blobs.ensure()
    return stores


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
    """Show the records of the raw partition `UNPLACED` in the quarantine, but for those that were placed since."""

    @cache
    def held(month: Month) -> set[bytes]:
        return {bytes(record) for _, file in raw_month(stores.raw, str(month)) for record in file.records}

    def is_placed(time: datetime, record: bytes) -> bool:
        month = Month.of(time)
        return partitions.holds(month) and record in held(month)

    return write_staged(stores, UNPLACED, lambda: stage_unplaced(raw_month(stores.raw, UNPLACED), is_placed))


def refuse_what_counts_nowhere(stores: Stores, partitions: Partitions, stored: Sequence[Stored]) -> None:
    """BadInput for files of which no record can be staged; the quarantine shows each of them then."""
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
    """The days that curating a month writes: those of its neighbours too that its readings may change."""
    return Stretch.of(month).changed


class MonthFigures(NamedTuple):
    """The daily aggregates of a month's `curated_days`."""

    by_station: list[tuple[Station, list[DailyAggregate]]]
    synthetic: set[str]
    """Names of raw objects that hold no measurements."""


def month_figures(staging: "StagingStore", month: Month) -> MonthFigures:
    """Add up a month in the staging database."""
    days = curated_days(month)
    return MonthFigures(list(staging.daily(*days)), staging.synthetic_objects(*days))


def documents(figures: MonthFigures, now: datetime | None = None) -> list[WeatherStats]:
    """The WeatherStats documents of the figures, made `now`."""
    now = now or datetime.now(UTC)
    return [document(station, day, figures.synthetic, now) for station, days in figures.by_station for day in days]


def write_documents(stores: Stores, month: Month, make: Callable[[], list[WeatherStats]]) -> Replaced:
    """Make a month's documents and replace them, alone among all processes that curate it or a neighbour."""
    with stores.staging.exclusive(*(f"curate:{each}" for each in (month.previous, month, month.next))):
        replaced = stores.curated.replace(curated_days(month), make())
    _progress.info("%s curated", month)
    return replaced


def curate_month(stores: Stores, month: Month) -> Replaced:
    """Staging to documents."""
    return write_documents(stores, month, lambda: documents(month_figures(stores.staging, month)))
