"""The climate layer: one monthly sheet per station, beside the daily documents."""

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import dagster as dg

from weather_platform import names
from weather_platform.defs.attributes import FLOWS, layer_asset, sheet_columns
from weather_platform.defs.failures import attempt_of, dagster_failures
from weather_platform.defs.metadata import as_metadata, door_of
from weather_platform.defs.monthly_frame import MONTHLY_FRAME, monthly_frame, sheets_of
from weather_platform.defs.partitions import month_of, month_of_run
from weather_platform.defs.stores import StoresIOManager, StoresResource
from weather_platform.domain.months import Month
from weather_platform.domain.parts import Parts, ranges
from weather_platform.month_report import Links, sheet_metadata
from weather_platform.pipeline import Sheets, StationSheets, month_sheets, store_sheets

if TYPE_CHECKING:
    import pandas as pd

    from weather_platform.domain.climate.document import MonthDocument
    from weather_platform.domain.climate.screening import Flag

_BESIDE = "beside"


class Beside(NamedTuple):
    """In a frame's `attrs`: the rest of `Sheets`.

    pandas copies `attrs` deeply with every column that is taken: the flags of a month, 300 times in its run.
    """

    flags: "dict[Month, list[Flag]]"
    made_of: dict[Month, str]

    def __deepcopy__(self, _: object) -> Self:
        return self


class ClimateIOManager(StoresIOManager):
    """The monthly sheets in MongoDB or SQLite: stores a frame of them, loads those of the partitions as a frame."""

    def handle_output(self, context: dg.OutputContext, obj: "pd.DataFrame") -> None:
        with dagster_failures(context.step_context.previous_attempt_count):
            stores, month = self.stores.open(), month_of(context)
            found, beside = sheets_of(obj), obj.attrs[_BESIDE]
            by_month = {each: in_parts(found.get(each, []), flags) for each, flags in beside.flags.items()}
            store_sheets(stores, month, Sheets(by_month, beside.made_of))
            door, links = door_of(context.step_context.dagster_run), Links.of(self.stores.settings)
            metadata = sheet_metadata(self.stores.held(month, just_written=True), door, links)
            context.add_output_metadata(as_metadata(metadata))

    def load_input(self, context: dg.InputContext) -> "pd.DataFrame":
        with dagster_failures(attempt_of(context)):
            from weather_platform.storage.monthly import MonthQuery  # numpy

            months = sorted(map(Month.parse, context.asset_partition_keys))
            query = MonthQuery(first=months[0], last=months[-1])
            return monthly_frame(list(self.stores.open().monthly.find(query)))


def in_parts(sheets: "list[MonthDocument]", flags: "list[Flag]") -> Parts[StationSheets]:
    """Sheets that were made of parts, in parts again."""
    return Parts(
        ranges(sheet.station_id for sheet in sheets),
        lambda stations: StationSheets(
            [sheet for sheet in sheets if stations.holds(sheet.station_id)],
            [flag for flag in flags if stations.holds(flag.station_id)],
        ),
    )


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
        made = {each: [part for _, part in parts] for each, parts in sheets.by_month.items()}
    frame = monthly_frame([sheet for of in made.values() for part in of for sheet in part.sheets])
    flags = {each: [flag for part in of for flag in part.flags] for each, of in made.items()}
    frame.attrs[_BESIDE] = Beside(flags, sheets.made_of)
    return frame
