"""The staging layer: a month of observations, typed and cleaned, in a table a city."""

from collections.abc import Iterator

import dagster as dg

from weather_platform import names
from weather_platform.defs.checks import STAGING_CHECKS, evaluations
from weather_platform.defs.facts import column_schema, layer_asset
from weather_platform.domain.staging import StagedMonth, stage
from weather_platform.io_managers.raw import RawMonth
from weather_platform.io_managers.stores import StoresResource
from weather_platform.io_managers.types import RAW_MONTHS, STAGED_MONTHS
from weather_platform.monthly import Monthly


@layer_asset(
    names.STAGED_OBSERVATIONS,
    io_manager_key="staging_io",
    ins={"raw_observations": dg.AssetIn(names.RAW_OBSERVATIONS, dagster_type=RAW_MONTHS)},
    dagster_type=STAGED_MONTHS,
    kinds={"mysql", "csv"},
    metadata={"dagster/column_schema": column_schema()},
)
def staged_observations(
    context: dg.AssetExecutionContext,
    stores: dg.ResourceParam[StoresResource],
    raw_observations: Monthly[RawMonth],
) -> Iterator[dg.Output[Monthly[StagedMonth]] | dg.AssetCheckEvaluation]:
    """Observations by city: numbers checked, traces and codes resolved, one a time, the latest received."""
    yield dg.Output(raw_observations.map(stage))
    yield from evaluations(context.op_execution_context, raw_observations, STAGING_CHECKS, stores)
