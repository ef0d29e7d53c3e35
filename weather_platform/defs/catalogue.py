"""Repairs Dagster's catalogue from the stores, after materialisations were wiped or Dagster's database was lost."""

from collections.abc import Iterator, Sequence

import dagster as dg

from weather_platform import names
from weather_platform.defs.metadata import as_metadata, judged
from weather_platform.defs.stores import StoresResource
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import RawObject
from weather_platform.intake import Stored
from weather_platform.month_report import (
    CHECKS,
    Door,
    Links,
    Metadata,
    StoredMonth,
    document_metadata,
    judge_month,
    raw_metadata,
    sheet_metadata,
    staged_metadata,
)
from weather_platform.pipeline import Stores
from weather_platform.settings import Settings
from weather_platform.storage.curated import Replaced


def repair_in(
    instance: dg.DagsterInstance, settings: Settings, stores: Stores, months: Sequence[Month] | None = None
) -> Iterator[tuple[Month, list[str]]]:
    """Report every stored month that the catalogue lacks, with its checks; yields the assets that lacked it.

    `months` None: all that the stores hold, within the partitions. What the catalogue shows already stays as it is;
    no run is launched and nothing in the stores changes. BadInput if one of `months` is outside the partitions.
    """
    from weather_platform.dagster_patches.webserver import allow_verdicts_again  # the web application

    partitions, links = Partitions(settings.first_month), Links.of(settings)
    for month in months or ():
        partitions.check(month)
    wanted = months or [month for month in map(Month.parse, _months(stores)) if partitions.holds(month)]
    allow_verdicts_again()
    shown = {asset: _shown(instance, asset) for asset in names.ASSETS}
    for month in wanted:
        held = StoredMonth(stores, month)
        metadata_by_asset = dict(_metadata(stores, held, links))
        lacking = [asset for asset in metadata_by_asset if str(month) not in shown[asset]]
        for asset in lacking:
            _show(instance, asset, held, metadata_by_asset[asset])
        yield month, lacking


@dg.op(description="Shows the months that the stores hold and the catalogue lacks; loads nothing, changes no store.")
def show_stored_months(context: dg.OpExecutionContext, stores: dg.ResourceParam[StoresResource]) -> None:
    repaired = 0
    for month, lacking in repair_in(context.instance, stores.settings, stores.open()):
        if lacking:
            context.log.info("%s is shown again in %s.", month, ", ".join(lacking))
        repaired += bool(lacking)
    context.log.info("The catalogue lacked %s months and has them now.", repaired)


@dg.job(
    name=names.REPAIR_JOB,
    description="Put a wiped catalogue right from what the stores hold; loads nothing. Takes no month.",
    executor_def=dg.in_process_executor,
)
def repair_catalogue() -> None:
    show_stored_months()


def _months(stores: Stores) -> list[str]:
    """Of raw and of staging; a document always has a staged month."""
    staged = {coverage.month for coverage in stores.staging.coverage()}
    return sorted({month for month in {*stores.raw.partitions(), *staged} if month[:1].isdigit()})


def _metadata(stores: Stores, held: StoredMonth, links: Links) -> Iterator[tuple[str, Metadata]]:
    """The metadata of each layer that holds the month."""
    month, door = held.month, Door("catalogue", str(held.month))
    objects = [_as_stored(obj) for obj in stores.raw.objects(str(month))]
    if objects:
        yield names.RAW_OBSERVATIONS, raw_metadata(month, objects, door, links)
    if stores.staging.coverage([str(month)]):
        yield names.STAGED_OBSERVATIONS, staged_metadata(held, door, links)
        if held.documents:
            unchanged = Replaced(0, sum(city.documents for city in held.documents), 0)
            yield names.WEATHER_STATS, document_metadata(held, unchanged, door, links)
        if held.sheets:
            yield names.MONTHLY_CLIMATE, sheet_metadata(held, door, links)


def _as_stored(obj: RawObject) -> Stored:
    return Stored(object=obj, new=False, refused={})


def _shown(instance: dg.DagsterInstance, asset: str) -> set[str]:
    return set(instance.get_materialized_partitions(dg.AssetKey(asset)))


def _show(instance: dg.DagsterInstance, asset: str, held: StoredMonth, metadata: Metadata) -> None:
    month = str(held.month)
    instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition=month, metadata=as_metadata(metadata)))
    for check, verdict in judge_month(held, (check for check in CHECKS if check.asset == asset)):
        told = judged(check, verdict)
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(asset_key=dg.AssetKey(asset), check_name=check.name, partition=month, **told)
        )
