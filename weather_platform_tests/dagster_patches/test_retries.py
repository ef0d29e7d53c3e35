"""Retries that Dagster's daemon forgets or gives up are made all the same, once."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon

from weather_platform import names
from weather_platform.dagster_patches import retries
from weather_platform.defs.schedules import forgotten_retries
from weather_platform.runtime.instance import write_instance
from weather_platform.settings import Settings
from weather_platform_tests.dagster_patches.code_server import code_server, workspace_at
from weather_platform_tests.runtime.serving import REPOSITORY
from weather_platform_tests.servers.process import free_port

MODULE = "weather_platform.definitions"
# Dagster 1.13.27, where the daemon looks for the first time.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Error loading repository location:UserWarning"),
]


def launched(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A run that waits for a worker; there is none."""
    partition = json.dumps({"dagster/partition": "2023-12"})
    dagster, workspace = Path(sys.executable).parent / "dagster", REPOSITORY / "workspace.yaml"
    asked: list[str | Path] = [dagster, "job", "launch", "-w", workspace, "-j", names.LOAD_JOB, "--tags", partition]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (run,) = instance.get_runs()
    return run


def daemon_looks(workspace: WorkspaceProcessContext) -> None:
    assert not any(EventLogConsumerDaemon().run_iteration(workspace))


def sensor_looks(instance: dg.DagsterInstance) -> None:
    forgotten_retries.evaluate_tick(dg.build_sensor_context(instance))


@pytest.fixture
def instance(weather_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:  # noqa: ARG001
    home = write_instance(Settings.from_environment())
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setattr(retries, "PATIENCE", timedelta(0))
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


def the_retry_of(run: dg.DagsterRun, instance: dg.DagsterInstance) -> dg.DagsterRun:
    (retry,) = (found for found in instance.get_runs() if found.run_id != run.run_id)
    assert retry.parent_run_id == run.run_id
    assert retry.tags["dagster/partition"] == "2023-12"
    return retry


def test_a_failure_read_between_its_two_writes_is_retried_once(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with code_server(MODULE, port := free_port()), workspace_at(port, instance) as workspace:
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
        # Should this fail, Dagster has mended it and the repair can go.
        assert instance.get_runs_count() == 1

        for _ in range(2):
            sensor_looks(instance)
            daemon_looks(workspace)

        assert len(instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)) == 2
        the_retry_of(run, instance)


def test_a_retry_given_up_while_the_code_server_restarts_is_made_once(instance: dg.DagsterInstance) -> None:
    run = launched(instance)
    with workspace_at(free_port(), instance) as workspace:
        daemon_looks(workspace)
        instance.report_run_failed(run)
        daemon_looks(workspace)
    # Should this fail, Dagster has mended it and the repair can go.
    assert (instance.get_run_by_id(run.run_id) or run).tags["dagster/will_retry"] == "false"

    with code_server(MODULE, port := free_port()), workspace_at(port, instance) as workspace:
        for _ in range(2):
            sensor_looks(instance)
            daemon_looks(workspace)
    the_retry_of(run, instance)


def test_a_retry_that_is_given_up_every_time_is_asked_for_only_so_often(instance: dg.DagsterInstance) -> None:
    run = launched(instance)
    with workspace_at(free_port(), instance) as workspace:
        daemon_looks(workspace)
        instance.report_run_failed(run)
        for _ in range(retries.MOST_REPORTS + 2):
            daemon_looks(workspace)
            sensor_looks(instance)
    failures = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    assert (len(failures), instance.get_runs_count()) == (retries.MOST_REPORTS, 1)
