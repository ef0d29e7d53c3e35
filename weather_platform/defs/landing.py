"""The fourth door: files dropped under `landing/` of the bucket or folder."""

import hashlib
from collections.abc import Iterator

import dagster as dg
import msgspec

from weather_platform.defs.jobs import process_months
from weather_platform.domain.months import contiguous
from weather_platform.io_managers.stores import StoresResource
from weather_platform.landing import Taken, look


@dg.sensor(job=process_months, minimum_interval_seconds=5, default_status=dg.DefaultSensorStatus.RUNNING)
def landed_files(
    context: dg.SensorEvaluationContext, stores: dg.ResourceParam[StoresResource]
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Take in what lies under `landing/` and ask for a run of its months; what cannot be read goes to `refused/`."""
    taken = msgspec.json.decode(context.cursor or "{}", type=dict[str, Taken])
    arrived = 0
    for arrival in look(stores.open(), stores.partitions, taken):
        arrived += 1
        known = taken[arrival.name]
        for stretch in contiguous(arrival.months):
            identity = f"{arrival.name} {known.stamp} {known.asked.isoformat()} {stretch[0]}"
            yield dg.RunRequest(
                run_key=hashlib.sha256(identity.encode()).hexdigest()[:32],
                tags={
                    "dagster/asset_partition_range_start": str(stretch[0]),
                    "dagster/asset_partition_range_end": str(stretch[-1]),
                    "weather/landed": arrival.name[-200:],
                },
            )
    context.update_cursor(msgspec.json.encode(taken).decode())
    if not arrived:
        yield dg.SkipReason("Nothing new under landing/.")
