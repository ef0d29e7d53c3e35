"""Dagster's daemons for the run queue, backfills and retries, which act as soon as there is something to do.

A backfill waits up to 30 s for the daemon's next look, and shows as in progress up to 30 s after its last run: the
interval is a constant (dagster-io/dagster#11649). While a slot is free, a queued run waits up to 1.5 s (#26194).
"""

import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from typing import Any

from dagster import DagsterInstance, RunsFilter
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
from dagster._core.storage.dagster_run import ACTIVE_RUN_STATUSES, NOT_FINISHED_STATUSES
from dagster._core.storage.tags import BACKFILL_ID_TAG
from dagster._core.workspace.context import IWorkspaceProcessContext
from dagster._core.workspace.workspace import CodeLocationEntry
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._daemon.controller import DEFAULT_DAEMON_INTERVAL_SECONDS, create_daemon_of_type
from dagster._daemon.daemon import BackfillDaemon, DagsterDaemon, SpanMarker
from dagster._daemon.run_coordinator import QueuedRunCoordinatorDaemon
from dagster_shared.error import SerializableErrorInfo

from weather_platform.dagster_patches.code_servers import serves

_SLOT_PAUSE_S = 0.1
_BACKFILL_PAUSE_S = 2.0
_GOING = [BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING]

Context = IWorkspaceProcessContext[Any]
Steps = Generator[SerializableErrorInfo | SpanMarker | None, None, None]
"""What a daemon yields: None between two steps, or an error to be shown."""


class PromptQueue(QueuedRunCoordinatorDaemon):
    """Looks at the queue when a run has ended, and at the configured interval."""

    def core_loop(self, workspace_process_context: Context, shutdown_event: threading.Event) -> Steps:
        instance = workspace_process_context.instance
        while True:
            yield from self.run_iteration(workspace_process_context)
            active, until = _active(instance), time.monotonic() + self.interval_seconds
            while time.monotonic() < until and not (active and _active(instance) < active):
                shutdown_event.wait(_SLOT_PAUSE_S)
                yield None
            yield None


def _active(instance: DagsterInstance) -> int:
    return instance.get_runs_count(RunsFilter(statuses=ACTIVE_RUN_STATUSES))


class PromptBackfills(BackfillDaemon):
    """Looks at backfills when one is new, is to be stopped, or has no run left; and at Dagster's interval."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings)
        self._futures: dict[str, Future[Any]] = {}

    def core_loop(self, workspace_process_context: Context, shutdown_event: threading.Event) -> Steps:
        instance = workspace_process_context.instance
        while True:
            yield from execute_backfill_iteration(
                workspace_process_context,
                self._logger,
                threadpool_executor=self._threadpool_executor,
                submit_threadpool_executor=self._submit_threadpool_executor,
                backfill_futures=self._futures,
            )
            going, until = _going(instance), time.monotonic() + DEFAULT_DAEMON_INTERVAL_SECONDS
            while time.monotonic() < until and _going(instance) == going:
                shutdown_event.wait(_BACKFILL_PAUSE_S)
                yield None
            yield None


def _going(instance: DagsterInstance) -> set[tuple[str, BulkActionStatus, bool]]:
    """The backfills in progress, with their state and whether they have a run that is not finished."""
    return {
        (backfill.backfill_id, backfill.status, _has_runs(instance, backfill.backfill_id))
        for backfill in instance.get_backfills(filters=BulkActionsFilter(statuses=_GOING))
    }


def _has_runs(instance: DagsterInstance, backfill_id: str) -> bool:
    found = RunsFilter(tags={BACKFILL_ID_TAG: backfill_id}, statuses=NOT_FINISHED_STATUSES)
    return instance.get_runs_count(found) > 0


class PatientRetries(EventLogConsumerDaemon):
    """Reads no failure while a code server is away: Dagster would give up the run's retry, and its backfill too."""

    def run_iteration(self, workspace_process_context: Context) -> Steps:
        if all(map(_serves, workspace_process_context.create_request_context().get_code_location_entries().values())):
            yield from super().run_iteration(workspace_process_context)
        else:
            yield None


def _serves(entry: CodeLocationEntry) -> bool:
    """Whether the location is loaded, and its server, where it has one, answers now."""
    if entry.code_location is None:
        return False
    origin = entry.origin
    return not isinstance(origin, GrpcServerCodeLocationOrigin) or serves(origin.host, origin.port or 0)


def prompt_daemons(instance: DagsterInstance) -> Sequence[DagsterDaemon[Any]]:
    """The daemons that the instance needs."""
    return [_made(kind, instance) for kind in instance.get_required_daemon_types()]


def _made(kind: str, instance: DagsterInstance) -> DagsterDaemon[Any]:
    if kind == PromptQueue.daemon_type():
        return PromptQueue(create_daemon_of_type(kind, instance).interval_seconds)  # type: ignore[attr-defined]
    if kind == PromptBackfills.daemon_type():
        return PromptBackfills(instance.get_backfill_settings())
    if kind == PatientRetries.daemon_type():
        return PatientRetries()
    return create_daemon_of_type(kind, instance)
