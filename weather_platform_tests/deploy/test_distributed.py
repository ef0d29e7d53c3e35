"""Past one machine: twelve months on two workers; one of them dies meanwhile, and the broker is restarted."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import DagsterRun, DagsterRunStatus, RunsFilter

from weather_platform.domain.months import parse_months
from weather_platform_tests.deploy.hosts import FirstHost, SecondHost
from weather_platform_tests.deploy.one_process import beside_one_process, documents
from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.process import free_port
from weather_platform_tests.servers.redis import Redis

pytestmark = [
    pytest.mark.slow,
    # dagster-graphql 1.13.27 calls gql 4 the way of gql 3.
    pytest.mark.filterwarnings("ignore:Using variable_values and operation_name arguments:DeprecationWarning"),
]

MONTHS = parse_months("2023-01..2023-12")
CITIES = ["07110", "07149", "07481", "07650", "07690"]


@pytest.fixture
def environment(stores_environment: dict[str, str], redis_url: str) -> dict[str, str]:
    """What every host of the deployment is told."""
    return {
        **stores_environment,
        "WEATHER_BROKER_URL": redis_url,
        "WEATHER_WORKER_SLOTS": "1",
        "WEATHER_RUNS_AT_ONCE": "2",
    }


@pytest.fixture
def hosts(environment: dict[str, str], tmp_path: Path) -> Iterator[tuple[FirstHost, SecondHost]]:
    first = FirstHost(tmp_path / "first", free_port(), environment)
    try:
        first.wait_until_printed("ready", timeout_s=150)  # it also makes Dagster's tables
        second = SecondHost(tmp_path / "second", environment)
        try:
            second.wait_until_ready()
            yield first, second
        finally:
            second.kill()
    finally:
        first.interrupt()


def test_twelve_months_on_two_workers_are_complete_once_although_one_dies(
    hosts: tuple[FirstHost, SecondHost], environment: dict[str, str], redis_server: Redis, tmp_path: Path
) -> None:
    first, second = hosts
    run_ids = [first.load(month, CITIES) for month in MONTHS]

    victim = wait_for(lambda: _frozen_with_a_run(first, second), "a run on the second host")
    second.kill()
    redis_server.kill()
    time.sleep(1)
    redis_server.start()

    wait_for(lambda: _all_done(first), "twelve months", timeout_s=150)
    runs = first.instance.get_runs()
    good = [run for run in runs if run.status == DagsterRunStatus.SUCCESS]
    assert Counter(run.tags["dagster/partition"] for run in good) == Counter(map(str, MONTHS))
    assert {run.run_id for run in runs if run.root_run_id is None} == set(run_ids)
    assert [run.tags["dagster/partition"] for run in good if run.root_run_id == victim.run_id] == [
        victim.tags["dagster/partition"]
    ]
    with beside_one_process(environment, tmp_path / "alone", MONTHS, CITIES) as (found, alone):
        assert documents(found) == documents(alone)
        assert found.staging.coverage() == alone.staging.coverage()
        assert [len(found.raw.objects(str(month))) for month in MONTHS] == [1] * len(MONTHS)


def _frozen_with_a_run(first: FirstHost, second: SecondHost) -> DagsterRun | None:
    """A run during which the second host is frozen."""
    pids = {child.pid for child in second.children()}
    for run in first.instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTED])):
        if first.executing_pid(run.run_id) in pids:
            second.freeze()
            if first.status(run.run_id) == "STARTED":
                return run
            second.thaw()
    return None


def _all_done(first: FirstHost) -> bool:
    done = first.instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.SUCCESS]))
    return {run.tags["dagster/partition"] for run in done} == set(map(str, MONTHS))
