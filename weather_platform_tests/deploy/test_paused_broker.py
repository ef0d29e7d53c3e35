"""Redis says nothing for a while: a posting is taken all the same, and makes one run."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from weather_platform.settings import Settings
from weather_platform_tests import layers
from weather_platform_tests.api.serving import Api, as_json, observations, served
from weather_platform_tests.deploy.hosts import FirstHost
from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.process import free_port
from weather_platform_tests.servers.redis import Redis

pytestmark = pytest.mark.slow
BODY = as_json(observations())


@pytest.fixture
def host(tmp_path: Path, redis_url: str) -> Iterator[FirstHost]:
    environment = {"WEATHER_BROKER_URL": redis_url, "WEATHER_FIRST_MONTH": "2022-01"}
    host = FirstHost(tmp_path / "home", free_port(), environment)
    try:
        host.wait_until_printed("ready", timeout_s=150)
        yield host
    finally:
        host.interrupt()


@pytest.fixture
def api(host: FirstHost) -> Iterator[Api]:
    environment = {
        **layers.embedded(host.home),
        "WEATHER_FIRST_MONTH": "2022-01",
        "WEATHER_DAGSTER_URL": f"http://127.0.0.1:{host.port}",
    }
    with served(Settings.from_environment(environment)) as api:
        yield api


def test_a_posting_while_redis_is_paused_is_taken_and_makes_one_run(
    host: FirstHost, api: Api, redis_server: Redis
) -> None:
    with redis_server.paused():
        began = time.monotonic()
        receipt = api.ingest("/ingest", BODY)
        again = api.post_file("/ingest", BODY)
        taken_s = time.monotonic() - began
    assert (receipt["state"], again.json()["id"], again.headers["x-repeated"]) == ("queued", receipt["id"], "true")
    assert taken_s < 15  # Redis has a second to answer
    wait_for(lambda: api.get(f"/ingestions/{receipt['id']}").json()["state"] == "done", "the run", timeout_s=90)
    assert [run.tags["dagster/partition"] for run in host.instance.get_runs()] == ["2023-11"]
    assert len(api.documents()) == 4
