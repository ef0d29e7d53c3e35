"""Dagster's partition keys as months, and metadata for one month of a run of many."""

from typing import Any

import dagster as dg

from weather_platform.domain.months import Month


def months_of(context: dg.InputContext | dg.OutputContext) -> list[Month]:
    """The months that a run reads or writes, in order."""
    return sorted(Month.parse(key) for key in context.asset_partition_keys)


def describe_month(context: dg.OutputContext, month: Month, metadata: dict[str, Any]) -> None:
    """Attach metadata to one month's materialisation: what the IO manager adds by itself goes to all of a run alike."""
    context.step_context.add_asset_metadata(metadata=metadata, asset_key=context.asset_key, partition_key=str(month))
