"""What runs by itself: the schedule of the current month, and the sensor for retries that Dagster's daemon missed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from weather_platform.dagster_patches.retries import report_forgotten
from weather_platform.defs.jobs import load_months
from weather_platform.domain.months import Month
from weather_platform.settings import Settings
from weather_platform.sources.due import newest_due

DAYS_OF_LATE_REPORTS = 3
"""Days on which the month before is fetched too: reports come late, and its last rain ends at 00 UTC on the 1st."""
DAILY = "15 8,10 * * *"
"""The archive is updated daily about 07 UTC, seldom later; unchanged files are not fetched again."""
SYNOPTIC = "20 */3 * * *"


def cron(source: str) -> str:
    """When a source may have new observations."""
    return DAILY if source == "meteofrance" else SYNOPTIC


def wanted_months(source: str, now: datetime) -> list[Month]:
    """The months to fetch at `now` (UTC): that of the newest observation due, and the one before in its first days.

    On the 1st, the archive has nothing of the new month yet; fetching it caused about ten failed runs per month.
    """
    due = newest_due(now) if source == "meteofrance" else now - timedelta(hours=3)
    month = Month.of(due)
    return [month.previous, month] if due.day <= DAYS_OF_LATE_REPORTS else [month]


@dg.schedule(
    job=load_months,
    cron_schedule=cron(Settings.from_environment().source),
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="The current month when its source has more of it: daily after 08 UTC from the archive, after every "
    "synoptic hour else. The month before too in the first days.",
)
def refresh_current_month(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    now = context.scheduled_execution_time.astimezone(UTC)
    for month in wanted_months(Settings.from_environment().source, now):
        yield dg.RunRequest(run_key=f"{month} at {now:%Y-%m-%dT%H}", partition_key=str(month))


@dg.sensor(
    minimum_interval_seconds=10,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Has the daemon retry a run whose worker was lost, where it forgot to or could not at the time.",
)
def forgotten_retries(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    reported = report_forgotten(context.instance)
    return dg.SkipReason(f"Reported once more: {', '.join(reported)}" if reported else "No retry was forgotten.")
