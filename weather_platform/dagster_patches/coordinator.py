"""When runs start: at once where nothing else runs, else in their turn."""

from pathlib import Path

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, QueuedRunCoordinator, RunsFilter
from dagster._core.run_coordinator import SubmitRunContext
from filelock import FileLock

from weather_platform.files import file_lock

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


class PromptRunCoordinator(QueuedRunCoordinator[DagsterInstance]):
    """The daemon's queue, passed by when it is empty.

    The daemon looks at its queue once a second at best, so that a run waits 0 to 1 s for nothing. A run that finds no
    other one is launched by the process that submits it; every other takes its turn, with all limits.
    """

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        with self._one_submission_at_a_time():
            idle = self._instance.get_runs_count(RunsFilter(statuses=UNFINISHED)) == 0
            if idle and context.dagster_run.status == DagsterRunStatus.NOT_STARTED:
                return self._instance.launch_run(context.dagster_run.run_id, context.workspace)
        return super().submit_run(context)

    def _one_submission_at_a_time(self) -> FileLock:
        """Two processes of this machine that submit at the same moment must not both find the queue empty."""
        return file_lock(Path(self._instance.root_directory) / "submission.lock")
