"""The curated layer: a WeatherStats document a station and day."""

from collections.abc import Iterator

import dagster as dg

from weather_platform import names
from weather_platform.defs.checks import CURATED_CHECKS, evaluations
from weather_platform.defs.facts import layer_asset
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.io_managers.stores import StoresResource
from weather_platform.io_managers.types import DOCUMENTS, MONTH_FIGURES
from weather_platform.monthly import Monthly
from weather_platform.pipeline import MonthFigures, documents


@layer_asset(
    names.WEATHER_STATS,
    io_manager_key="curated_io",
    ins={"staged_observations": dg.AssetIn(names.STAGED_OBSERVATIONS, dagster_type=MONTH_FIGURES)},
    dagster_type=DOCUMENTS,
    kinds={"mongodb"},
)
def weather_stats(
    context: dg.AssetExecutionContext,
    stores: dg.ResourceParam[StoresResource],
    staged_observations: Monthly[MonthFigures],
) -> Iterator[dg.Output[Monthly[list[WeatherStats]]] | dg.AssetCheckEvaluation]:
    """Temperature, pressure, wind and rain of a station's day; null where nothing was measured.

    A month also rewrites the last day of the month before, whose rain ends with this month's first reading.
    """
    yield dg.Output(staged_observations.map(documents))
    yield from evaluations(context.op_execution_context, staged_observations, CURATED_CHECKS, stores)
