"""Dagster's partition keys as months, and metadata for one month of a run of many."""

from typing import Any

import dagster as dg

from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month, Partitions
from weather_platform.io_managers.explained import explained


def months_of(context: dg.InputContext | dg.OutputContext) -> list[Month]:
    """The months that a run reads or writes, in order; a failure in words where there is none."""
    with explained(retry_number=0):
        return _some(sorted(Month.parse(key) for key in context.asset_partition_keys))


def months_of_run(context: dg.AssetExecutionContext, kept: Partitions) -> list[Month]:
    """The months that a run is for. BadInput where it is for none, or for one that is not kept.

    Dagster's UI offers only partitions that there are; by GraphQL a run can be launched for any, and for none.
    """
    if not context.has_partition_key and not context.has_partition_key_range:
        return _some([])
    asked = context.partition_key_range
    for key in (asked.start, asked.end):
        kept.check(Month.parse(key))
    return _some([Month.parse(key) for key in context.partition_keys])


def _some(months: list[Month]) -> list[Month]:
    if not months:
        raise BadInput(
            "The run is for no month that is kept here.",
            "Launch it with the tag dagster/partition (2023-12), or dagster/asset_partition_range_start and _end.",
        )
    return months


def describe_month(context: dg.OutputContext, month: Month, metadata: dict[str, Any]) -> None:
    """Attach metadata to one month's materialisation: what the IO manager adds by itself goes to all of a run alike."""
    context.step_context.add_asset_metadata(metadata=metadata, asset_key=context.asset_key, partition_key=str(month))
