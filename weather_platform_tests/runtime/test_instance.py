"""Dagster's home as Dagster itself reads it."""

from pathlib import Path

import pytest
from dagster import DagsterInstance
from dagster._core.instance.config import PoolGranularity

from weather_platform.dagster_patches.coordinator import PromptRunCoordinator
from weather_platform.dagster_patches.opening import instance_init_lock
from weather_platform.runtime.instance import open_once, write_instance
from weather_platform.settings import Settings


def settings(tmp_path: Path, **environment: str) -> Settings:
    return Settings.from_environment({"WEATHER_HOME": str(tmp_path / "home"), **environment})


@pytest.mark.parametrize(
    ("environment", "launcher", "broker"),
    [
        ({}, "WeatherRunLauncher", "filesystem://"),
        ({"WEATHER_BROKER_URL": "redis://127.0.0.1:1/0"}, "WeatherRunLauncher", "redis://127.0.0.1:1/0"),
        ({"WEATHER_LAUNCHER": "default"}, "DefaultRunLauncher", None),
    ],
    ids=["folder", "redis", "default"],
)
def test_dagster_accepts_the_home_with_every_launcher(
    tmp_path: Path, environment: dict[str, str], launcher: str, broker: str | None
) -> None:
    home = write_instance(settings(tmp_path, WEATHER_WORKER_SLOTS="3", **environment))
    with DagsterInstance.from_config(str(home)) as instance:
        assert type(instance.run_launcher).__name__ == launcher
        assert getattr(instance.run_launcher, "broker", None) == broker
        assert isinstance(instance.run_coordinator, PromptRunCoordinator)
        concurrency = instance.get_concurrency_config()
        assert concurrency.pool_config.pool_granularity == PoolGranularity.RUN
        assert concurrency.pool_config.default_pool_limit == 3
        assert concurrency.run_queue_config is not None
        assert concurrency.run_queue_config.max_concurrent_runs == 3
        assert instance.run_monitoring_enabled
        assert not instance.telemetry_enabled


def test_the_home_is_closed_to_others_as_passwords_stand_in_it(tmp_path: Path) -> None:
    assert write_instance(settings(tmp_path)).stat().st_mode & 0o077 == 0


def test_a_home_that_was_opened_is_not_opened_again(tmp_path: Path) -> None:
    home = write_instance(settings(tmp_path))
    with instance_init_lock(home) as is_new:
        assert is_new
    open_once(home)
    assert not (home / "history").exists()
