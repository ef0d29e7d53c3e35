"""What a deployment must come to: the same months loaded by one process without any server."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from weather_platform.domain.months import Month, Partitions
from weather_platform.intake import receive
from weather_platform.pipeline import Stores, curate_month, open_stores, stage_month
from weather_platform.settings import Settings
from weather_platform.sources.sample import SampleSource


@contextmanager
def beside_one_process(
    environment: Mapping[str, str], home: Path, months: Sequence[Month], cities: Sequence[str]
) -> Iterator[tuple[Stores, Stores]]:
    """The deployment's stores, and those below `home`, which this process fills."""
    found = open_stores(Settings.from_environment(environment))
    alone = open_stores(Settings.from_environment({"WEATHER_HOME": str(home)}))
    for month in months:
        payload = SampleSource().fetch(month, cities)
        receive(alone.raw, payload.body, payload.provenance, Partitions(months[0]))
        stage_month(alone, month)
        curate_month(alone, month)
    yield found, alone
    for stores in (found, alone):
        stores.staging.engine.dispose()
        stores.curated.close()


def documents(stores: Stores) -> list[dict[str, Any]]:
    """All but when and from which file."""
    return [{**msgspec.to_builtins(doc), "provenance": None} for doc in stores.curated.find()]
