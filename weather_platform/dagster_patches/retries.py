"""Makes up for retries that Dagster's daemon missed, or gave up for a temporary reason.

- A failure is two writes: the event, then the run's status. The daemon reads events since its last one,
  skips a run whose status is not yet failed, and never returns to it. With Dagster 1.13.27 on a busy
  machine this lost a run whose worker had been killed; others counted such runs in dagster-io/dagster#33741.
- A daemon that cannot reach the code server at that moment (both were restarted) writes "Failed to retry run" and
  cancels the retry permanently; a comment in its code says that it should not.
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
"""The daemon usually makes the retry within two seconds."""
MOST_REPORTS = 6
"""How often the failure of a run is reported at most."""


def report_forgotten(instance: DagsterInstance) -> list[str]:
    """Report failures whose retry is missing once more, so that the daemon makes it (never twice). Returns run ids."""
    reported = []
    for run in _failed_without_retry(instance):
        failures = instance.all_logs(run.run_id, of_type=DagsterEventType.RUN_FAILURE)
        if run.tags[WILL_RETRY] == "true":
            # Twice is enough: the daemon may be right, as for a canceled backfill.
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
    """Whether the daemon failed to make the retry each time it read the failure."""
    said = instance.all_logs(run.run_id, of_type=DagsterEventType.ENGINE_EVENT)
    return sum(entry.message == _GIVEN_UP for entry in said) >= reports
