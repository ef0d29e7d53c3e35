"""A Dagster job run in this process, recorded in the instance that the UI shows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from weather_platform import names
from weather_platform.dagster_patches.opening import instance_init_lock
from weather_platform.dagster_patches.origin import place_run, repository_tag
from weather_platform.dagster_patches.own_runs import owning_runs
from weather_platform.domain.errors import BadSettings, CannotServe
from weather_platform.domain.months import Month, Partitions
from weather_platform.runtime.instance import write_instance
from weather_platform.runtime.interrupts import noticed_interrupts
from weather_platform.settings import Settings
from weather_platform.sources.registry import open_source

if TYPE_CHECKING:
    from dagster import DagsterInstance, ExecuteInProcessResult
    from dagster._core.instance import DagsterInstanceOverrides


class MonthRun(NamedTuple):
    """How the run of a month ended."""

    month: Month
    state: Literal["loaded", "skipped", "failed"]
    """Skipped: the current month, if its source has no observation of it yet."""
    cause: str = ""
    cure: str = ""
    """Cause and cure of a failure, as the run recorded them."""


def load_in_process(
    settings: Settings, months: Sequence[Month], *, source: str | None = None, cities: Sequence[str] = ()
) -> Iterator[MonthRun]:
    """Run `names.LOAD_JOB` for the months, one run for each in order; a failed month does not stop the others.

    Raises BadInput for a month outside the partitions or an unknown source before anything is run, CannotServe where
    Dagster cannot record a run, and KeyboardInterrupt where Ctrl-C stopped it: the run is canceled then.
    """
    for month in months:
        Partitions(settings.first_month).check(month)
    open_source(settings, source)
    home = home_of(settings)
    with noticed_interrupts() as is_interrupted:
        from weather_platform.definitions import defs  # two seconds, in which an interrupt may be dropped too

        job = defs().resolve_job_def(names.LOAD_JOB)
        config = {
            "ops": {names.RAW_OBSERVATIONS: {"config": {"source": source, "cities": list(cities)}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        }
        with recording(home) as instance, owning_runs(home) as owner:
            for month in sorted(set(months)):
                if is_interrupted():
                    raise KeyboardInterrupt
                tags = {"dagster/partition": str(month), **owner, **repository_tag(names.LOCATION, names.REPOSITORY)}
                result = job.execute_in_process(run_config=config, instance=instance, raise_on_error=False, tags=tags)
                place_run(instance, result.run_id, names.LOCATION, names.REPOSITORY)
                if is_interrupted() and not result.success:
                    instance.report_run_canceled(result.dagster_run, "Stopped by Ctrl-C.")
                    raise KeyboardInterrupt
                yield _ended(month, result)
            if is_interrupted():
                raise KeyboardInterrupt


_NO_CAPTURE: "DagsterInstanceOverrides" = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
        "config": {},
    }
}


@contextmanager
def recording(home: Path) -> Iterator["DagsterInstance"]:
    """Dagster's instance in `home`; CannotServe if it cannot record a run.

    Standard output is not captured: capturing hides it from the terminal and starts four processes per run. Ctrl-C
    reaches these too, and two of them end in a traceback.
    """
    from dagster import DagsterInstance
    from dagster._core.instance import InstanceRef
    from sqlalchemy.exc import DBAPIError

    try:
        with instance_init_lock(home):
            opened = DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=_NO_CAPTURE))
        with opened as instance:
            yield instance
    except DBAPIError as error:
        raise CannotServe(
            f"Dagster cannot record the run in {home}: {error.orig}.", "Free space on its disk, then run again."
        ) from error


def home_of(settings: Settings) -> Path:
    """The deployment's Dagster home, else the one below ``WEATHER_HOME``, which is rewritten."""
    if settings.dagster_home is None:
        return write_instance(settings)
    if not settings.dagster_home.is_dir():
        raise BadSettings(f"DAGSTER_HOME is {settings.dagster_home}, which is not a folder.", "Create or unset it.")
    return settings.dagster_home


def _ended(month: Month, result: "ExecuteInProcessResult") -> MonthRun:
    if result.success:
        is_loaded = any(event.is_step_materialization for event in result.all_events)
        return MonthRun(month, "loaded" if is_loaded else "skipped")
    return MonthRun(month, "failed", *_failure(result))


def _failure(result: "ExecuteInProcessResult") -> tuple[str, str]:
    """The innermost cause that the failed step recorded, with cause and cure if it is an error of the platform."""
    where = "Look at the run in the Dagster UI for its log."
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            metadata = data.user_failure_data.metadata if data.user_failure_data else {}
            if "cause" in metadata:
                return str(metadata["cause"].value), str(metadata["cure"].value)
            error = data.error
            while error and error.cause:
                error = error.cause
            return f"{event.step_key} failed: {error.message.strip() if error else 'no reason given'}", where
    return "The run ended without success.", where
