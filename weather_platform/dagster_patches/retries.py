"""Retries that Dagster's daemon has passed by, or has given up for a reason that has passed.

- A failure is two writes: the event, then the run's status. The daemon reads the events since the last one that it saw,
  leaves out a run whose status does not say failed yet, and never looks at it again. With Dagster 1.13.27 on a busy
  machine this lost a run whose worker had been killed; others counted such runs in dagster-io/dagster#33741.
- A daemon that cannot reach the code server at that moment (both were restarted) writes "Failed to retry run", takes
  the promise back for good, and says in a comment that it should not.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from dagster import DagsterEventType, DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter

WILL_RETRY = "dagster/will_retry"
_RETRY_MADE = "dagster/auto_retry_run_id"
_REASON = "dagster/failure_reason"
_GIVEN_UP = "Failed to retry run"
_LOOK_BACK = timedelta(days=1)
PATIENCE = timedelta(seconds=10)
"""As a rule the daemon has made the retry within a second or two."""
MOST_REPORTS = 6
"""How often the failure of a run is reported in all, where the daemon fails to retry it again and again."""


def report_forgotten(instance: DagsterInstance) -> list[str]:
    """Report every failure once more whose retry is missing; the daemon then makes it, never twice. Gives run ids."""
    reported = []
    for run in _failed_without_retry(instance):
        failures = instance.all_logs(run.run_id, of_type=DagsterEventType.RUN_FAILURE)
        if run.tags[WILL_RETRY] == "true":
            # Twice is enough: the daemon may have its reasons, as for a backfill that was canceled.
            is_forgotten = len(failures) == 1
        else:
            is_forgotten = len(failures) < MOST_REPORTS and _was_given_up(instance, run, len(failures))
            if is_forgotten:
                instance.add_run_tags(run.run_id, {WILL_RETRY: "true"})
        if is_forgotten:
            instance.event_log_storage.store_event(failures[0])
            reported.append(run.run_id)
    return reported


def _failed_without_retry(instance: DagsterInstance) -> Iterator[DagsterRun]:
    now = datetime.now(UTC)
    failed = RunsFilter(
        statuses=[DagsterRunStatus.FAILURE], updated_after=now - _LOOK_BACK, updated_before=now - PATIENCE
    )
    for run in instance.get_runs(failed):
        if WILL_RETRY in run.tags and _RETRY_MADE not in run.tags and run.tags.get(_REASON) != "STEP_FAILURE":
            yield run


def _was_given_up(instance: DagsterInstance, run: DagsterRun, reports: int) -> bool:
    """Whether the daemon failed to make the retry each time that it read of the failure."""
    said = instance.all_logs(run.run_id, of_type=DagsterEventType.ENGINE_EVENT)
    return sum(entry.message == _GIVEN_UP for entry in said) >= reports
