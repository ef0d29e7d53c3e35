"""Staged observations: a month replaces itself in the staging database; reading gives daily figures, or a frame."""

from typing import TYPE_CHECKING

import dagster as dg

from weather_platform.ahead import ahead
from weather_platform.domain.months import Month
from weather_platform.domain.quality import MonthSummary
from weather_platform.domain.staging import StagedMonth
from weather_platform.io_managers.explained import explained
from weather_platform.io_managers.months import describe_month, months_of
from weather_platform.io_managers.staged_frame import is_frame_type, staged_frame
from weather_platform.io_managers.stores import StoresResource
from weather_platform.monthly import Monthly
from weather_platform.pipeline import MonthFigures, Stores, month_figures, write_staged

if TYPE_CHECKING:
    import pandas as pd


class StagingIOManager(dg.ConfigurableIOManager):
    """MySQL, MariaDB or SQLite, by the settings."""

    stores: dg.ResourceDependency[StoresResource]

    def handle_output(self, context: dg.OutputContext, obj: Monthly[StagedMonth]) -> None:
        with explained(context.step_context.previous_attempt_count):
            stores = self.stores.open()
            for month, _ in ahead(obj, lambda month: write_staged(stores, str(month), lambda: obj[month])):
                describe_month(context, month, _metadata(stores, month))

    def load_input(self, context: dg.InputContext) -> "Monthly[MonthFigures] | pd.DataFrame":
        if is_frame_type(context.dagster_type.typing_type):
            return staged_frame(self.stores.open().staging, months_of(context))
        return Monthly(months_of(context), lambda month: month_figures(self.stores.open().staging, month))


def _metadata(stores: Stores, month: Month) -> dict[str, object]:
    summary = stores.staging.summary(month)
    return {
        "dagster/partition_row_count": summary.rows_in_tables,
        "dagster/table_name": stores.staging.engine.url.render_as_string(hide_password=True),
        "tables": len(summary.columns),
        "read": sum(counts.read for counts in summary.objects.values()),
        "refused": sum(sum(counts.refused.values()) for counts in summary.objects.values()),
        "synthetic": summary.synthetic,
        "changes": dg.MetadataValue.json(summary.changes),
        "coverage": _coverage_table(summary),
    }


def _coverage_table(summary: MonthSummary) -> dg.TableMetadataValue:
    hours = len(summary.month.days) * 8
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord({"station": number, "city": summary.names[number], "observations": count, "of": hours})
            for number, count in sorted(summary.observations.items(), key=lambda item: item[1])
        ],
        schema=dg.TableSchema(
            [
                dg.TableColumn("station", "string", "WMO station number"),
                dg.TableColumn("city", "string"),
                dg.TableColumn("observations", "int"),
                dg.TableColumn("of", "int", "synoptic hours of the month"),
            ]
        ),
    )
