"""Retries that Dagster's daemon has passed by.

A failure is two writes: the event, then the run's status. The daemon reads the events since the last one that it saw,
leaves out a run whose status does not say failed yet, and never looks at it again. With Dagster 1.13.27 on a busy
machine this lost a run whose worker had been killed; others counted such runs in dagster-io/dagster#33741.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg

_RETRY_PROMISED = {"dagster/will_retry": "true"}
_RETRY_MADE = "dagster/auto_retry_run_id"
_LOOK_BACK = timedelta(days=1)
PATIENCE = timedelta(seconds=10)
"""As a rule the daemon has made the retry within a second or two."""


@dg.sensor(minimum_interval_seconds=10, default_status=dg.DefaultSensorStatus.RUNNING)
def forgotten_retries(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Report a failure once more whose promised retry is not there; the daemon then makes it, never twice."""
    instance = context.instance
    now = datetime.now(UTC)
    promised = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE],
        tags=_RETRY_PROMISED,
        updated_after=now - _LOOK_BACK,
        updated_before=now - PATIENCE,
    )
    reported = []
    for run in instance.get_runs(promised):
        if _RETRY_MADE in run.tags:
            continue
        failures = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        if len(failures) == 1:  # twice is enough: the daemon may have its reasons, as for a backfill that was canceled
            instance.event_log_storage.store_event(failures[0])
            reported.append(run.run_id)
    return dg.SkipReason(f"Reported once more: {', '.join(reported)}" if reported else "No retry was forgotten.")
