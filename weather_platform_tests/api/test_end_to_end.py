"""Posting November 2023 to the whole platform on real servers, by both ways, as JSON and as CSV."""

import json
import threading
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from dagster_graphql import DagsterGraphQLClient

from weather_platform import names
from weather_platform.domain.stations import STATIONS
from weather_platform.month_report import CHECKS, Check
from weather_platform_tests import sample_months
from weather_platform_tests.api.platform import Platform
from weather_platform_tests.api.serving import as_json, observations
from weather_platform_tests.domain import forms
from weather_platform_tests.runtime.serving import wait_for

pytestmark = pytest.mark.slow
MONTH = "2023-11"
FORMS = {"november.json": "v2.1 export", "synop_2023.csv": "annual archive"}
"""One of JSON and one of CSV: that every form gives the same observations is `domain/test_forms.py`'s claim."""


def written(name: str) -> bytes:
    """November of every third station, in the form of the file's name."""
    return forms.FORMS[FORMS[name]](sample_months.records(MONTH, tuple(STATIONS)[::3]))


@pytest.fixture(scope="module")
def november(platform_on_servers: Platform) -> list[dict[str, Any]]:
    """The documents of November as the first form gives them; all others are held against these."""
    platform_on_servers.wipe()
    platform_on_servers.api.ingest("/ingest-fast", written(next(iter(FORMS))))
    return platform_on_servers.api.figures()


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("way", ["/ingest?wait=120", "/ingest-fast"])
def test_json_and_csv_by_both_ways_give_the_same_documents(
    platform: Platform, november: list[dict[str, Any]], way: str, name: str
) -> None:
    records, documents = len(sample_months.records(MONTH, tuple(STATIONS)[::3])), len(november)
    assert documents > 600
    before = len(platform.catalogue(names.WEATHER_STATS, MONTH))
    receipt = platform.api.ingest(way, written(name), name)
    assert (receipt["state"], receipt["trouble"]) == ("done", None), receipt
    (month,) = receipt["outcome"]
    assert (month["read"], month["kept"], month["documents_written"]) == (records, records, documents)
    wait_for(lambda: len(platform.catalogue(names.WEATHER_STATS, MONTH)) == before + 1, "the catalogue to be told")
    shown = {asset: platform.catalogue(asset, MONTH)[0] for asset in names.ASSETS}
    assert shown[names.STAGED_OBSERVATIONS]["dagster/partition_row_count"] == records
    assert shown[names.WEATHER_STATS]["dagster/partition_row_count"] == documents
    assert shown[names.RAW_OBSERVATIONS]["dagster/partition_row_count"] == records
    assert bool(shown[names.WEATHER_STATS]["run"]) == (way != "/ingest-fast")
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


YEAR = [f"2023-{month:02d}" for month in range(1, 13)]


