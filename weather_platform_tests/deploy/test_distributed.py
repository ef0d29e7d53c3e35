"""Past one machine: twelve months on two workers, one of which dies in the middle, over a broker that is restarted."""

import secrets
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterRun, DagsterRunStatus, RunsFilter

from weather_platform.domain.months import Partitions, parse_months
from weather_platform.intake import receive
from weather_platform.pipeline import Stores, curate_month, open_stores, stage_month
from weather_platform.runtime.prepare import OWNER, prepare_mysql
from weather_platform.runtime.service import any_free_port
from weather_platform.settings import Settings
from weather_platform.sources.sample import SampleSource
from weather_platform_tests.deploy.hosts import FirstHost, SecondHost
from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.process import LOOPBACK
from weather_platform_tests.servers.redis import Redis
from weather_platform_tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server

pytestmark = [
    pytest.mark.slow,
    # dagster-graphql 1.13.27 calls gql 4 the way of gql 3.
    pytest.mark.filterwarnings("ignore:Using variable_values and operation_name arguments:DeprecationWarning"),
]

MONTHS = parse_months("2023-01..2023-12")
CITIES = ["07110", "07149", "07481", "07650", "07690"]


@pytest.fixture
def environment(
    mariadb_server: MariaDB, fresh_mongo_database: str, s3_server: S3Server, fresh_bucket: str, redis_url: str
) -> Iterator[dict[str, str]]:
    """What every host of the deployment is told."""
    names = {layer: f"test_{secrets.token_hex(6)}" for layer in ("staging", "dagster")}
    urls = {
        layer: f"mysql+pymysql://{name}:a1@{LOOPBACK}:{mariadb_server.port}/{name}?ssl_disabled=true"
        for layer, name in names.items()
    }
    mariadb_server.start()
    prepare_mysql(mariadb_server.url("mysql"), dict.fromkeys(urls.values(), OWNER))
    yield {
        "WEATHER_SOURCE": "sample",
        "WEATHER_FIRST_MONTH": "2023-01",
        "WEATHER_RAW_URL": f"s3://{fresh_bucket}",
        "WEATHER_S3_ENDPOINT_URL": s3_server.endpoint_url,
        "WEATHER_S3_ACCESS_KEY": ACCESS_KEY,
        "WEATHER_S3_SECRET_KEY": SECRET_KEY,
        "WEATHER_S3_REGION": REGION,
        "WEATHER_STAGING_URL": urls["staging"],
        "WEATHER_CURATED_URL": fresh_mongo_database,
        "WEATHER_DAGSTER_STORAGE_URL": urls["dagster"],
        "WEATHER_BROKER_URL": redis_url,
        "WEATHER_WORKER_SLOTS": "1",
        "WEATHER_RUNS_AT_ONCE": "2",
    }
    mariadb_server.execute(*(f"DROP DATABASE {name}" for name in names.values()))
    mariadb_server.execute(*(f"DROP USER '{name}'@'%'" for name in names.values()))


@pytest.fixture
def hosts(environment: dict[str, str], tmp_path: Path) -> Iterator[tuple[FirstHost, SecondHost]]:
    first = FirstHost(tmp_path / "first", any_free_port(), environment)
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
    with _both(environment, tmp_path) as (found, alone):
        assert _documents(found) == _documents(alone)
        assert found.staging.coverage() == alone.staging.coverage()
        assert [len(found.raw.objects(str(month))) for month in MONTHS] == [1] * len(MONTHS)


def _frozen_with_a_run(first: FirstHost, second: SecondHost) -> DagsterRun | None:
    """A run in the middle of which the second host stands still."""
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


@contextmanager
def _both(environment: dict[str, str], tmp_path: Path) -> Iterator[tuple[Stores, Stores]]:
    """The deployment's stores, and those of the same months loaded by one process without any server."""
    found = open_stores(Settings.from_environment(environment))
    alone = open_stores(Settings.from_environment({"WEATHER_HOME": str(tmp_path / "alone")}))
    for month in MONTHS:
        payload = SampleSource().fetch(month, CITIES)
        receive(alone.raw, payload.body, payload.provenance, Partitions(MONTHS[0]))
        stage_month(alone, month)
        curate_month(alone, month)
    yield found, alone
    for stores in (found, alone):
        stores.staging.engine.dispose()
        stores.curated.close()


def _documents(stores: Stores) -> list[dict[str, Any]]:
    """All but when and from which file."""
    return [{name: doc[name] for name in doc if name != "provenance"} for doc in stores.curated.find()]
