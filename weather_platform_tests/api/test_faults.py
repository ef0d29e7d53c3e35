"""Stores and Dagster down, or dying in the middle: the promised answer, no partial month, and the next try succeeds."""

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest

from weather_platform_tests import sample_months
from weather_platform_tests.api.platform import Platform
from weather_platform_tests.api.serving import as_json, observations
from weather_platform_tests.domain import reckoning
from weather_platform_tests.runtime.serving import wait_for

pytestmark = pytest.mark.slow
MONTH = "2023-11"
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
        ("mysql", "/ingest-fast"),
        ("s3", "/ingest"),
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


@pytest.mark.parametrize("store", ["mysql", "mongodb"])
@pytest.mark.parametrize("after_s", [0.3, 1.0])
def test_a_store_that_dies_in_the_middle_leaves_no_partial_month(
    platform: Platform, store: str, after_s: float
) -> None:
    month = sample_months.staged(MONTH)
    rows, documents = sum(map(len, month.rows.values())), len(reckoning.documents_of(month.rows))
    body = sample_months.archive(MONTH)
    answers: list[httpx.Response] = []
    posting = threading.Thread(target=lambda: answers.append(platform.api.post_file("/ingest-fast", body)))
    posting.start()
    wait_for(lambda: _kept(platform), "the file to be kept")
    time.sleep(after_s)
    DOWN[store](platform)
    posting.join()
    platform.revive()
    left = len(platform.api.figures())
    assert left in (0, documents)
    assert answers[0].status_code == (200 if left and answers[0].status_code == 200 else 503), answers[0].text
    staged = sum(len(rows) for rows in platform.api.rows().values())
    assert staged in (0, rows)
    receipt = platform.api.ingest("/ingest-fast", body)
    assert receipt["state"] == "done"
    assert len(platform.api.figures()) == documents


def _kept(platform: Platform) -> list[Any]:
    return platform.api.services.layers.raw.objects(MONTH)


def test_reading_goes_on_from_the_stores_that_are_up(platform: Platform) -> None:
    platform.api.ingest("/ingest-fast", OLD)
    platform.mariadb.kill()
    platform.dagster.cut()
    assert platform.api.get("/curated/cities/07690").json()["count"] == 2
    assert platform.api.get("/raw/files").json()["count"] == 1
    staging = platform.api.get("/staging/cities")
    assert (staging.status_code, staging.json()["detail"]) == (503, "A store of the platform does not answer.")
    assert platform.api.get("/readyz").status_code == 503
