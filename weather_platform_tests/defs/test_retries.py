"""A failure that Dagster's daemon reads between its two writes is retried all the same."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon

from weather_platform import names
from weather_platform.defs import retries
from weather_platform.runtime.instance import write_instance
from weather_platform.settings import Settings

MODULE = "weather_platform.definitions"


def launched(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A run that waits for a worker; there is none."""
    partition = json.dumps({"dagster/partition": "2023-12"})
    command: list[str | Path] = [Path(sys.executable).parent / "dagster", "job", "launch", "-m", MODULE]
    asked = [*command, "-j", names.LOAD_JOB, "--tags", partition]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (run,) = instance.get_runs()
    return run


def daemon_looks(workspace: WorkspaceProcessContext) -> None:
    assert not any(EventLogConsumerDaemon().run_iteration(workspace))


@pytest.mark.slow
@pytest.mark.usefixtures("weather_home")
# Dagster 1.13.27, where it looks for the first time.
@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
def test_a_failure_read_between_its_two_writes_is_retried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    home = write_instance(Settings.from_environment())
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setattr(retries, "PATIENCE", timedelta(0))
    target = ModuleTarget(MODULE, attribute=None, working_directory=None, location_name=MODULE)
    with (
        dg.DagsterInstance.from_config(str(home)) as instance,
        create_test_daemon_workspace_context(target, instance) as workspace,
    ):
        run = launched(instance)
        daemon_looks(workspace)
        write_status = instance.run_storage.handle_run_event

        def write_status_late(*arguments: Any) -> None:
            daemon_looks(workspace)
            write_status(*arguments)

        with monkeypatch.context() as between:
            between.setattr(instance.run_storage, "handle_run_event", write_status_late)
            instance.report_run_failed(run)
        daemon_looks(workspace)
        # Should this fail, Dagster has mended it and the sensor can go.
        assert instance.get_runs_count() == 1

        for _ in range(2):
            retries.forgotten_retries.evaluate_tick(dg.build_sensor_context(instance))
            daemon_looks(workspace)

        assert len(instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)) == 2
        (retry,) = (found for found in instance.get_runs() if found.run_id != run.run_id)
        assert retry.parent_run_id == run.run_id
        assert retry.tags["dagster/partition"] == "2023-12"
