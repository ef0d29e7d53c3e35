"""References from the loaded years, and Météo-France's official normals: assets made of all months."""

import dagster as dg

from weather_platform import names
from weather_platform.defs.attributes import FLOWS, GROUP
from weather_platform.defs.failures import dagster_failures
from weather_platform.defs.stores import StoresResource

CLIMATE_VERSION = "1"
_MOST_SHOWN = 20
SHEETS_REISSUED = "0 9 8 * *"
"""Météo-France issues its sheets again every month."""


@dg.asset(
    name=names.CLIMATE_REFERENCE,
    deps=[names.MONTHLY_CLIMATE],
    group_name=GROUP,
    owners=["team:weather"],
    code_version=CLIMATE_VERSION,
    metadata={"collection": "ClimateReference"},
    automation_condition=FLOWS,
)
def climate_reference(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[StoresResource]
) -> dg.MaterializeResult[None]:
    """Mean, median, percentiles and extremes with their years, of 10 years and more, by station, period and figure.

    24 years make a reference, fewer an average. The API serves these; if a month has changed since, it computes them
    itself in the same way.
    """
    with dagster_failures(context.retry_number):
        from weather_platform.usual import store_references  # numpy

        made = store_references(stores.open())
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": made.references + made.averages,
            "stations": made.stations,
            "references": made.references,
            "averages": made.averages,
        }
    )


@dg.asset_check(
    asset=names.CLIMATE_REFERENCE,
    name="covers_its_years",
    description="Each station has references of its sheets as they are now, of as many years as have complete months.",
)
def reference_covers_its_years(
    context: dg.AssetCheckExecutionContext, stores: dg.ResourceParam[StoresResource]
) -> dg.AssetCheckResult:
    with dagster_failures(context.op_execution_context.retry_number):
        from weather_platform.usual import faults_of_references

        faults = faults_of_references(stores.open())
    return dg.AssetCheckResult(
        passed=not faults,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(faults)} faults" if faults else "the references are those of the sheets",
        metadata={"faults": faults[:_MOST_SHOWN]},
    )


@dg.asset(
    name=names.CLIMATE_NORMALS,
    group_name=GROUP,
    owners=["team:weather"],
    code_version=CLIMATE_VERSION,
    metadata={"collection": "ClimateNormals"},
    automation_condition=dg.AutomationCondition.on_cron(SHEETS_REISSUED),
)
def climate_normals(
    context: dg.AssetExecutionContext, stores: dg.ResourceParam[StoresResource]
) -> dg.MaterializeResult[None]:
    """Météo-France's climate sheets (1991-2020) of the places within 3 km and 50 m of altitude of a station.

    The sheets are kept as received. Without a network, those kept before are read again, and `trouble` says why.
    """
    with dagster_failures(context.retry_number):
        from weather_platform.sources.climate_sheets import ClimateSheets
        from weather_platform.usual import store_normals

        source = ClimateSheets(stores.settings.normals_url)
        try:
            made = store_normals(stores.open(), source)
        finally:
            source.close()
    if made.trouble:
        context.log.warning("Not all climate sheets could be fetched: %s", made.trouble)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": made.stations,
            "fetched": made.fetched,
            "trouble": made.trouble,
            "unread": made.unread,
        }
    )
