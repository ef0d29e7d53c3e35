"""What others read the API with: a client generated from its document, polars, and the parts of files it asks for."""

import datetime as dt
import importlib
import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2 as httpx
import polars as pl
import pytest

from api import ranged
from weather_platform.settings import hashed_key
from weather_platform_tests.api.serving import Api, as_json, observations, served, settings_at
from weather_platform_tests.full_disk import filled, small_disk
from weather_platform_tests.runtime.serving import wait_for


@pytest.fixture
def client(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package `weather_client`, generated as its generator comes, and how it reaches the API."""
    document, options = tmp_path / "openapi.json", tmp_path / "options.yaml"
    document.write_text(json.dumps(api.get("/openapi.json").json()))
    options.write_text("post_hooks: []\n")  # they would format the code
    generator = Path(sys.executable).with_name("openapi-python-client")
    command = [str(generator), "generate", "--path", str(document), "--config", str(options), "--meta", "none"]
    subprocess.run(
        [*command, "--output-path", str(tmp_path / "weather_client")], check=True, capture_output=True, timeout=120
    )
    monkeypatch.syspath_prepend(tmp_path)
    return importlib.import_module("weather_client").Client(base_url=api.base_url)


def called(name: str) -> Any:
    return importlib.import_module(f"weather_client.api.{name}").sync


def test_a_generated_client_posts_and_reads_typed_rows(client: Any) -> None:
    models, types = importlib.import_module("weather_client.models"), importlib.import_module("weather_client.types")
    with client:
        file = types.File(payload=as_json(observations()), file_name="november.json")
        body = models.IngestFastFilesBody(file=[file])
        receipt = called("ingestion.ingest_fast")(client=client, body=body)
        assert (receipt.state, [month.kept for month in receipt.outcome]) == ("done", [32])

        first = dt.date(2023, 11, 1)
        page = called("curated.get_city_days")("nice", client=client, from_=first, to=first)
        day = page.data[0]
        assert (page.count, page.next_, day.city, day.period) == (1, None, "NICE", "2023-11-01")
        assert (day.metrics.temperature.avg, day.metrics.rainfall.total) == (13.75, 25.0)
        assert [event.type_ for event in day.extreme_events] == ["heavy_rain", "violent_gust"]

        columns = [models.GetCityObservationsColumnsType0Item(name) for name in ("date", "t")]
        rows = called("staging.get_city_observations")("nice", client=client, columns=columns, limit=2)
        assert [(row.date, row.t) for row in rows.data] == [
            (dt.datetime(2023, 11, 1, 0, tzinfo=dt.UTC), 285.15),
            (dt.datetime(2023, 11, 1, 3, tzinfo=dt.UTC), 285.65),
        ]
        changes = called("changes.list_changes")(client=client)
        assert [(row.month, row.slug) for row in changes.data] == [("2023-11", "orly"), ("2023-11", "nice")]
        unknown = called("curated.get_city_days")("nowhere", client=client)
        assert (unknown.status, unknown.title) == (404, "Not Found")


@pytest.mark.parametrize("path", ["/curated", "/observations", "/events", "/changes"])
def test_polars_reads_parquet_by_its_address(reading: Api, path: str) -> None:
    frame = pl.read_parquet(f"{reading.base_url}{path}?format=parquet")
    rows = [json.loads(line) for line in reading.get(f"{path}?format=ndjson").text.splitlines()]
    assert len(frame) == len(rows) > 0
    assert frame["station_id" if path != "/observations" else "numer_sta"].to_list() == [
        row["station_id" if path != "/observations" else "numer_sta"] for row in rows
    ]


def test_polars_scans_two_downloads_as_one_frame(reading: Api) -> None:
    """A period without rows, and one of few columns with values, have the same types."""
    months = [
        pl.read_parquet(f"{reading.base_url}/curated?format=parquet&from={month}-01&to={month}-28")
        for month in ("2023-10", "2023-11", "2023-12")
    ]
    assert [len(month) for month in months] == [0, 4, 2]
    assert len(pl.concat(months)) == 6


PARQUET = "/curated?format=parquet"


def part(api: Api, asked: str, path: str = PARQUET, **headers: str) -> httpx.Response:
    return api.get(path, headers={"range": asked, **headers})


def test_the_parts_of_a_parquet_file_are_those_of_the_whole(reading: Api) -> None:
    whole = reading.get(PARQUET).content
    size = len(whole)
    for asked, first, last in (("-100", size - 100, size - 1), ("4-99", 4, 99), (f"{size - 8}-", size - 8, size - 1)):
        answer = part(reading, f"bytes={asked}")
        assert (answer.status_code, answer.content) == (206, whole[first : last + 1])
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert "content-encoding" not in answer.headers
    head = reading.client.head(PARQUET)
    assert (head.headers["content-length"], head.headers["accept-ranges"]) == (str(size), "bytes")
    outside = part(reading, f"bytes={size}-")
    assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{size}")
    several = part(reading, "bytes=0-1,4-5")
    assert (several.status_code, several.content) == (200, whole)


def test_a_reader_goes_on_in_the_file_whose_end_it_read(api: Api) -> None:
    api.ingest("/ingest-fast", as_json(observations()))
    before = api.get(PARQUET).content
    end = part(api, "bytes=-200").content
    api.ingest("/ingest-fast", as_json(observations("2023-12", t_k=290.15)))
    begin = part(api, f"bytes=0-{len(before) - 201}").content
    assert begin + end == before
    after = api.get(PARQUET).content
    assert part(api, "bytes=-200").content == after[-200:]
    assert part(api, "bytes=4-300").content == after[4:301]


def test_a_disk_too_full_for_reading_in_parts_is_507(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api.ingest("/ingest-fast", as_json(observations()))
    with small_disk(tmp_path / "disk", 1) as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        with filled(disk, 0):
            for answer in (part(api, "bytes=-9"), part(api, "bytes=0-9")):
                assert (answer.status_code, answer.json()["detail"]) == (507, "A disk of the platform is full.")
            assert api.client.head(PARQUET).status_code == 507
            assert api.get(PARQUET).status_code == 200
        assert part(api, "bytes=-9").status_code == 206
        with filled(disk, 0):  # the file that was kept makes room
            assert part(api, "bytes=-9", f"{PARQUET}&city=nice").status_code == 206


def test_a_kept_file_goes_when_its_readers_are_gone(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranged, "_GOES_ON_S", 3)
    api.ingest("/ingest-fast", as_json(observations()))
    before = kept_files()
    assert part(api, "bytes=-9").status_code == 206
    made = kept_files() - before
    assert len(made) == 1
    wait_for(lambda: not made & kept_files(), "the file to go")


def kept_files() -> set[str]:
    """They are open, and have no name any more."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            found.add(str(link.readlink()))
    return {target for target in found if "/weather-" in target}


def test_only_parquet_is_read_in_parts_and_errors_stay_what_they_are(reading: Api) -> None:
    for path in ("/curated?format=csv", "/stations"):
        assert part(reading, "bytes=0-9", path).status_code == 200, path
    assert part(reading, "bytes=-9", "/curated?format=parquet&city=nowhere").status_code == 404
    by_accept = part(reading, "bytes=-9", "/curated", accept="application/vnd.apache.parquet")
    assert (by_accept.status_code, by_accept.content) == (206, reading.get(PARQUET).content[-9:])


def test_parts_need_the_key_and_count_against_the_rate(tmp_path: Path) -> None:
    keys = {"WEATHER_API_KEYS": f"me:{hashed_key('mine')}", "WEATHER_API_READING": "key"}
    key = {"x-api-key": "mine"}
    with served(settings_at(tmp_path, **keys, WEATHER_API_READS_PER_MINUTE="3")) as api:
        api.ingest("/ingest-fast", as_json(observations()), headers=key)
        assert [part(api, asked, **key).status_code for asked in ("bytes=-9", "bytes=0-9")] == [206, 206]
        assert part(api, "bytes=0-9").status_code == 401
        assert [part(api, "bytes=0-9", **key).status_code for _ in range(2)] == [206, 429]
