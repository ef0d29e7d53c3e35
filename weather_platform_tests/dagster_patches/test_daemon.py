"""The daemon and a code server that is away: waited for at the start, and no reason to give a backfill up."""

import logging
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._time import get_current_timestamp

from weather_platform.dagster_patches.code_servers import code_servers
from weather_platform.dagster_patches.daemon import RETRY_SETTING
from weather_platform.runtime.instance import write_instance, write_workspace
from weather_platform.settings import Settings
from weather_platform_tests.dagster_patches.code_server import code_server, workspace_at
from weather_platform_tests.runtime.serving import ASSETS, GRAPH, wait_for
from weather_platform_tests.servers.process import free_port

BACKFILL = "abcdefgh"
# Dagster 1.13.27, where a backfill is drawn up and its runs are asked for.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Function `AssetSelection.sources` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Error loading repository location:UserWarning"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = write_instance(Settings.from_environment({"WEATHER_HOME": str(tmp_path)}))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("WEATHER_HOME", str(tmp_path))
    return home


def look(instance: dg.DagsterInstance, port: int) -> tuple[BulkActionStatus, int]:
    """What a daemon that has just started does with the backfill: its status, and the runs there are."""
    with workspace_at(port, instance) as workspace:
        list(execute_backfill_iteration(workspace, logging.getLogger("test")))
    found = instance.get_backfill(BACKFILL)
    assert found is not None
    return found.status, instance.get_runs_count()


def request_backfill(instance: dg.DagsterInstance, port: int) -> None:
    with workspace_at(port, instance) as workspace:
        backfill = PartitionBackfill.from_asset_partitions(
            backfill_id=BACKFILL,
            asset_graph=workspace.create_request_context().asset_graph,
            partition_names=["2023-03-01", "2023-04-01"],
            asset_selection=ASSETS,
            backfill_timestamp=get_current_timestamp(),
            tags={},
            dynamic_partitions_store=instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
    instance.add_backfill(backfill)


def test_a_backfill_outlives_a_restart_in_any_order(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    with dg.DagsterInstance.from_config(str(home)) as instance:
        with code_server(GRAPH, port):
            request_backfill(instance, port)
        monkeypatch.setenv(RETRY_SETTING, "1")
        assert look(instance, port) == (BulkActionStatus.REQUESTED, 0)
        with code_server(GRAPH, port):
            status, runs = look(instance, port)
        assert (status, runs > 0) == (BulkActionStatus.REQUESTED, True)


def test_dagster_as_it_comes_gives_such_a_backfill_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should this fail, Dagster waits for code servers by itself and the setting can go."""
    port = free_port()
    monkeypatch.delenv(RETRY_SETTING, raising=False)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        with code_server(GRAPH, port):
            request_backfill(instance, port)
        assert look(instance, port) == (BulkActionStatus.FAILING, 0)


def test_the_daemon_starts_when_the_code_server_serves(home: Path, tmp_path: Path) -> None:
    port = free_port()
    workspace = write_workspace(home, port)
    assert code_servers(workspace) == [("127.0.0.1", port)]
    log = tmp_path / "daemon.log"
    command = [sys.executable, "-m", "weather_platform.dagster_patches.daemon", "run", "-w", str(workspace)]
    with log.open("w") as output:
        daemon = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    started = "following daemons"
    try:
        with pytest.raises(AssertionError, match="without success"):
            wait_for(lambda: started in log.read_text(), "the daemon", timeout_s=3)
        assert daemon.poll() is None
        with code_server(GRAPH, port):
            wait_for(lambda: started in log.read_text(), "the daemon")
    finally:
        daemon.kill()
        daemon.wait()
