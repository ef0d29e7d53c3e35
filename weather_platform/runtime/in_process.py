"""A Dagster job run in this process, recorded in the instance that the UI shows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weather_platform import names
from weather_platform.dagster_patches.opening import opening_alone
from weather_platform.dagster_patches.own_runs import owning_runs
from weather_platform.domain.errors import BadSettings, CannotServe, WeatherError
from weather_platform.domain.months import Month, Partitions, contiguous
from weather_platform.runtime.instance import write_instance
from weather_platform.settings import Settings

if TYPE_CHECKING:
    from dagster import DagsterInstance


class RunFailed(WeatherError):
    """A run that ended without success."""


def load_in_process(
    settings: Settings, months: Sequence[Month], *, source: str | None = None, cities: Sequence[str] = ()
) -> None:
    """Run `names.LOAD_JOB` for the months, a run for each unbroken stretch of them.

    Raises RunFailed with the cause and cure that the run recorded, BadInput for a month outside the partitions,
    CannotServe where Dagster cannot record the run.
    """
    for month in months:
        Partitions(settings.first_month).check(month)
    home = _home(settings)

    from weather_platform.definitions import defs

    job = defs().resolve_job_def(names.LOAD_JOB)
    config = {
        "ops": {names.RAW_OBSERVATIONS: {"config": {"source": source, "cities": list(cities)}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    with _recording(home) as instance, owning_runs(home) as owner:
        for stretch in contiguous(list(months)):
            result = job.execute_in_process(
                run_config=config, instance=instance, raise_on_error=False, tags={**owner, **_months(stretch)}
            )
            if not result.success:
                raise _failure(result)


@contextmanager
def _recording(home: Path) -> Iterator["DagsterInstance"]:
    """The instance in `home`; says what keeps it from writing a run down."""
    from dagster import DagsterInstance
    from sqlalchemy.exc import DBAPIError

    try:
        with opening_alone(home):
            opened = DagsterInstance.from_config(str(home))
        with opened as instance:
            yield instance
    except DBAPIError as error:
        raise CannotServe(
            f"Dagster cannot record the run in {home}: {error.orig}.", "Free space on its disk, then run again."
        ) from error


def _months(stretch: list[Month]) -> dict[str, str]:
    first, last = str(stretch[0]), str(stretch[-1])
    if first == last:
        return {"dagster/partition": first}
    return {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}


def _home(settings: Settings) -> Path:
    if settings.dagster_home is None:
        return write_instance(settings)
    if not settings.dagster_home.is_dir():
        raise BadSettings(f"DAGSTER_HOME is {settings.dagster_home}, which is no folder.", "Create or unset it.")
    return settings.dagster_home


def _failure(result: Any) -> RunFailed:
    """The innermost cause that the failed step recorded, in our own words where they are ours."""
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            metadata = data.user_failure_data.metadata if data.user_failure_data else {}
            if "cause" in metadata:
                return RunFailed(str(metadata["cause"].value), str(metadata["cure"].value))
            error = data.error
            while error.cause:
                error = error.cause
            return RunFailed(
                f"{event.step_key} failed: {error.message.strip()}", "Look at the run in the Dagster UI for its log."
            )
    return RunFailed("The run ended without success.", "Look at it in the Dagster UI.")
