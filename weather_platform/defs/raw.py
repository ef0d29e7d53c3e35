"""The raw layer: a month of observations as its source publishes it."""

import dagster as dg
from pydantic import Field

from weather_platform import names
from weather_platform.defs.facts import layer_asset
from weather_platform.domain.search import chosen_station
from weather_platform.io_managers.explained import explained
from weather_platform.io_managers.months import months_of_run
from weather_platform.io_managers.stores import StoresResource
from weather_platform.io_managers.types import PAYLOADS
from weather_platform.monthly import Monthly
from weather_platform.sources.catalogue import open_source
from weather_platform.sources.port import Payload


class Fetch(dg.Config):
    """What to fetch."""

    source: str | None = Field(
        default=None, description="meteofrance, opendatasoft or sample; the platform's setting where not given"
    )
    cities: list[str] = Field(
        default_factory=list, description="names, slugs or any WMO numbers; all stations where none is given"
    )


@layer_asset(
    names.RAW_OBSERVATIONS,
    io_manager_key="raw_io",
    dagster_type=PAYLOADS,
    kinds={"s3", "json"},
)
def raw_observations(
    context: dg.AssetExecutionContext, config: Fetch, stores: dg.ResourceParam[StoresResource]
) -> Monthly[Payload]:
    """SYNOP observations as received, every record's bytes unchanged, named by their hash."""
    with explained(context.retry_number):
        months = months_of_run(context, stores.partitions)
        source = open_source(stores.settings, config.source)
        stations = [chosen_station(city, stores.open().staging.stations).station_id for city in config.cities]
    return Monthly(months, lambda month: source.fetch(month, stations or None))
