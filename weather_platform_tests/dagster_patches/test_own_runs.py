"""Runs that a process of its own executes."""

import socket
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRun
from dagster._core.launcher import WorkerStatus

from weather_platform.dagster_patches.launcher import WeatherRunLauncher
from weather_platform.dagster_patches.own_runs import OWNER_TAG, owner_is_alive, owning_runs
from weather_platform.runtime.instance import write_instance
from weather_platform.settings import Settings
from weather_platform_tests.runtime.serving import Script, wait_for


def test_an_owner_is_alive_as_long_as_it_owns(tmp_path: Path) -> None:
    with owning_runs(tmp_path) as tags:
        assert owner_is_alive(tmp_path, tags[OWNER_TAG])
    assert not owner_is_alive(tmp_path, tags[OWNER_TAG])
    assert list((tmp_path / "owners").iterdir()) == []


def test_a_killed_owner_is_dead(tmp_path: Path) -> None:
    script = Script(
        "import time; from pathlib import Path\n"
        "from weather_platform.dagster_patches.own_runs import owning_runs\n"
        f"with owning_runs(Path({str(tmp_path)!r})):\n"
        "    print('owning'); time.sleep(600)",
        tmp_path,
    )
    script.wait_until_printed("owning")
    (owner,) = (path.name for path in (tmp_path / "owners").iterdir())
    assert owner_is_alive(tmp_path, owner)
    script.process.kill()
    script.process.wait()
    wait_for(lambda: not owner_is_alive(tmp_path, owner), "the lock to fall")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return write_instance(Settings.from_environment({"WEATHER_HOME": str(tmp_path)}))


def test_monitoring_fails_the_run_of_a_dead_owner_and_no_other(home: Path) -> None:
    with DagsterInstance.from_config(str(home)) as instance, owning_runs(home) as alive:
        launcher = instance.run_launcher
        assert isinstance(launcher, WeatherRunLauncher)

        def status(tags: dict[str, str]) -> WorkerStatus:
            return launcher.check_run_worker_health(DagsterRun(job_name="load", tags=tags)).status

        assert status(alive) == WorkerStatus.RUNNING
        assert status({OWNER_TAG: f"{socket.gethostname()}:killed"}) == WorkerStatus.FAILED
        assert status({OWNER_TAG: "elsewhere:killed"}) == WorkerStatus.RUNNING
        assert status({}) == WorkerStatus.RUNNING  # a run of Dagster's own command line: not ours to judge
