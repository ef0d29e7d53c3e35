"""The climate layer: one monthly sheet per station, beside the daily documents."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from weather_platform import names
from weather_platform.defs.attributes import FLOWS, layer_asset, sheet_columns
from weather_platform.defs.failures import attempt_of, dagster_failures
from weather_platform.defs.metadata import as_metadata, door_of
from weather_platform.defs.monthly_frame import MONTHLY_FRAME, monthly_frame, sheets_of
from weather_platform.defs.partitions import month_of, month_of_run
from weather_platform.defs.stores import StoresIOManager, StoresResource
from weather_platform.domain.months import Month
from weather_platform.month_report import Links, StoredMonth, sheet_metadata
from weather_platform.pipeline import Sheets, month_sheets, store_sheets

if TYPE_CHECKING:
    import pandas as pd

_FLAGS, _MADE_OF = "flags", "made_of"
"""In a frame's attributes: the rest of `Sheets`."""


class ClimateIOManager(StoresIOManager):
    """The monthly sheets in MongoDB or SQLite: stores a frame of them, loads those of the partitions as a frame."""

    def handle_output(self, context: dg.OutputContext, obj: "pd.DataFrame") -> None:
        with dagster_failures(context.step_context.previous_attempt_count):
            stores, month = self.stores.open(), month_of(context)
            found, flags = sheets_of(obj), obj.attrs[_FLAGS]
            by_month = {each: found.get(each, []) for each in flags}
            store_sheets(stores, month, Sheets(by_month, flags, obj.attrs[_MADE_OF]))
            door, links = door_of(context.step_context.dagster_run), Links.of(self.stores.settings)
            metadata = sheet_metadata(StoredMonth(stores, month), door, links)
            context.add_output_metadata(as_metadata(metadata))

    def load_input(self, context: dg.InputContext) -> "pd.DataFrame":
        with dagster_failures(attempt_of(context)):
            from weather_platform.storage.monthly import MonthQuery  # numpy

            months = sorted(map(Month.parse, context.asset_partition_keys))
            query = MonthQuery(first=months[0], last=months[-1])
            return monthly_frame(list(self.stores.open().monthly.find(query)))


@layer_asset(
    names.MONTHLY_CLIMATE,
    io_manager_key="climate_io",
    kinds={"pandas"},
    metadata={"collection": "MonthlyClimate", **sheet_columns()},
    deps=[names.WEATHER_STATS],
    dagster_type=MONTHLY_FRAME,
    automation_condition=FLOWS,
)
def monthly_climate(context: dg.AssetExecutionContext, stores: dg.ResourceParam[StoresResource]) -> Any:
    """Monthly figures of each station by the definitions of climatology, each with its completeness.

    A month also makes the sheets of its neighbours again where its readings change them: a climatological day ends on
    the next civil day.
    """
    with dagster_failures(context.retry_number):
        sheets = month_sheets(stores.open(), month_of_run(context.run))
    frame = monthly_frame([sheet for of in sheets.by_month.values() for sheet in of])
    frame.attrs |= {_MADE_OF: sheets.made_of, _FLAGS: sheets.flags}
    return frame
