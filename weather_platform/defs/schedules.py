"""The third door: the current month, again and again."""

from collections.abc import Iterator
from datetime import UTC

import dagster as dg

from weather_platform.defs.jobs import load_months
from weather_platform.domain.months import Month

DAYS_OF_LATE_REPORTS = 3
"""For so many days the month before is fetched too: reports come late, and its last rain ends at 00 UTC of the 1st."""


@dg.schedule(
    job=load_months,
    cron_schedule="20 */3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="The current month 20 minutes after every synoptic hour, and the month before in its first days.",
)
def refresh_current_month(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    now = context.scheduled_execution_time.astimezone(UTC)
    month = Month.of(now)
    for wanted in [month.previous, month] if now.day <= DAYS_OF_LATE_REPORTS else [month]:
        yield dg.RunRequest(run_key=f"{wanted} at {now:%Y-%m-%dT%H}", partition_key=str(wanted))
