"""Checks that stored data are as recent as the source allows, and sends alerts for stale data and failed runs."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import msgspec

from weather_platform import names
from weather_platform.defs.schedules import refresh_current_month
from weather_platform.defs.stores import StoresResource
from weather_platform.domain.months import Month
from weather_platform.pipeline import Stores
from weather_platform.settings import Settings
from weather_platform.sources.due import GRACE, newest_due
from weather_platform.webhooks import alert

DESCRIPTION = (
    "The newest observation that is staged here is at most a day older than the archive can have by now (written about "
    "07 UTC, to 21 UTC of the day before). Judged while the schedule is on; else nothing is due."
)
_EVERY = timedelta(hours=1)


class _Told(msgspec.Struct):
    """State of the sensor's last report."""

    at: datetime | None = None
    passed: bool = True


def newest_staged(stores: Stores, now: datetime) -> datetime | None:
    """The newest observation (aware, UTC) of this month or the one before; None without any."""
    month = Month.of(now)
    found = stores.staging.coverage([str(month.previous), str(month)])
    return max((coverage.last.replace(tzinfo=UTC) for coverage in found), default=None)


def verdict(stores: Stores, now: datetime) -> dg.AssetCheckResult:
    """Newest observation against the newest that is due, at `now` (UTC)."""
    newest, due = newest_staged(stores, now), newest_due(now)
    behind = due - newest if newest else None
    passed = behind is not None and behind <= GRACE
    said = f"newest observation {newest:%Y-%m-%d %H} UTC" if newest else "no observation of this month or the last"
    return dg.AssetCheckResult(
        asset_key=names.ARCHIVE,
        check_name=names.FRESH_CHECK,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{said}, {due:%Y-%m-%d %H} UTC was due",
        metadata={
            "newest_observation": newest.isoformat() if newest else "none",
            "newest_due": due.isoformat(),
            "behind_hours": max(behind.total_seconds() / 3600, 0.0) if behind is not None else -1.0,
        },
    )


def automation_is_on(instance: dg.DagsterInstance) -> bool:
    """Whether the schedule is switched on."""
    if instance.schedule_storage is None:  # an instance of one process, without a daemon
        return False
    states = instance.all_instigator_state()
    return any(state.is_running and state.instigator_name == refresh_current_month.name for state in states)


@dg.multi_asset_check(
    name="archive_fresh",
    specs=[dg.AssetCheckSpec(names.FRESH_CHECK, asset=names.ARCHIVE, description=DESCRIPTION)],
)
def fresh(
    context: dg.AssetCheckExecutionContext, stores: dg.ResourceParam[StoresResource]
) -> Iterator[dg.AssetCheckEvaluation]:
    found = verdict(stores.open(), datetime.now(UTC))
    if not automation_is_on(context.instance):
        said = f"{found.description}; the schedule is off, so nothing is due"
        found = found._replace(passed=True, description=said)
    yield _evaluation(found)


@dg.sensor(
    name="freshness",
    minimum_interval_seconds=600,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="While the schedule is on: reports the check `fresh` hourly and when it changes, and alerts then.",
)
def freshness(
    context: dg.SensorEvaluationContext, stores: dg.ResourceParam[StoresResource]
) -> dg.SensorResult | dg.SkipReason:
    if not automation_is_on(context.instance):
        return dg.SkipReason("The schedule is off: nothing is due.")
    now = datetime.now(UTC)
    told = msgspec.json.decode(context.cursor or "{}", type=_Told)
    found = verdict(stores.open(), now)
    if told.at and found.passed == told.passed and now - told.at < _EVERY:
        return dg.SkipReason(f"As before: {found.description}.")
    if found.passed != told.passed:
        state = "fresh again" if found.passed else "stale"
        alert(stores.settings, f"Observations are {state}: {found.description}.", kind="freshness", passed=found.passed)
    return dg.SensorResult(
        asset_events=[_evaluation(found)],
        cursor=msgspec.json.encode(_Told(now, found.passed)).decode(),
        skip_reason=found.description,
    )


def _evaluation(found: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(names.ARCHIVE),
        check_name=names.FRESH_CHECK,
        passed=found.passed,
        severity=found.severity,
        description=found.description,
        metadata=found.metadata,
    )


@dg.run_failure_sensor(
    name="failed_runs",
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells WEATHER_ALERT_URL of every run that failed for good, with its month, cause and cure.",
)
def failed_runs(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
    run, settings = context.dagster_run, Settings.from_environment()
    if run.tags.get("dagster/will_retry") == "true":
        return dg.SkipReason("Dagster tries the run again.")
    month = run.tags.get("dagster/partition", "")
    cause, cure = _cause(context)
    alert(
        settings,
        f"A run of {month or run.job_name} failed: {cause}",
        kind="run_failure",
        run=run.run_id,
        run_url=f"{settings.dagster_public_url}/runs/{run.run_id}",
        month=month,
        cause=cause,
        cure=cure,
    )
    return None


def _cause(context: dg.RunFailureSensorContext) -> tuple[str, str]:
    """Cause and cure in the words of the step that failed, else what Dagster says of the run."""
    for event in context.get_step_failure_events():
        told = event.step_failure_data.user_failure_data
        if told is not None and "cause" in told.metadata:
            return str(told.metadata["cause"].value), str(told.metadata["cure"].value)
    return context.failure_event.message or "no reason given", "Look at the run in Dagster."
