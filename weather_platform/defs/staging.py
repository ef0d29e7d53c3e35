"""The staging layer: a month of observations, typed and cleaned, in one table per city."""

from typing import TYPE_CHECKING

import dagster as dg

from weather_platform import names
from weather_platform.defs.attributes import FLOWS, column_schema, layer_asset
from weather_platform.defs.failures import attempt_of, dagster_failures
from weather_platform.defs.metadata import as_metadata, door_of
from weather_platform.defs.partitions import month_of
from weather_platform.defs.staged_frame import is_frame_type, staged_frame
from weather_platform.defs.stores import StoresIOManager
from weather_platform.domain.months import Month
from weather_platform.domain.staging import Staged
from weather_platform.month_report import Links, staged_metadata
from weather_platform.pipeline import MonthFigures, RawMonth, month_figures, staged, store_staged

if TYPE_CHECKING:
    import pandas as pd


class StagingIOManager(StoresIOManager):
    """The staging database, MySQL, MariaDB or SQLite: stores a month, loads its daily figures, or months as a frame."""

    def handle_output(self, context: dg.OutputContext, obj: Staged) -> None:
        with dagster_failures(context.step_context.previous_attempt_count):
            stores, month = self.stores.open(), month_of(context)
            store_staged(stores, month, obj)
            door, links = door_of(context.step_context.dagster_run), Links.of(self.stores.settings)
            context.add_output_metadata(
                as_metadata(staged_metadata(self.stores.held(month, just_written=True), door, links))
            )

    def load_input(self, context: dg.InputContext) -> "MonthFigures | pd.DataFrame":
        with dagster_failures(attempt_of(context)):
            stores = self.stores.open()
            if is_frame_type(context.dagster_type.typing_type):
                return staged_frame(stores.staging, sorted(map(Month.parse, context.asset_partition_keys)))
            return month_figures(stores, month_of(context))


@layer_asset(
    names.STAGED_OBSERVATIONS,
    io_manager_key="staging_io",
    kinds={"csv"},
    metadata={"dagster/column_schema": column_schema()},
    automation_condition=FLOWS,
)
def staged_observations(context: dg.AssetExecutionContext, raw_observations: RawMonth) -> Staged:
    """Observations by city: numbers checked, traces and codes resolved, one per station and time."""
    with dagster_failures(context.retry_number):  # the raw objects are read as they are staged
        return staged(raw_observations)
