"""What callers are told while a store or Dagster is down. What the stores then hold is tried in `faults`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from weather_platform.domain.stations import STATIONS
from weather_platform_tests.api.platform import Platform
from weather_platform_tests.api.serving import as_json, observations, served, settings_at
from weather_platform_tests.full_disk import filled, small_disk
from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.mysql import MySQL
from weather_platform_tests.servers.process import ServerMissing

pytestmark = pytest.mark.slow
OLD, NEW = as_json(observations(t_k=280.15)), as_json(observations(t_k=290.15, days=3))
DOWN: dict[str, Callable[[Platform], None]] = {
    "mysql": lambda platform: platform.mariadb.kill(),
    "mongodb": lambda platform: platform.mongodb.kill(),
    "s3": lambda platform: platform.s3.stop(),
    "dagster": lambda platform: platform.dagster.cut(),
}


@pytest.mark.parametrize(
    ("store", "way"),
    [
        ("mysql", "/ingest"),
        ("s3", "/ingest-fast"),
        ("mongodb", "/ingest-fast"),
        ("dagster", "/ingest"),
    ],
)
def test_what_is_down_is_503_and_the_next_try_succeeds(platform: Platform, store: str, way: str) -> None:
    platform.api.ingest("/ingest-fast", OLD)
    before = platform.api.figures()
    DOWN[store](platform)
    answer = platform.api.post_file(way, NEW)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), answer.text
    assert "127.0.0.1" not in answer.text or store == "dagster"
    assert platform.api.get("/livez").status_code == 200
    assert platform.api.get("/health").json()["status"] == "degraded"
    platform.revive()
    assert platform.api.figures() == before
    receipt = platform.api.ingest(way, NEW)
    assert platform.finished(receipt["id"])["state"] == "done"
    assert len(platform.api.documents()) == 6


@pytest.mark.parametrize(("store", "layer"), [("mariadb", "mysql"), ("mongodb", "mongodb")])
def test_a_paused_store_is_told_within_seconds(platform: Platform, store: str, layer: str) -> None:
    server: MariaDB | MongoDB = getattr(platform, store)
    platform.api.ingest("/ingest-fast", OLD)
    with server.paused():
        began = time.monotonic()
        answers = [platform.api.get("/readyz") for _ in range(2)]
        taken_s = time.monotonic() - began
        assert platform.api.get("/livez").status_code == 200
    assert [(answer.status_code, answer.json()[layer] == "ok") for answer in answers] == [(503, False)] * 2
    assert taken_s < 20  # twice 4 s here
    wait_for(lambda: platform.api.get("/readyz").status_code == 200, "the store")
    platform.api.ingest("/ingest-fast", NEW)
    assert len(platform.api.documents()) == 6


@pytest.mark.parametrize("kind", [MariaDB, MySQL])
def test_a_full_disk_of_the_database_is_507_and_told(tmp_path: Path, kind: type[MariaDB | MySQL]) -> None:
    """`/readyz` stays 200, as reading goes on."""
    big = as_json(observations("2023-12", stations=sorted(STATIONS)[:40], days=28))
    with (
        small_disk(tmp_path / "disk", 300) as disk,
        database_on(disk, kind) as url,
        served(settings_at(tmp_path / "home", WEATHER_STAGING_URL=url)) as api,
    ):
        api.ingest("/ingest-fast", OLD)
        with filled(disk, 300_000):
            answer = api.post_file("/ingest-fast", big)
            assert (answer.status_code, answer.json()["detail"]) == (507, "A disk of the platform is full.")
            assert "retry-after" not in answer.headers
            ready = api.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
            assert ready.json()["writing"].startswith("StoreFull: a disk was full at 20")
            assert api.get("/staging/cities/nice").json()["count"] == 16
        assert api.ingest("/ingest-fast", big)["state"] == "done"
        assert sum(city["observations"] for city in api.get("/staging/cities").json()["cities"]) == 32 + 40 * 8 * 28
        assert api.get("/readyz").json()["writing"] == "ok"


@contextmanager
def database_on(disk: Path, kind: type[MariaDB | MySQL]) -> Iterator[str]:
    try:
        with kind(disk / "server") as server, server.fresh_database() as url:
            yield url
    except ServerMissing as missing:
        pytest.skip(f"not tested: {missing}")


def test_a_run_that_finds_mongodb_down_succeeds_when_it_is_back(platform: Platform) -> None:
    platform.api.ingest("/ingest-fast", OLD)
    before = platform.api.figures()
    platform.mongodb.kill()
    receipt = platform.api.ingest("/ingest", NEW)
    time.sleep(1)
    platform.mongodb.start()
    assert platform.finished(receipt["id"])["state"] == "done"
    assert len(platform.api.figures()) == 6
    assert before != platform.api.figures()


def test_reading_goes_on_from_the_stores_that_are_up(platform: Platform) -> None:
    platform.api.ingest("/ingest-fast", OLD)
    platform.mariadb.kill()
    platform.dagster.cut()
    assert platform.api.get("/curated/cities/07690").json()["count"] == 2
    assert platform.api.get("/raw/files").json()["count"] == 1
    staging = platform.api.get("/staging/cities")
    assert (staging.status_code, staging.json()["detail"]) == (503, "A store of the platform does not answer.")
    assert platform.api.get("/readyz").status_code == 503
