"""The fourth door: files dropped under `landing/` of the bucket or folder."""

import hashlib
from collections.abc import Iterator

import dagster as dg
import msgspec

from weather_platform import names
from weather_platform.defs.jobs import process_months
from weather_platform.defs.stores import StoresResource
from weather_platform.landing import Taken, look


@dg.sensor(
    job=process_months,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Takes in files dropped under landing/ of the raw store, and has their months staged and curated.",
)
def landed_files(
    context: dg.SensorEvaluationContext, stores: dg.ResourceParam[StoresResource]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for one run per month of what lies under `landing/`; what cannot be read goes to `refused/`."""
    taken = msgspec.json.decode(context.cursor or "{}", type=dict[str, Taken])
    arrived = 0
    for arrival in look(stores.open(), stores.partitions, taken):
        arrived += 1
        known = taken[arrival.name]
        for month in arrival.months:
            identity = f"{arrival.name} {known.stamp} {known.asked.isoformat()} {month}"
            yield dg.RunRequest(
                run_key=hashlib.sha256(identity.encode()).hexdigest()[:32],
                partition_key=str(month),
                tags={names.LANDED_TAG: arrival.name[-200:]},
            )
    context.update_cursor(msgspec.json.encode(taken).decode())
    if not arrived:
        yield dg.SkipReason("Nothing new under landing/.")
