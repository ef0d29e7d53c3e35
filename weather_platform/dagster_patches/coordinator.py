"""Starts a run at once if no other run is active, else queues it; starts at most one run per launch key.

dagster-io/dagster#26194 reports the latency. ``launchRun`` takes no key, unlike run requests of sensors (no issue yet).
"""

from pathlib import Path

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, QueuedRunCoordinator, RunsFilter
from dagster._core.run_coordinator import SubmitRunContext
from filelock import FileLock

from weather_platform import names
from weather_platform.dagster_patches.launcher import WeatherRunLauncher
from weather_platform.files import file_lock

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


class PromptRunCoordinator(QueuedRunCoordinator[DagsterInstance]):
    """The daemon's queue, bypassed when it is empty.

    The daemon polls its queue once a second at best, so a run waits up to 1 s needlessly. If no other run is active,
    the submitting process launches the run itself. Otherwise the run is queued, under all limits. A run whose broker
    does not answer is queued too: the caller gets an answer, and the daemon launches the run when the broker is back.

    A client that gets no answer to a GraphQL launch cannot know whether the run exists. With the tag
    `names.LAUNCH_KEY_TAG` it may ask again: a second run with the same key is canceled before it starts.
    """

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        run = context.dagster_run
        with self._one_submission_at_a_time():
            if run.status == DagsterRunStatus.NOT_STARTED:
                if earlier := self._of_the_same_key(run):
                    return self._canceled(run, earlier)
                if self._is_idle() and self._broker_answers():
                    return self._instance.launch_run(run.run_id, context.workspace)
            return super().submit_run(context)

    def _is_idle(self) -> bool:
        return self._instance.get_runs_count(RunsFilter(statuses=UNFINISHED)) == 0

    def _broker_answers(self) -> bool:
        launcher = self._instance.run_launcher
        return not isinstance(launcher, WeatherRunLauncher) or launcher.broker_answers()

    def _of_the_same_key(self, run: DagsterRun) -> DagsterRun | None:
        """The earlier run with this run's key; a retry has its parent's tags and does not count."""
        key = run.tags.get(names.LAUNCH_KEY_TAG)
        if key is None or run.parent_run_id is not None:
            return None
        for found in self._instance.get_runs(RunsFilter(tags={names.LAUNCH_KEY_TAG: key})):
            if found.run_id != run.run_id and found.status != DagsterRunStatus.NOT_STARTED:
                return found
        return None

    def _canceled(self, run: DagsterRun, earlier: DagsterRun) -> DagsterRun:
        self._instance.add_run_tags(run.run_id, {names.REPEATS_TAG: earlier.run_id})
        self._instance.report_run_canceled(run, f"Already launched with this key: run {earlier.run_id}.")
        return self._instance.get_run_by_id(run.run_id) or run

    def _one_submission_at_a_time(self) -> FileLock:
        """Two processes of this machine that submit at the same moment must not both find the queue empty."""
        return file_lock(Path(self._instance.root_directory) / "submission.lock")
