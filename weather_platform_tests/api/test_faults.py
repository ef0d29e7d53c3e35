"""What callers are told while a store or Dagster is down. What the stores then hold is tried in `faults`."""

import time
from collections.abc import Callable

import pytest

from weather_platform_tests.api.platform import Platform
from weather_platform_tests.api.serving import as_json, observations

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
