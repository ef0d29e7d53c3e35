"""Posting files to the embedded default, without Dagster: what is kept, counted, refused and repeated."""

import gzip
import io
import json
import socket
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.routes.ingest import _pause_s
from weather_platform import names
from weather_platform.domain.ingestions import Receipt
from weather_platform.domain.months import Month
from weather_platform.storage.receipts import ReceiptStore
from weather_platform_tests.api.serving import Api, as_json, observations, served, settings_at
from weather_platform_tests.full_disk import files_of_at_most
from weather_platform_tests.runtime.serving import wait_for

READABLE = 32
"""Two stations, two days, every 3 h."""


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return packed.getvalue()


BODY = as_json(observations())
WORKBOOK = zipped(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})
HEAD = (
    "POST /ingest-fast HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n"
).encode()
FORMS = {
    "array.json": BODY,
    "answer.json": json.dumps({"total_count": READABLE, "results": observations()}).encode(),
    "lines.ndjson": b"\n".join(json.dumps(record).encode() for record in observations()),
    "array.json.gz": gzip.compress(BODY),
    "many.zip": zipped(
        **{
            "nice.json": as_json(observations(stations=["07690"])),
            "orly.json.gz": gzip.compress(as_json(observations(stations=["07149"]))),
        }
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_becomes_the_same_documents(api: Api, name: str) -> None:
    receipt = api.ingest("/ingest-fast", FORMS[name], name)
    assert receipt["state"] == "done"
    assert [month["kept"] for month in receipt["outcome"]] == [READABLE]
    assert [doc["_id"] for doc in api.documents()] == [
        "07149:2023-11-01", "07690:2023-11-01", "07149:2023-11-02", "07690:2023-11-02",
    ]  # fmt: skip


def test_a_full_disk_is_507_and_reading_goes_on(api: Api) -> None:
    api.ingest("/ingest-fast", BODY)
    with files_of_at_most(40_000):
        answer = api.post_file("/ingest-fast", as_json(observations("2023-10", days=27)))
        assert (answer.status_code, answer.json()["detail"]) == (507, "A disk of the platform is full.")
        assert answer.json()["cure"] == "Free space on it, then send the same request again."
        assert api.get("/curated/cities/nice").json()["count"] == 2
        assert api.get("/staging/cities/nice").json()["count"] == READABLE // 2
    assert api.ingest("/ingest-fast", as_json(observations("2023-10", days=27)))["state"] == "done"


@pytest.mark.parametrize("media_type", ["application/json", "application/octet-stream", "text/csv"])
def test_a_raw_body_of_any_media_type_is_a_file(api: Api, media_type: str) -> None:
    answer = api.client.post("/ingest-fast?name=mine.json", content=BODY, headers={"content-type": media_type})
    assert (answer.status_code, answer.json()["files"][0]["name"]) == (200, "mine.json")


@pytest.mark.parametrize("cut", [-1, -5, -40, -len(BODY) - 30], ids=["a dash", "the end", "a value", "a whole file"])
def test_a_form_that_does_not_end_is_400_and_nothing_of_it_is_kept(api: Api, cut: int) -> None:
    parts = [
        f'--x\r\ncontent-disposition: form-data; name="file"; filename="{name}.json"\r\n\r\n'.encode() + body + b"\r\n"
        for name, body in (("a", as_json(observations("2023-10"))), ("b", BODY))
    ]
    form = b"".join([*parts, b"--x--"])
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = api.client.post("/ingest-fast", content=form[:cut], headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (400, "The form did not end: its last boundary is missing.")
    assert api.get("/raw/files").json()["count"] == 0
    assert api.client.post("/ingest-fast", content=form, headers=headers).status_code == 200


def test_a_receipt_names_what_was_passed_over_and_not_used(api: Api) -> None:
    files = {"README.txt": b"hello", "month.json": as_json([{**record, "wind": 3} for record in observations()])}
    look = api.ingest("/ingest-fast", zipped(**files), "z.zip")["first_look"]
    cause = "No observations can be read here: the file begins with b'hello'."
    assert look["passed_over"] == [{"name": "z.zip/README.txt", "cause": cause}]
    assert look["unused_columns"] == ["wind"]


@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
def test_what_staging_answers_can_be_posted_back(api: Api, form: str) -> None:
    records = observations()
    records[0] |= {"n": 101, "rr1": 0, "per": -10, "tx12": 290.15}
    api.ingest("/ingest-fast", as_json(records))
    before = api.rows()
    answer = api.get(f"/staging?city=nice,orly&format={form}")
    assert answer.status_code == 200
    outcome = api.ingest("/ingest-fast", answer.content)["outcome"]
    assert [(month["read"], month["unchanged"], month["refused"]) for month in outcome] == [(32, 32, {})]
    assert api.rows() == before


def test_a_receipt_of_many_months_has_them_in_order(api: Api) -> None:
    """Two processes make half of them each."""
    months = [f"2023-{month:02d}" for month in range(3, 12)]
    receipt = api.ingest("/ingest-fast", as_json([each for month in months for each in observations(month)]))
    assert [(outcome["month"], outcome["kept"]) for outcome in receipt["outcome"]] == [
        (month, len(observations(month))) for month in months
    ]


def test_several_files_of_a_form_are_one_ingestion(api: Api) -> None:
    files = [("file", (f"{month}.json", as_json(observations(month)))) for month in ("2023-10", "2023-11")]
    receipt = api.client.post("/ingest-fast", files=files).json()
    assert [file["name"] for file in receipt["files"]] == ["2023-10.json", "2023-11.json"]
    assert [month["month"] for month in receipt["outcome"]] == ["2023-10", "2023-11"]


def test_of_several_files_one_that_cannot_be_read_keeps_all_out(api: Api) -> None:
    files = [("file", ("good.json", BODY)), ("file", ("bad.json", b"what?"))]
    answer = api.client.post("/ingest-fast", files=files)
    assert (answer.status_code, api.services.layers.raw.partitions()) == (422, [])
    assert "bad.json" in answer.json()["detail"]


def test_the_same_file_again_is_the_first_receipt_and_nothing_doubles(api: Api) -> None:
    first = api.post_file("/ingest-fast", BODY)
    rows, documents = api.rows(), api.documents()
    again = api.post_file("/ingest-fast", BODY, "by-another-name.json")
    assert (again.status_code, again.headers["x-repeated"]) == (200, "true")
    assert again.json() == {**first.json(), "repeated": True}
    assert (api.rows(), api.documents()) == (rows, documents)


def test_the_same_file_is_ingested_again_when_its_raw_objects_are_gone(api: Api) -> None:
    receipt = api.ingest("/ingest-fast", BODY)
    blobs = api.services.layers.raw.blobs
    for blob in list(blobs.list()):
        blobs.delete(blob.key)
    again = api.ingest("/ingest-fast", BODY)
    assert (again["id"], again["state"]) == (receipt["id"], "done")
    assert len(api.services.layers.raw.objects("2023-11")) == 1


def test_an_idempotency_key_is_for_one_body(api: Api) -> None:
    key = {"idempotency-key": "november"}
    first = api.ingest("/ingest-fast", BODY, headers=key)
    assert api.ingest("/ingest-fast", BODY, headers=key) == {**first, "repeated": True}
    other = api.post_file("/ingest-fast", as_json(observations(days=1)), headers=key)
    assert (other.status_code, other.json()["detail"]) == (409, "This Idempotency-Key was used for other files.")


def test_a_corrected_file_may_reuse_the_key_of_the_unreadable_one(api: Api) -> None:
    key = {"idempotency-key": "november"}
    assert api.post_file("/ingest-fast", b"what?", headers=key).status_code == 422
    assert api.ingest("/ingest-fast", BODY, headers=key)["state"] == "done"


def test_receipts_outlive_the_process(api: Api) -> None:
    receipt = api.ingest("/ingest-fast", BODY)
    with served(api.settings) as restarted:
        found = restarted.get(f"/ingestions/{receipt['id']}").json()
        listed = restarted.get("/ingestions").json()["data"]
    told = {key: value for key, value in found.items() if key not in ("links", "raw_objects")}
    assert told == {key: value for key, value in receipt.items() if key in told}
    assert listed[0]["counts"] == {key: receipt["outcome"][0][key] for key in listed[0]["counts"]}
    same = ("id", "mode", "state", "received", "finished", "files", "withdrawn", "trouble")
    assert {key: listed[0][key] for key in same} == {key: receipt[key] for key in same}
    assert (listed[0]["months"], listed[0]["month_count"], listed[0]["documents_written"]) == (["2023-11"], 1, 4)


def test_ingestions_are_listed_newest_first_in_pages(api: Api) -> None:
    ids = [api.ingest("/ingest-fast", as_json(observations(days=days)))["id"] for days in (1, 2, 3)]
    page = api.get("/ingestions?limit=2").json()
    rest = api.get(page["next"]).json()
    assert [item["id"] for item in page["data"] + rest["data"]] == ids[::-1]


def test_an_ingestion_whose_process_died_says_so_and_is_taken_up_again(api: Api) -> None:
    receipt = api.ingest("/ingest-fast", BODY)
    receipts = api.services.layers.receipts
    died: Receipt = receipts.get(receipt["id"])
    died.state, died.outcomes, died.finished = "running", [], None
    receipts.save(died)
    told = api.get(f"/ingestions/{receipt['id']}").json()
    assert (told["state"], told["trouble"]["cause"]) == (
        "failed",
        "The API stopped during this ingestion.",
    )
    assert api.ingest("/ingest-fast", BODY)["state"] == "done"


def test_every_record_is_accounted_for(api: Api) -> None:
    records = observations()
    changed = {**records[0], "t": 290.15}
    broken = [{**records[1], "t": 999.0}, {"nom": "nobody"}, {**records[2], "date": "1989-01-01T00:00:00Z"}]
    receipt = api.ingest("/ingest-fast", as_json([*records, records[3], changed, *broken]))
    assert receipt["first_look"]["refused"] == {"impossible_value": 1, "no_station_number": 1}
    outcome = {month.pop("month"): month for month in receipt["outcome"]}
    november = {
        key: outcome["2023-11"][key] for key in ("read", "kept", "unchanged", "replaced", "outdated", "refused")
    }
    assert november == {
        "read": 35, "kept": 32, "unchanged": 1, "replaced": 1, "outdated": 0, "refused": {"impossible_value": 1},
    }  # fmt: skip
    assert outcome["unplaced"]["refused"] == {"no_station_number": 1, "outside_partitions": 1}
    quarantine = api.get("/quarantine").json()["data"]
    assert sorted(row["reason"] for row in quarantine) == [
        "impossible_value",
        "no_station_number",
        "outside_partitions",
    ]


def test_an_unreadable_file_is_refused_and_kept_in_quarantine(api: Api) -> None:
    answer = api.post_file("/ingest-fast", b'{"hello": "world"}')
    assert answer.status_code == 422
    assert "no_station_number" in answer.json()["detail"] or "unreadable_date" in answer.json()["detail"]
    assert len(api.get("/quarantine?month=unplaced").json()["data"]) == 1


def test_a_file_of_other_times_is_refused_with_the_months_that_are_kept(api: Api) -> None:
    answer = api.post_file("/ingest-fast", as_json(observations("1995-12")))
    assert answer.status_code == 422
    assert "32 outside_partitions" in answer.json()["detail"]
    assert f"from 1996-01 to {Month.current()}." in answer.json()["cure"]
    assert len(api.get("/quarantine?reason=outside_partitions").json()["data"]) == READABLE


def test_a_file_of_impossible_values_is_refused_and_quarantined(api: Api) -> None:
    records = [{**record, "t": 999.0} for record in observations(days=1)]
    assert api.post_file("/ingest-fast", as_json(records)).status_code == 422
    assert len(api.get("/quarantine?month=2023-11&reason=impossible_value").json()["data"]) == 16


def test_a_replay_places_records_that_have_a_partition_by_now(api: Api, tmp_path: Path) -> None:
    with served(settings_at(tmp_path, WEATHER_FIRST_MONTH="2023-12")) as short:
        records = observations("2023-11", days=1) + observations("2023-12", days=1)
        receipt = short.ingest("/ingest-fast", as_json(records))
        assert [month["month"] for month in receipt["outcome"]] == ["2023-12", "unplaced"]
    replayed = api.client.post("/quarantine/replay", json={}).json()
    assert [(month["month"], month["kept"]) for month in replayed["outcome"]] == [("2023-11", 16)]
    assert api.get("/quarantine").json()["data"] == []
    assert len(api.documents()) == 4


def test_a_replay_stages_a_month_again(api: Api) -> None:
    api.ingest("/ingest-fast", BODY)
    documents = api.documents()
    replayed = api.client.post("/quarantine/replay", json={"months": ["2023-11"]}).json()
    assert (replayed["outcome"][0]["kept"], replayed["outcome"][0]["documents_unchanged"]) == (READABLE, 4)
    assert api.documents() == documents


def test_a_replay_does_a_month_once_however_often_it_is_named(api: Api) -> None:
    api.ingest("/ingest-fast", BODY)
    replayed = api.client.post("/quarantine/replay", json={"months": ["2023-11", "2023-11"]}).json()
    assert [(month["month"], month["kept"]) for month in replayed["outcome"]] == [("2023-11", READABLE)]
    assert len(replayed["raw_objects"]) == 1


def test_a_replay_read_at_once_does_not_count_as_abandoned(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.ingest("/ingest-fast", BODY)
    receipts, seen = api.services.layers.receipts, []

    def save_and_look(receipt: Receipt) -> None:
        ReceiptStore.save(receipts, receipt)
        seen.append(api.get(f"/ingestions/{receipt.id}").json()["state"])

    monkeypatch.setattr(receipts, "save", save_and_look)
    replayed = api.client.post("/quarantine/replay", json={"months": ["2023-11"]}).json()
    assert (seen, replayed["state"]) == (["running"], "done")
    assert api.get(f"/ingestions/{replayed['id']}").json()["state"] == "done"


def test_a_run_without_dagster_is_503_and_the_files_are_kept(api: Api) -> None:
    answer = api.post_file("/ingest", BODY)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    receipt = api.get(answer.headers["location"]).json()
    assert (receipt["id"], receipt["state"]) == (answer.json()["ingestion"], "failed")
    assert len(api.services.layers.raw.objects("2023-11")) == 1
    assert api.ingest("/ingest-fast", BODY)["state"] == "done"


@pytest.mark.parametrize(
    ("path", "options", "status"),
    [
        ("/ingest-fast", {"files": {"file": ("a.json", b"")}}, 422),
        ("/ingest-fast", {"files": {"file": ("a.json", b"[]")}}, 422),
        ("/ingest-fast", {"files": {"other": ("a.json", BODY)}}, 422),
        ("/ingest-fast", {"files": {"file": ("a.xlsx", WORKBOOK)}}, 422),
        ("/ingest-fast", {"files": {"file": ("a.zip", b"PK\x03\x04 broken")}}, 422),
        ("/ingest-fast", {"files": {"file": ("a.gz", gzip.compress(BODY)[:50])}}, 422),
        ("/ingest-fast", {"content": b"", "headers": {"content-type": "application/json"}}, 422),
        ("/ingest-fast", {"content": BODY, "headers": {"content-type": "image/png"}}, 415),
        ("/ingest-fast", {"content": b"--x\r\n", "headers": {"content-type": "multipart/form-data"}}, 422),
        ("/ingest-fast", {"content": b"--x\r\nA", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400),
        ("/ingest-fast", {"content": b"--x\r\n", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400),
        ("/ingest?wait=9999", {"content": BODY}, 422),
        ("/ingest?weit=3", {"content": BODY}, 422),
    ],
)
def test_what_cannot_be_used_is_said_with_a_cause_and_a_cure(
    api: Api, path: str, options: dict[str, Any], status: int
) -> None:
    answer = api.client.post(path, **options)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert problem["detail"]
    assert problem["cure"]
    assert problem["instance"] == answer.headers["x-request-id"]
    assert api.services.layers.raw.partitions() == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("big.json", b"[" + b" " * 1_100_000 + b"]"),
        ("bomb.json.gz", gzip.compress(b"[" + b" " * 3_000_000 + b"]")),
        ("bomb.zip", zipped(**{"a.json": b"[" + b" " * 3_000_000 + b"]"})),
        ("many.zip", zipped(**{f"{n}.json": b"[]" for n in range(4)})),
    ],
)
def test_too_much_is_413(tmp_path: Path, name: str, body: bytes) -> None:
    limits = {"WEATHER_API_UPLOAD_MB": "1", "WEATHER_API_UNPACKED_MB": "2", "WEATHER_API_MEMBERS": "3"}
    with served(settings_at(tmp_path, **limits)) as api:
        for options in ({"files": {"file": (name, body)}}, {"content": iter([body])}):
            answer = api.client.post(
                "/ingest-fast", **options, headers={} if "files" in options else {"content-type": "application/json"}
            )
            assert answer.status_code == 413, answer.text
        assert api.services.layers.raw.partitions() == []


@pytest.mark.parametrize("sent", [0.1, 0.9])
def test_a_body_cut_short_leaves_nothing_behind(api: Api, sent: float) -> None:
    address = ("127.0.0.1", int(api.base_url.rpartition(":")[2]))
    with socket.create_connection(address) as connection:
        connection.sendall(HEAD + BODY[: int(len(BODY) * sent)])
    assert api.get("/livez").status_code == 200
    assert api.services.layers.raw.partitions() == []
    assert api.ingest("/ingest-fast", BODY)["state"] == "done"


def test_a_client_that_disconnects_after_the_body_still_gets_its_month(api: Api) -> None:
    address = ("127.0.0.1", int(api.base_url.rpartition(":")[2]))
    with socket.create_connection(address) as connection:
        connection.sendall(HEAD + BODY)
        wait_for(api.services.layers.raw.partitions, "the file to be kept")
    wait_for(lambda: len(api.documents()) == 4, "the documents")


def test_news_wait_in_the_database_while_dagster_is_down(api: Api) -> None:
    receipt = api.ingest("/ingest-fast", BODY)
    assert receipt["catalogue"] == "pending"
    waiting = [(update.asset, update.month) for update in api.services.layers.receipts.undelivered()]
    assert waiting == [(asset, "2023-11") for asset in sorted(names.ASSETS)]


def test_no_caller_waits_for_an_unresponsive_dagster(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with served(settings_at(tmp_path, WEATHER_DAGSTER_URL=address)) as api:
            took = [
                api.post_file("/ingest-fast", as_json(observations(month, days=1))).elapsed.total_seconds()
                for month in ("2023-09", "2023-10", "2023-11")
            ]
    assert max(took) < 3  # a report to Dagster has 30 s


def test_the_catalogue_is_told_how_many_records_each_month_received(api: Api) -> None:
    api.ingest("/ingest-fast", as_json(observations("2023-10", days=1) + observations("2023-11")))
    told = {
        update.month: update.metadata["dagster/partition_row_count"]
        for update in api.services.layers.receipts.undelivered()
        if update.asset == "raw_observations"
    }
    assert told == {"2023-10": 16, "2023-11": READABLE}


def test_a_raw_object_is_kept_once_and_tells_its_last_posting(api: Api) -> None:
    before = datetime.now(UTC)
    api.ingest("/ingest-fast", BODY)
    (kept,) = api.services.layers.raw.objects("2023-11")
    api.ingest("/ingest-fast", gzip.compress(BODY), "again.json.gz")
    (again,) = api.services.layers.raw.objects("2023-11")
    assert (again.key, again.provenance.name) == (kept.key, "again.json")
    assert before <= kept.received <= again.received


@pytest.mark.parametrize(("age_s", "pause_s"), [(0, 0.1), (10, 0.5), (3_600, 1.0)])
def test_dagster_is_asked_less_often_about_an_older_ingestion(age_s: float, pause_s: float) -> None:
    received = datetime.now(UTC) - timedelta(seconds=age_s)
    receipt = Receipt(id="1", content="a hash", mode="run", state="running", received=received)
    assert _pause_s(receipt) == pytest.approx(pause_s, abs=0.05)
