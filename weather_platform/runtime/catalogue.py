"""`defs.catalogue` on the instance of the settings, for the command line."""

from collections.abc import Iterator, Sequence

from weather_platform.defs.catalogue import repair_in
from weather_platform.domain.months import Month
from weather_platform.pipeline import Stores
from weather_platform.runtime.in_process import home_of, recording
from weather_platform.settings import Settings


def repair(
    settings: Settings, stores: Stores, months: Sequence[Month] | None = None
) -> Iterator[tuple[Month, list[str]]]:
    """As `repair_in`; CannotServe if Dagster's storage cannot be written."""
    with recording(home_of(settings)) as instance:
        yield from repair_in(instance, settings, stores, months)
