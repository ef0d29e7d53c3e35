"""WeatherStats documents: a month replaces its days in the curated store; reading gives the documents of a month."""

import dagster as dg

from weather_platform.domain.months import Month
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.io_managers.explained import explained
from weather_platform.io_managers.months import describe_month, months_of
from weather_platform.io_managers.stores import StoresResource
from weather_platform.monthly import Monthly
from weather_platform.pipeline import write_documents
from weather_platform.storage.curated import Query


class CuratedIOManager(dg.ConfigurableIOManager):
    """MongoDB or SQLite, by the settings."""

    stores: dg.ResourceDependency[StoresResource]

    def handle_output(self, context: dg.OutputContext, obj: Monthly[list[WeatherStats]]) -> None:
        with explained(context.step_context.previous_attempt_count):
            stores = self.stores.open()
            for month in obj:
                replaced = write_documents(stores, month, lambda month=month: obj[month])  # type: ignore[misc]
                covered = stores.curated.coverage(month.first_day, month.last_day)
                describe_month(
                    context,
                    month,
                    {
                        "dagster/partition_row_count": sum(c.documents for c in covered),
                        "cities": len(covered),
                        "written": replaced.written,
                        "unchanged": replaced.unchanged,
                        "deleted": replaced.deleted,
                    },
                )

    def load_input(self, context: dg.InputContext) -> Monthly[list[WeatherStats]]:
        def documents(month: Month) -> list[WeatherStats]:
            return list(self.stores.open().curated.find(Query(first=month.first_day, last=month.last_day)))

        return Monthly(months_of(context), documents)
