"""The raw layer: a month of observations as published by its source."""

from collections.abc import Iterator

import dagster as dg
from pydantic import Field

from weather_platform import names
from weather_platform.defs.attributes import layer_asset
from weather_platform.defs.failures import attempt_of, dagster_failures
from weather_platform.defs.metadata import as_metadata, door_of
from weather_platform.defs.partitions import KEPT, month_of, month_of_run
from weather_platform.defs.stores import SourceName, SourcesResource, StoresIOManager, StoresResource
from weather_platform.defs.upstream import UPSTREAM
from weather_platform.domain.errors import EmptyMonth, SourceUnavailable, WeatherError
from weather_platform.domain.months import Month
from weather_platform.domain.provenance import UNPLACED
from weather_platform.domain.search import chosen_station
from weather_platform.month_report import Links, raw_metadata
from weather_platform.pipeline import RawMonth, quarantine_unplaced
from weather_platform.receipts import reject_if_withdrawn, store_fetched
from weather_platform.sources.port import Payload
from weather_platform.storage.station_lists import refresh_station_list


class Fetch(dg.Config):
    """What to fetch."""

    source: SourceName | None = Field(
        default=None, description="source of the month; default: that of the resource `sources`"
    )
    cities: list[str] = Field(
        default_factory=list, description="names, slugs or any WMO numbers; default: all stations"
    )


class RawIOManager(StoresIOManager):
    """The raw store, S3 or a folder: stores what came of a month, loads a month's objects."""

    def handle_output(self, context: dg.OutputContext, obj: Payload) -> None:
        with dagster_failures(context.step_context.previous_attempt_count):
            stores, month = self.stores.open(), month_of(context)
            stored = store_fetched(stores, KEPT, obj.body, obj.provenance)
            if any(item.object.partition == UNPLACED for item in stored):
                quarantine_unplaced(stores, KEPT)
            reject_if_withdrawn(month, stored)
            door, links = door_of(context.step_context.dagster_run), Links.of(self.stores.settings)
            context.add_output_metadata(as_metadata(raw_metadata(month, stored, door, links, obj.notes)))

    def load_input(self, context: dg.InputContext) -> RawMonth:
        with dagster_failures(attempt_of(context)):
            return RawMonth(self.stores.open().raw, month_of(context))


RAW_OBJECTS = dg.TableSchema(
    [
        dg.TableColumn("key", "string", "month and the first 16 hex digits of the SHA-256 of the bytes"),
        dg.TableColumn("form", "string", "json or csv: the records as received, byte for byte"),
        dg.TableColumn("records", "int", "how many records it holds"),
        dg.TableColumn("size_bytes", "int"),
        dg.TableColumn("sha256", "string", "of the bytes"),
        dg.TableColumn("received", "timestamp", "when these bytes first came, UTC"),
        dg.TableColumn("provenance", "struct", "source, name, licence, and whether it is synthetic"),
    ]
)


@layer_asset(
    names.RAW_OBSERVATIONS,
    io_manager_key="raw_io",
    kinds={"json", "csv"},
    metadata={"dagster/column_schema": RAW_OBJECTS},
    deps=UPSTREAM,
    output_required=False,
)
def raw_observations(
    context: dg.AssetExecutionContext,
    config: Fetch,
    stores: dg.ResourceParam[StoresResource],
    sources: dg.ResourceParam[SourcesResource],
) -> Iterator[dg.Output[Payload]]:
    """SYNOP observations of a month as received: every record's bytes unchanged, objects named by their hash.

    The current month is skipped if the source does not have it yet; any other missing month fails.
    """
    with dagster_failures(context.retry_number):
        month, source = month_of_run(context.run), sources.open(config.source)
        stations = [chosen_station(city, stores.open().stations).station_id for city in config.cities]
        context.log.info("Fetching %s from %s.", month, source.name)
        try:
            payload = source.fetch(month, stations or None)
        except (EmptyMonth, SourceUnavailable) as error:
            if isinstance(error, EmptyMonth) and month == Month.current():
                context.log.warning("%s has no observation of %s yet: skipped. %s", source.name, month, error.cause)
                return
            raise type(error)(f"{month} is not to be had from {source.name}: {error.cause}", error.cure) from error
    try:
        for reason in refresh_station_list(stores.open().raw.blobs, source.station_list):
            context.log.warning("Of the list of stations: %s", reason)
    except WeatherError as error:  # the month is loaded without it
        context.log.warning("The list of stations could not be loaded: %s", error)
    context.log.info("%s: %s bytes from %s.", month, f"{len(payload.body):,}", payload.provenance.name)
    yield dg.Output(payload)
