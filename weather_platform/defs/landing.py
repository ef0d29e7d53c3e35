"""The sensor for files dropped under `landing/` of the bucket or folder."""

import hashlib
from collections.abc import Iterator

import dagster as dg
import msgspec

from weather_platform import names
from weather_platform.defs.jobs import process_months
from weather_platform.defs.metadata import as_metadata
from weather_platform.defs.stores import StoresResource
from weather_platform.landing import Arrival, LandedFile, Landing
from weather_platform.month_report import Door, Links, raw_metadata

BUDGET_S = 20.0
"""Of the 60 s that Dagster gives a tick. 24 months of 62 stations, 448 MB, take 6 s."""
_landing = Landing()


@dg.sensor(
    job=process_months,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Takes in files dropped under `landing/`: shows their months as received, and asks for a run of each. "
    "What cannot be read goes to `landing/refused/`, with the reason beside it.",
)
def landed_files(context: dg.SensorEvaluationContext, stores: dg.ResourceParam[StoresResource]) -> dg.SensorResult:
    taken = msgspec.json.decode(context.cursor or "{}", type=dict[str, LandedFile])
    links = Links.of(stores.settings)
    received: list[dg.AssetMaterialization] = []
    wanted: list[dg.RunRequest] = []
    for arrival in _landing.scan(stores.open(), stores.partitions, taken, budget_s=BUDGET_S):
        received += _received(arrival, links)
        wanted += _wanted(arrival, taken[arrival.name])
    return dg.SensorResult(
        run_requests=wanted,
        skip_reason=None if wanted else "No file under landing/ is ready.",
        asset_events=received,
        cursor=msgspec.json.encode(taken).decode(),
    )


def _received(arrival: Arrival, links: Links) -> Iterator[dg.AssetMaterialization]:
    for month in arrival.months if arrival.stored else ():
        metadata = raw_metadata(month, arrival.stored, Door("landing", arrival.name), links)
        yield dg.AssetMaterialization(names.RAW_OBSERVATIONS, partition=str(month), metadata=as_metadata(metadata))


def _wanted(arrival: Arrival, known: LandedFile) -> Iterator[dg.RunRequest]:
    for month in arrival.months:
        identity = f"{arrival.name} {known.stamp} {known.asked.isoformat()} {month}"
        yield dg.RunRequest(
            run_key=hashlib.sha256(identity.encode()).hexdigest()[:32],
            partition_key=str(month),
            tags={names.LANDED_TAG: arrival.name[-200:]},
        )
