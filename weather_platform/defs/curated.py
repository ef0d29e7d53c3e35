"""The curated layer: one WeatherStats document per station and day."""

import dagster as dg

from weather_platform import names
from weather_platform.defs.attributes import FLOWS, document_columns, layer_asset
from weather_platform.defs.failures import attempt_of, dagster_failures
from weather_platform.defs.metadata import as_metadata, door_of
from weather_platform.defs.partitions import month_of
from weather_platform.defs.stores import StoresIOManager
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.month_report import Links, document_metadata
from weather_platform.pipeline import CuratedMonth, MonthFigures, documents, store_documents
from weather_platform.receipts import close_receipts
from weather_platform.storage.curated import Query


class CuratedIOManager(StoresIOManager):
    """The curated store, MongoDB or SQLite: stores and loads the documents of a month."""

    def handle_output(self, context: dg.OutputContext, obj: CuratedMonth) -> None:
        with dagster_failures(context.step_context.previous_attempt_count):
            stores, month = self.stores.open(), month_of(context)
            replaced = store_documents(stores, obj)
            close_receipts(stores, month, replaced)
            door, links = door_of(context.step_context.dagster_run), Links.of(self.stores.settings)
            metadata = document_metadata(self.stores.held(month, just_written=True), replaced, door, links)
            context.add_output_metadata(as_metadata(metadata))

    def load_input(self, context: dg.InputContext) -> list[WeatherStats]:
        month = month_of(context)
        with dagster_failures(attempt_of(context)):
            return list(self.stores.open().curated.find(Query(first=month.first_day, last=month.last_day)))


@layer_asset(
    names.WEATHER_STATS,
    io_manager_key="curated_io",
    kinds={"json"},
    metadata=document_columns(),
    automation_condition=FLOWS,
)
def weather_stats(staged_observations: MonthFigures) -> CuratedMonth:
    """Daily temperature, pressure, wind and rain per station; null if nothing was measured.

    A month also rewrites the days of its neighbours, three on either side, that its readings may change.
    """
    return documents(staged_observations)
