"""Posting real November 2023 to the whole platform on real servers, by both ways and in every form."""

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from weather_platform import names
from weather_platform_tests import real_months
from weather_platform_tests.api.platform import Platform
from weather_platform_tests.api.serving import as_json, observations
from weather_platform_tests.runtime.serving import wait_for

pytestmark = pytest.mark.slow
MONTH = "2023-11"
RECORDS, DOCUMENTS = 14_354, 1_823


FORMS = ("november-v21.json", "november-v1.json", "november.json.gz", "synop.202311.csv")


def written(real_data: Path, name: str) -> bytes:
    """Real November in a form."""
    flat = real_months.records(real_data, MONTH)
    match name:
        case "november-v21.json":
            return json.dumps(flat).encode()
        case "november-v1.json":
            return json.dumps([real_months.as_v1(real_data, record) for record in flat]).encode()
        case "november.json.gz":
            return gzip.compress(json.dumps(flat, indent=0).encode(), 1)
        case _:
            return real_months.archive(real_data, MONTH)


@pytest.fixture(scope="module")
def november(platform_on_servers: Platform, real_data: Path) -> list[dict[str, Any]]:
    """The documents of November as the first form gives them; all others are held against these."""
    platform_on_servers.wipe()
    platform_on_servers.api.ingest("/ingest-fast", written(real_data, FORMS[0]))
    return platform_on_servers.api.figures()


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("way", ["/ingest?wait=120", "/ingest-fast"])
def test_every_form_by_both_ways_is_the_same_documents_and_shown_as_materialised(
    platform: Platform, november: list[dict[str, Any]], real_data: Path, way: str, name: str
) -> None:
    before = len(platform.catalogue(names.WEATHER_STATS, MONTH))
    receipt = platform.api.ingest(way, written(real_data, name), name)
    assert (receipt["state"], receipt["trouble"]) == ("done", None)
    (month,) = receipt["outcome"]
    assert (month["read"], month["kept"], month["documents_written"]) == (RECORDS, RECORDS, DOCUMENTS)
    wait_for(lambda: len(platform.catalogue(names.WEATHER_STATS, MONTH)) == before + 1, "the catalogue to be told")
    shown = {asset: platform.catalogue(asset, MONTH)[0] for asset in names.ASSETS}
    assert shown[names.STAGED_OBSERVATIONS]["dagster/partition_row_count"] == RECORDS
    assert shown[names.WEATHER_STATS]["dagster/partition_row_count"] == DOCUMENTS
    assert shown[names.RAW_OBSERVATIONS]["dagster/partition_row_count"] == RECORDS
    assert bool(shown[names.WEATHER_STATS]["run"]) == (way != "/ingest-fast")
    assert len(november) == DOCUMENTS
    assert platform.api.figures() == november


def test_a_run_is_followed_by_its_receipt_and_as_a_stream_of_events(platform: Platform) -> None:
    receipt = platform.api.ingest("/ingest", as_json(observations()), headers={"x-request-id": "from-the-test"})
    assert receipt["state"] == "queued"
    stream = platform.api.get(f"/ingestions/{receipt['id']}/events").text
    assert [line for line in stream.splitlines() if line.startswith("event:")][-1] == "event: done"
    ids = [line for line in stream.splitlines() if line.startswith("id:")]
    assert len(set(ids)) == len(ids)
    done = platform.finished(receipt["id"])
    assert done["outcome"][0]["kept"] == 32
    (run,) = [run for run in platform.runs() if run["runId"] == done["run_id"]]
    assert run["tags"]["weather/request"] == "from-the-test"
    assert run["tags"]["weather/ingestion"] == receipt["id"]


def test_months_of_a_file_are_the_fewest_runs(platform: Platform) -> None:
    months = ("2023-01", "2023-02", "2023-03", "2023-05")
    records = [record for month in months for record in observations(month, days=1)]
    receipt = platform.api.ingest("/ingest?wait=60", as_json(records))
    assert [run["months"] for run in receipt["runs"]] == [["2023-01", "2023-02", "2023-03"], ["2023-05"]]
    assert receipt["state"] == "done"
    assert [month["documents_written"] for month in receipt["outcome"]] == [2, 2, 2, 2]


def test_the_same_file_again_is_the_first_receipt_without_a_run(platform: Platform) -> None:
    body = as_json(observations())
    first = platform.api.ingest("/ingest?wait=60", body)
    runs, figures = len(platform.runs()), platform.api.documents()
    for way in ("/ingest", "/ingest-fast"):
        again = platform.api.post_file(way, body)
        assert (again.status_code, again.json()) == (200, {**first, "repeated": True})
    assert (len(platform.runs()), platform.api.documents()) == (runs, figures)


def test_overlapping_months_posted_at_once_by_both_ways_end_as_one_after_the_other(platform: Platform) -> None:
    files = [as_json(observations(days=days, t_k=280.0 + days)) for days in (3, 4, 5, 6)]
    receipts: list[dict[str, Any]] = []

    def post(way: str, body: bytes) -> None:
        receipts.append(platform.api.ingest(way, body))

    ways = ("/ingest?wait=60", "/ingest-fast", "/ingest?wait=60", "/ingest-fast")
    threads = [threading.Thread(target=post, args=(way, body)) for way, body in zip(ways, files, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [receipt["state"] for receipt in receipts] == ["done"] * 4
    at_once = (platform.api.rows(), platform.api.figures())
    received = {o.provenance.name: o.received for o in platform.api.services.layers.raw.objects(MONTH)}
    assert len(received) <= 4
    in_order = [platform.api.services.layers.raw.read(obj) for obj in platform.api.services.layers.raw.objects(MONTH)]
    platform.wipe()
    for body in in_order:
        platform.api.ingest("/ingest-fast", body)
    assert (platform.api.rows(), platform.api.figures()) == at_once


def test_a_catalogue_that_was_down_catches_up_by_itself(platform: Platform) -> None:
    before = len(platform.catalogue(names.WEATHER_STATS, MONTH))
    platform.dagster.cut()
    receipt = platform.api.ingest("/ingest-fast", as_json(observations(days=1)))
    assert (receipt["state"], receipt["catalogue"]) == ("done", "pending")
    assert len(platform.api.documents()) == 2
    platform.dagster.open()
    wait_for(lambda: len(platform.catalogue(names.WEATHER_STATS, MONTH)) == before + 1, "the catalogue to catch up")
    assert platform.catalogue(names.WEATHER_STATS, MONTH)[0]["dagster/partition_row_count"] == 2
    assert platform.api.get(f"/ingestions/{receipt['id']}").json()["catalogue"] == "shown"


def test_a_file_under_landing_is_ingested_and_a_bad_one_is_refused_with_its_reason(platform: Platform) -> None:
    blobs = platform.api.services.layers.raw.blobs
    blobs.put("landing/from-somebody.json", as_json(observations()))
    blobs.put("landing/holiday.txt", b"no weather here")
    wait_for(lambda: len(platform.api.documents()) == 4, "the landed file to become documents")
    wait_for(lambda: not any(b.key == "landing/from-somebody.json" for b in blobs.list("landing/")), "it to be cleared")
    refused = [blob.key for blob in blobs.list("landing/")]
    assert refused == ["landing/refused/holiday.txt", "landing/refused/holiday.txt.reason.json"]
    reason = json.loads(blobs.get("landing/refused/holiday.txt.reason.json"))
    assert "No observations can be read here" in reason["cause"]