def test_months_of_a_file_are_a_run_each_that_its_receipt_follows(platform: Platform) -> None:
    records = [record for month in YEAR for record in observations(month, days=1)]
    receipt = platform.api.ingest("/ingest", as_json(records))
    assert [(run["month"], run["months"]) for run in receipt["runs"]] == [(month, [month]) for month in YEAR]
    stream = platform.api.get(f"/ingestions/{receipt['id']}/events")
    told = [json.loads(line.removeprefix("data: ")) for line in stream.text.splitlines() if line.startswith("data: ")]
    done = platform.finished(receipt["id"])
    assert [told[-1]["progress"], done["progress"]] == [{"queued": 0, "running": 0, "done": 12, "failed": 0}] * 2
    ended = {told_of["month"] for told_of in told if told_of.get("month") and told_of["state"] == "done"}
    assert len(ended) > 6, stream.text  # the first and the last event have the others
    assert [(month["month"], month["kept"]) for month in done["outcome"]] == [
        (month, len(records) // 12) for month in YEAR
    ]
    again = platform.api.get(f"/ingestions/{receipt['id']}/events", headers={"last-event-id": f"{receipt['id']}-1"})
    assert again.status_code == 204
    # A month's run also writes its neighbours' edge days, where the runs meet: in any order they end the same.
    side_by_side = platform.api.figures()
    platform.wipe()
    platform.api.ingest("/ingest-fast", as_json(records))
    assert (len(side_by_side), platform.api.figures()) == (24, side_by_side)


def runs_of(platform: Platform, ingestion: str) -> list[tuple[str, str]]:
    """Month and status of the runs that were made for an ingestion, the oldest first; not those that never began."""
    tagged = [run for run in platform.runs() if run["tags"].get(names.INGESTION_TAG) == ingestion]
    began = [run for run in tagged if names.REPEATS_TAG not in run["tags"]]
    return [(run["tags"]["dagster/partition"], run["status"]) for run in reversed(began)]


def test_a_failed_month_says_why_and_only_it_is_repeated(platform: Platform) -> None:
    months = YEAR[:3]
    blobs = platform.api.services.layers.raw.blobs
    platform.api.ingest("/ingest-fast", as_json(observations("2023-02", days=2)))
    (spoiled,) = platform.api.services.layers.raw.objects("2023-02")
    blobs.delete(spoiled.key)
    blobs.put(spoiled.key, b"rust")
    body = as_json([record for month in months for record in observations(month, days=1)])

    failed = platform.finished(platform.api.ingest("/ingest", body)["id"])

    assert failed["state"] == "failed"
    assert [(run["month"], run["state"], run["trouble"] is None) for run in failed["runs"]] == [
        ("2023-01", "done", True), ("2023-02", "failed", False), ("2023-03", "done", True),
    ]  # fmt: skip
    assert failed["progress"] == {"queued": 0, "running": 0, "done": 2, "failed": 1}
    assert [(month["month"], month["documents_written"]) for month in failed["outcome"]] == [
        ("2023-01", 2),
        ("2023-03", 2),
    ]
    assert failed["trouble"]["cause"] == f"1 of 3 months failed: 2023-02. {failed['runs'][1]['trouble']['cause']}"
    assert "runs only these months" in failed["trouble"]["cure"]

    for blob in list(blobs.list(spoiled.key.removesuffix(".json"))):  # its bytes and what was posted with them
        blobs.delete(blob.key)
    done = platform.finished(platform.api.ingest("/ingest", body)["id"])

    assert (done["id"], done["state"], done["trouble"]) == (failed["id"], "done", None)
    assert [month["documents_written"] for month in done["outcome"]] == [2, 2, 2]
    assert [month for month, _ in runs_of(platform, done["id"])] == [*months, "2023-02"]
    assert len(platform.api.documents()) == 6


def test_a_repeated_launch_without_an_answer_makes_no_second_run(platform: Platform) -> None:
    body = as_json([record for month in YEAR for record in observations(month, days=1)])
    before = len(platform.runs())
    answers: list[httpx.Response] = []
    posting = threading.Thread(target=lambda: answers.append(platform.api.post_file("/ingest", body)))
    posting.start()
    wait_for(lambda: len(platform.runs()) >= before + 3, "some of the runs")
    platform.dagster.cut()
    posting.join()
    assert answers[0].status_code == 503
    platform.dagster.open()  # while the webserver still makes the rest of them

    done = platform.finished(platform.api.ingest("/ingest", body)["id"])

    assert (done["state"], done["progress"]["done"]) == ("done", 12)
    assert sorted(runs_of(platform, done["id"])) == [(month, "SUCCESS") for month in YEAR]


def test_the_same_file_again_is_the_first_receipt_without_a_run(platform: Platform) -> None:
    body = as_json(observations())
    first = platform.api.ingest("/ingest?wait=60", body)
    runs, figures = len(platform.runs()), platform.api.documents()
    for way in ("/ingest", "/ingest-fast"):
        again = platform.api.post_file(way, body)
        assert (again.status_code, again.json()) == (200, {**first, "repeated": True})
    assert (len(platform.runs()), platform.api.documents()) == (runs, figures)


def test_overlapping_months_posted_at_once_end_as_if_in_sequence(platform: Platform) -> None:
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
    told = f"/ingestions/{receipt['id']}"
    wait_for(lambda: platform.api.get(told).json()["catalogue"] == "shown", "the receipt to say so")


def test_a_landed_file_is_ingested_and_a_bad_one_refused_with_reason(platform: Platform) -> None:
    blobs = platform.api.services.layers.raw.blobs
    raw_before = len(platform.catalogue(names.RAW_OBSERVATIONS, MONTH))
    blobs.put("landing/from-somebody.json", as_json(observations()))
    blobs.put("landing/holiday.txt", b"no weather here")
    wait_for(lambda: len(platform.api.documents()) == 4, "the landed file to become documents")
    wait_for(lambda: not any(b.key == "landing/from-somebody.json" for b in blobs.list("landing/")), "it to be cleared")
    assert len(platform.catalogue(names.RAW_OBSERVATIONS, MONTH)) == raw_before + 1
    refused = [blob.key for blob in blobs.list("landing/")]
    assert refused == ["landing/refused/holiday.txt", "landing/refused/holiday.txt.reason.json"]
    reason = json.loads(blobs.get("landing/refused/holiday.txt.reason.json"))
    assert "No observations can be read here" in reason["cause"]


_VALUES = """
metadataEntries {
  label
  ... on IntMetadataEntry { value: intRepr }
  ... on FloatMetadataEntry { number: floatValue }
  ... on BoolMetadataEntry { flag: boolValue }
  ... on TextMetadataEntry { text }
  ... on JsonMetadataEntry { jsonString }
  ... on UrlMetadataEntry { url }
  ... on TableMetadataEntry { table { records } }
}
"""
_TOLD = f"""
query Told($asset: AssetKeyInput!, $partition: [String!]) {{
  assetOrError(assetKey: $asset) {{
    ... on Asset {{ assetMaterializations(partitions: $partition, limit: 1) {{ {_VALUES} }} }}
  }}
}}
"""
_JUDGED = f"""
query Judged($asset: AssetKeyInput!, $check: String!, $partition: String) {{
  assetCheckExecutions(assetKey: $asset, checkName: $check, partition: $partition, limit: 1) {{
    evaluation {{ success description {_VALUES} }}
  }}
}}
"""
_OF_THE_DOOR = {"received_by", "reference"}
_OF_THE_FILE = {"source", "files", "licence", "raw_objects", "bytes", "new_objects"}
"""What differs where other bytes, or the same bytes again, hold the same records."""
_OF_THE_CHANGE = {"written", "unchanged", "deleted"}


def _plain(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Values by label. Reports by REST have neither tables nor links: the same values are JSON and text there.

    Nor do they have schema and lineage of columns, which do not depend on the month.
    """
    found: dict[str, Any] = {}
    nothing: tuple[str, Any] = ("null", None)
    for entry in entries:
        kind, value = next(((key, value) for key, value in entry.items() if key != "label"), nothing)
        if kind == "table":
            value = list(map(json.loads, value["records"]))
        if not entry["label"].startswith("dagster/column_"):
            found[entry["label"]] = json.loads(value) if kind == "jsonString" else value
    return found


def test_every_door_tells_the_catalogue_the_same_of_a_month(platform: Platform, tmp_path: Path) -> None:
    """Runs tell it by their own events, the others by reports: every value and every verdict, key by key."""
    stations = ("07690", "78890")
    body = forms.FORMS["v2.1 export"](sample_months.records(MONTH, stations))
    sample_months.write_archive(tmp_path, MONTH, stations)

    def told(asset: str) -> dict[str, Any]:
        asked = {"asset": {"path": [asset]}, "partition": [MONTH]}
        events = platform.ask(_TOLD, asked)["assetOrError"].get("assetMaterializations", [])
        return _plain(events[0]["metadataEntries"]) if events else {}

    def verdict(check: Check) -> dict[str, Any]:
        asked = {"asset": {"path": [check.asset]}, "check": check.name, "partition": MONTH}
        executions = platform.ask(_JUDGED, asked)["assetCheckExecutions"]
        found = executions[0]["evaluation"] if executions else None
        return {**found, "metadataEntries": _plain(found["metadataEntries"])} if found else {}

    def all_told(door: str) -> dict[str, dict[str, Any]]:
        def is_told() -> bool:
            return all(told(asset).get("received_by") == door for asset in names.ASSETS[1:])

        wait_for(is_told, f"the catalogue to tell of {door}")
        wait_for(lambda: all(verdict(check).get("success") is not None for check in CHECKS), "its checks")
        return {asset: told(asset) for asset in names.ASSETS} | {check.name: verdict(check) for check in CHECKS}

    by_door = {}
    platform.wipe()
    platform.api.ingest("/ingest?wait=60", body)
    by_door["ingest"] = all_told("ingest")
    platform.wipe()
    platform.api.ingest("/ingest-fast", body)
    by_door["ingest-fast"] = all_told("ingest-fast")
    platform.api.client.post("/quarantine/replay", json={"months": [MONTH]}).raise_for_status()
    by_door["replay"] = all_told("replay")
    platform.wipe()
    platform.api.services.layers.raw.blobs.put("landing/november.json", body)
    by_door["landing"] = all_told("landing")
    platform.wipe()
    fetch = {names.RAW_OBSERVATIONS: {"config": {"source": "meteofrance", "cities": []}}}
    archive = {"sources": {"config": {"archive_url": str(tmp_path)}}}
    DagsterGraphQLClient("127.0.0.1", port_number=platform.dagster.target).submit_job_execution(
        names.LOAD_JOB, run_config={"ops": fetch, "resources": archive}, tags={"dagster/partition": MONTH}
    )
    by_door["source"] = all_told("source")

    first = by_door["ingest"]
    for door, other in by_door.items():
        allowed = _OF_THE_DOOR | {"source", "files"}
        allowed |= _OF_THE_FILE if door == "source" else _OF_THE_CHANGE if door == "replay" else set()
        # Dagster's REST takes no sentence with a verdict.
        allowed |= {"description"} if door in ("ingest-fast", "replay") else set()
        for name, facts in first.items():
            assert facts.keys() == other[name].keys(), (door, name)
            differing = {key: (value, other[name][key]) for key, value in facts.items() if other[name][key] != value}
            assert differing.keys() <= allowed, (door, name, differing)
