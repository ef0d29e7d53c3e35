"""Dagster's launcher for Celery workers, with detection of lost workers and correct termination."""

import signal
from pathlib import Path

from dagster import DagsterRun
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from weather_platform.dagster_patches.own_runs import OWNER_TAG, owner_is_alive

ANSWER_TIMEOUT_S = 10.0
"""A worker answers within its polling interval, 0.1 to 0.2 s, even while it computes; without CPU it may take longer.

A killed worker that is back after 5 s answers too: it does not know the run."""

BROKER_TIMEOUT_S = 1.0


class WeatherRunLauncher(CeleryRunLauncher):
    """`CeleryRunLauncher` with four repairs, each for an observed fault.

    - A worker killed with SIGKILL leaves the task in state ``STARTED``, and the run shows as running for ever:
      ask the worker that started the task whether it still has it.
    - A task whose run cannot write its own failure (the database is full, or restarting) still ends as ``SUCCESS``:
      ``dagster_celery.tasks`` returns an exit code, which Celery does not look at. Monitoring then leaves the run
      alone, and two such runs fill all slots. When the task is over and the run is not, the worker has failed.
    - A run in a process of its own (`weather load`) has no task, and the check raises: ask for its owner.
    - A run stopped by a person is killed while STARTED, so that monitoring treats it as a crash and retries it: let
      Dagster's own interrupt handling inside the run end it as CANCELED.
    """

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        task_id = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG)
        if task_id is None:
            return self._check_owner(run)
        stored = self.celery.backend.get_task_meta(task_id)
        if stored["status"] == "SUCCESS":
            # A run writes its final status before its task ends; monitoring reads the run again before it fails it.
            return CheckRunHealthResult(WorkerStatus.FAILED, "The task ended without a final status of the run.")
        if stored["status"] != "STARTED":
            return super().check_run_worker_health(run)
        worker = stored["result"]["hostname"]
        answers = self.celery.control.inspect([worker], timeout=ANSWER_TIMEOUT_S).query_task([task_id]) or {}
        if any(task_id in tasks for tasks in answers.values()):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"Worker {worker} was lost: it no longer has the run.")

    def broker_answers(self) -> bool:
        """Whether a task can be sent now: a paused Redis accepts connections and blocks the sender."""
        if not (self.broker or "").startswith(("redis://", "rediss://")):
            return True
        import redis

        limits = {"socket_timeout": BROKER_TIMEOUT_S, "socket_connect_timeout": BROKER_TIMEOUT_S}
        try:
            with redis.Redis.from_url(self.broker or "", **limits) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def terminate(self, run_id: str) -> bool:
        """Ask the run to stop; it ends as CANCELED once its current step reacts."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        task_id = run.tags.get(DAGSTER_CELERY_TASK_ID_TAG)
        if task_id is None:
            return False
        self.celery.control.revoke(task_id, terminate=True, signal=signal.SIGINT.name)
        return True

    def _check_owner(self, run: DagsterRun) -> CheckRunHealthResult:
        owner = run.tags.get(OWNER_TAG)
        if owner and not owner_is_alive(Path(self._instance.root_directory), owner):
            return CheckRunHealthResult(WorkerStatus.FAILED, "The process that executed the run has ended.")
        return CheckRunHealthResult(WorkerStatus.RUNNING)
