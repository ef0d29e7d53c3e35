"""Reading the layers: periods, columns, cities, pages, formats, units, freshness."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pyarrow.parquet as pq
import pytest

from weather_platform.domain.tabular import DOCUMENT_COLUMNS, documents
from weather_platform_tests.api.serving import Api, as_json, observations, served, settings_at


def pages(api: Api, path: str) -> list[list[dict[str, Any]]]:
    """All pages, by following `next`; the Link header says the same."""
    found, following = [], path
    while following:
        answer = api.get(following)
        body = answer.json()
        found.append(body["data"])
        following = body["next"]
        assert answer.links.get("next", {}).get("url") == following
    return found


@pytest.mark.parametrize(
    ("path", "sizes"),
    [
        ("/curated?limit=4", [4, 2]),
        ("/curated?limit=6", [6]),
        ("/curated?newest_first=true&limit=5", [5, 1]),
        ("/curated/cities/nice?limit=1", [1, 1, 1]),
        ("/staging?city=nice&city=orly&limit=20", [20, 20, 8]),
        ("/staging/cities/orly?limit=24", [24]),
        ("/events?limit=2", [2, 2, 2]),
    ],
)
def test_pages_hold_every_row_once_and_in_order(reading: Api, path: str, sizes: list[int]) -> None:
    turned = pages(reading, path)
    assert [len(page) for page in turned] == sizes
    whole = reading.get(path.replace("limit=", "limit=1000&unused=").partition("&unused")[0]).json()["data"]
    assert [row for page in turned for row in page] == whole


def test_quarantine_and_raw_files_turn_pages_too(reading: Api) -> None:
    records = pages(reading, "/quarantine?limit=1")
    assert [[row["reason"] for row in page] for page in records] == [["impossible_value"], ["unreadable_date"]]
    first = reading.get("/raw/files?limit=2").json()
    rest = reading.get(first["next"]).json()
    assert first["files"] + rest["files"] == reading.get("/raw/files").json()["files"]


def test_a_period_is_days_both_included(reading: Api) -> None:
    documents = reading.get("/curated/cities/nice?from=2023-11-02&to=2023-12-01").json()["data"]
    assert [doc["period"] for doc in documents] == ["2023-11-02", "2023-12-01"]
    rows = reading.get("/staging/cities/nice?from=2023-11-02&to=2023-11-02&columns=date").json()["data"]
    assert [row["date"] for row in rows][:: len(rows) - 1] == ["2023-11-02T00:00:00Z", "2023-11-02T21:00:00Z"]


def test_columns_choose_by_group_path_or_column_of_a_table(reading: Api) -> None:
    query = "from=2023-11-01&to=2023-11-01&columns=metrics.wind_speed&columns=rain_total_mm&columns=period"
    (document,) = reading.get(f"/curated/cities/nice?{query}").json()["data"]
    assert document.keys() == {"_id", "period", "metrics"}
    assert document["metrics"] == {
        "wind_speed": {"avg": 4.88, "max": 6.0, "gust": 29.5, "direction": 270.0, "n": 8},
        "rainfall": {"total": 25.0},
    }


@pytest.mark.parametrize("accept", [True, False])
@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet"])
def test_every_format_holds_the_same_rows(reading: Api, form: str, accept: bool) -> None:
    types = {"ndjson": "application/x-ndjson", "csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
    asked = {"headers": {"accept": types[form]}} if accept else {"params": {"format": form}}
    answer = reading.get("/curated", **asked)
    assert answer.headers["content-type"].partition(";")[0] == types[form]
    stored = list(reading.services.layers.curated.find())
    if form == "ndjson":
        assert [json.loads(line) for line in answer.text.splitlines()] == [msgspec.to_builtins(doc) for doc in stored]
        return
    columns = [column.name for column in DOCUMENT_COLUMNS]
    expected = [dict(zip(columns, documents().cells(doc), strict=True)) for doc in stored]
    if form == "parquet":
        assert pq.read_table(io.BytesIO(answer.content)).to_pylist() == expected
    else:
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert list(rows[0]) == columns
        assert [float(row["temperature_avg_c"]) for row in rows] == [row["temperature_avg_c"] for row in expected]
        assert [row["rain_trace"] for row in rows] == [str(row["rain_trace"]).lower() for row in expected]


def test_units_are_told_and_converted(reading: Api) -> None:
    path = "/curated/cities/nice?from=2023-11-01&to=2023-11-01"
    metric, imperial = reading.get(path).json(), reading.get(f"{path}&units=imperial").json()
    assert imperial["units"] == {
        "temperature": "°F",
        "pressure": "inHg",
        "wind_speed": "mph",
        "rainfall": "in",
        "humidity": "%",
        "snow_depth": "in",
    }
    assert metric["data"][0]["metrics"]["temperature"]["avg"] == 13.75
    assert imperial["data"][0]["metrics"]["temperature"]["avg"] == 56.75
    assert imperial["data"][0]["metrics"]["rainfall"]["total"] == 0.984
    header = reading.get(f"{path}&units=imperial&format=csv").text.splitlines()[0]
    assert "temperature_avg_f" in header
    assert "_c," not in header


def test_events_are_those_over_a_threshold(reading: Api) -> None:
    heavy = reading.get("/events?type=heavy_rain&city=nice").json()["data"]
    assert [(event["period"], event["value"], event["unit"]) for event in heavy] == [
        ("2023-11-01", 25.0, "mm")  # of 1 December the rain of 00 to 06 UTC is not known
    ]
    assert reading.get("/events?type=heavy_rain&at_least=25.1").json()["data"] == []


@pytest.mark.parametrize(
    ("units", "at_least", "days"),
    [("metric", 25, 1), ("metric", 25.01, 0), ("imperial", 0.984, 1), ("imperial", 0.985, 0), ("imperial", 25, 0)],
)
def test_a_bound_of_events_is_in_the_units_asked_for(reading: Api, units: str, at_least: float, days: int) -> None:
    query = f"type=heavy_rain&city=nice&units={units}&at_least={at_least}"
    assert len(reading.get(f"/events?{query}").json()["data"]) == days


@pytest.mark.parametrize(
    "path", ["/curated?limit=4", "/events?limit=5", "/staging?city=nice&limit=20", "/raw/files?limit=2"]
)
def test_after_takes_what_next_gives_and_the_cursor_in_it(reading: Api, path: str) -> None:
    following = reading.get(path).json()["next"]
    cursor = httpx.URL(following).params["after"]
    rest = reading.get(following)
    assert rest.status_code == 200
    for after in (following, cursor):
        again = reading.get(str(httpx.URL(path).copy_merge_params({"after": after})))
        assert again.json() == rest.json()


def test_cities_stand_side_by_side(reading: Api) -> None:
    compared = reading.get("/compare?city=nice,orly&metric=rain_total_mm&from=2023-11-01&to=2023-11-02").json()
    assert compared["unit"] == "mm"
    assert compared["data"] == [
        {"period": "2023-11-01", "nice": 25.0, "orly": 25.0},
        {"period": "2023-11-02", "nice": 0.0, "orly": 0.0},
    ]
    assert compared["summary"]["nice"] == {"days": 2, "mean": 12.5, "min": 0.0, "max": 25.0, "sum": 25.0}


def test_coverage_counts_what_there_is_of_what_there_should_be(reading: Api) -> None:
    rows = reading.get("/coverage?city=nice").json()["data"]
    assert [(row["month"], row["observations"], row["expected"]) for row in rows] == [
        ("2023-11", 16, 240), ("2023-12", 8, 248),
    ]  # fmt: skip


def test_stations_are_a_list_and_a_map(reading: Api) -> None:
    listed = reading.get("/stations").json()["data"]
    assert (len(listed), sum(station["has_data"] for station in listed)) == (62, 2)
    on_a_map = reading.get("/stations?with_data=true", headers={"accept": "application/geo+json"}).json()
    nice = next(feature for feature in on_a_map["features"] if feature["id"] == "07690")
    assert nice["geometry"] == {"type": "Point", "coordinates": [7.209, 43.648833]}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=paris", [("07149", "nearest", "Paris (75)", 15)]),
        ("q=st%20girons", [("07627", "name", "Saint-Girons", None)]),
        ("q=06000", [("07690", "nearest", "Nice (06)", 8)]),
        ("q=corse", [("07761", "area", "Corse", None), ("07790", "area", "Corse", None)]),
        ("q=atlantis", []),
    ],
)
def test_words_find_stations_and_say_why(reading: Api, asked: str, found: list[tuple[object, ...]]) -> None:
    rows = reading.get(f"/stations?{asked}").json()["data"]
    assert [(row["station_id"], *row["match"].values()) for row in rows] == found


@pytest.mark.parametrize(
    ("box", "stations"),
    [
        ("7,43,8,44", ["07690"]),
        ("7.209,43.648833,7.209,43.648833", ["07690"]),
        ("139,-70,-179,-60", ["89642"]),
        ("0,0,1,1", []),
    ],
)
def test_a_box_holds_the_stations_within(reading: Api, box: str, stations: list[str]) -> None:
    assert [row["station_id"] for row in reading.get(f"/stations?bbox={box}").json()["data"]] == stations


@pytest.mark.parametrize("box", ["1,2,3", "1,2,3,4,5", "a,b,c,d", "0,5,1,4", "0,0,181,1", "nan,0,1,1", ""])
def test_an_invalid_box_is_refused(reading: Api, box: str) -> None:
    assert reading.get(f"/stations?bbox={box}").status_code == 422


def test_a_figure_leads_back_to_the_bytes_it_was_made_of(reading: Api) -> None:
    traced = reading.get("/provenance/07690:2023-11-01").json()
    assert traced["document"]["metrics"]["rainfall"]["total"] == sum(row["rr3"] for row in traced["data"][1:])
    assert [row["date"] for row in traced["data"]][-1] == "2023-11-02T00:00:00Z"
    (raw,) = traced["raw_objects"]
    assert raw["provenance"]["name"] == "november.json"
    assert {source for row in traced["data"] for source in row["sources"].values()} == {raw["name"]}
    assert all((row["rr3"] is not None) == ("rr3" in row["sources"]) for row in traced["data"])
    assert json.loads(reading.get(raw["url"]).content)[0]["numer_sta"] == "07690"


@pytest.mark.parametrize(
    "path", ["/curated/cities/nice", "/staging/cities/nice", "/coverage", "/events", "/compare?city=nice"]
)
def test_an_answer_that_is_known_already_is_304(reading: Api, path: str) -> None:
    first = reading.get(path)
    again = reading.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = reading.get(
        f"{path}{'&' if '?' in path else '?'}format=csv", headers={"if-none-match": first.headers["etag"]}
    )
    assert other.status_code == 200


CLOSED = "from=2023-11-01&to=2023-11-30"


@pytest.mark.parametrize(
    "path",
    [
        f"/curated/cities/nice?{CLOSED}",
        f"/curated?{CLOSED}",
        f"/events?{CLOSED}",
        f"/compare?city=nice&{CLOSED}",
        f"/staging/cities/nice?{CLOSED}",
    ],
)
def test_a_correction_of_a_closed_month_is_seen_at_once(tmp_path: Path, path: str) -> None:
    with served(settings_at(tmp_path)) as api:
        api.ingest("/ingest-fast", as_json(observations("2023-11", stations=["07690"], days=30)))
        before = api.get(path)
        again = api.get(path, headers={"if-none-match": before.headers["etag"]})
        api.ingest("/ingest-fast", as_json(observations("2023-11", stations=["07690"], days=1, t_k=250.15)))
        after = api.get(path, headers={"if-none-match": before.headers["etag"]})
    assert (before.headers["cache-control"], again.status_code, after.status_code) == ("public, no-cache", 304, 200)


@pytest.mark.parametrize("day", ["0001-01-01", "1000-02-03", "9999-12-31"])
@pytest.mark.parametrize("path", ["/staging/cities/nice?", "/curated?", "/events?", "/compare?city=nice&"])
def test_no_day_is_too_far_away(reading: Api, path: str, day: str) -> None:
    for query in (f"from={day}", f"to={day}", f"from={day}&to={day}", f"from=0001-01-01&to={day}"):
        assert reading.get(f"{path}{query}").status_code == 200, query


@pytest.mark.parametrize("path", ["/", "/livez", "/readyz", "/health", "/curated/cities/nice", "/staging/cities/nice"])
def test_head_is_get_without_the_body(reading: Api, path: str) -> None:
    head, full = reading.client.head(path), reading.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == full.headers["content-type"]
    assert head.headers.get("etag") == full.headers.get("etag")


def test_head_of_what_only_takes_posts_is_not_allowed(reading: Api) -> None:
    assert reading.client.head("/ingest").status_code == 405


def test_an_empty_accept_accepts_all(reading: Api) -> None:
    assert reading.get("/curated", headers={"accept": ""}).headers["content-type"] == "application/json"


def test_inches_of_a_summary_have_three_decimals(reading: Api) -> None:
    path = "/compare?city=nice&metric=rain_total_mm&from=2023-11-01&to=2023-11-02&units=imperial"
    body = reading.get(path).json()
    assert [row["nice"] for row in body["data"]] == [0.984, 0.0]
    assert body["summary"]["nice"] == {"days": 2, "mean": 0.492, "min": 0.0, "max": 0.984, "sum": 0.984}


def test_long_answers_are_compressed(reading: Api) -> None:
    assert reading.get("/stations").headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/curated/cities/nice?from=yesterday", 422),
        ("/curated/cities/nice?from=2023-12-02&to=2023-12-01", 422),
        ("/curated/cities/nice?limit=0", 422),
        ("/curated/cities/nice?limit=1000000", 422),
        ("/curated/cities/nice?columns=$where", 422),
        ("/curated/cities/nice?columns=metrics.humour", 422),
        ("/curated/cities/nice?units=nautical", 422),
        ("/curated/cities/nice?format=xml", 422),
        ("/curated/cities/nice?after=nowhere", 422),
        ("/curated/cities/nice?color=blue", 422),
        ("/curated/cities/'; DROP TABLE nice; --", 404),
        ("/curated/cities/%7B%22$gt%22:%22%22%7D", 404),
        ("/curated?city[$ne]=nice", 422),
        ("/staging", 422),
        ("/staging/cities/brest", 404),
        ("/staging/cities/nice?columns=t;DROP", 422),
        ("/staging/cities/nice?after=07690:soon", 422),
        ("/events?type=plague", 422),
        ("/events?at_least=nan", 422),
        ("/events?at_least=inf", 422),
        ("/curated?after=http://there/curated", 422),
        ("/quarantine?month=2023-13", 422),
        ("/quarantine?after=1/2/x", 422),
        ("/provenance/07690:2023-11-31", 404),
        ("/provenance/nice", 404),
        ("/raw/files/../../etc/passwd", 404),
        ("/raw/files/%2e%2e%2fetc%2fpasswd", 404),
        ("/ingestions/none", 404),
        ("/nowhere", 404),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_a_cure(reading: Api, path: str, status: int) -> None:
    answer = reading.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"]
    assert answer.json()["cure"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/curated/cities/nice?colums=period", "columns"),
        ("/curated/cities/nice?columns=temp", "temperature_avg_c"),
        ("/events?type=plague", "heavy_rain"),
        ("/quarantine?reason=dull", "impossible_value"),
        ("/curated/cities/nice?units=nautical", "imperial"),
        ("/coverage?from=2024-01&to=2023-01", "to on or after 2024-01"),
    ],
)
def test_422_lists_what_would_be_allowed(reading: Api, path: str, allowed: str) -> None:
    assert allowed in reading.get(path).json()["errors"][0]["allowed"]


def test_another_method_is_405_and_another_type_406(reading: Api) -> None:
    assert reading.client.delete("/curated").status_code == 405
    assert reading.get("/curated", headers={"accept": "image/png"}).status_code == 406


@pytest.mark.parametrize(
    "path", ["/curated/cities/nice?columns=period,rain_total_mm", "/staging/cities/nice?columns=date,t"]
)
def test_columns_may_have_commas_between_as_cities_may(reading: Api, path: str) -> None:
    address, _, columns = path.partition("?columns=")
    repeated = f"{address}?" + "&".join(f"columns={column}" for column in columns.split(","))
    assert reading.get(path).json()["data"] == reading.get(repeated).json()["data"]


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [("bytes=0-9", 206, 0, 9), ("bytes=10-", 206, 10, None), ("bytes=-7", 206, -7, None),
     ("bytes=0-99999999", 206, 0, None), ("bytes=5-2", 200, 0, None), ("lines=1-2", 200, 0, None),
     ("bytes=0-1,4-5", 200, 0, None)],
)  # fmt: skip
def test_raw_files_have_lengths_and_ranges(reading: Api, asked: str, status: int, first: int, last: int | None) -> None:
    address = reading.get("/raw/files").json()["data"][0]["url"]
    whole = reading.client.get(address)
    head = reading.client.head(address)
    assert head.headers["content-length"] == whole.headers["content-length"] == str(len(whole.content))
    part = reading.client.get(address, headers={"range": asked})
    assert (part.status_code, part.content) == (status, whole.content[first : last and last + 1])
    changed = reading.client.get(address, headers={"range": asked, "if-range": '"another"'})
    assert (changed.status_code, changed.content) == (200, whole.content)


def test_a_range_outside_a_raw_file_is_416(reading: Api) -> None:
    address = reading.get("/raw/files").json()["data"][0]["url"]
    size = reading.client.head(address).headers["content-length"]
    refused = reading.client.get(address, headers={"range": "bytes=99999999-"})
    assert (refused.status_code, refused.headers["content-range"]) == (416, f"bytes */{size}")


def test_a_receipt_links_to_the_documents_of_its_months_and_cities(api: Api) -> None:
    api.ingest("/ingest-fast", as_json(observations("2023-11", stations=["07110"])))
    receipt = api.ingest("/ingest-fast", as_json(observations("2023-11")))
    assert receipt["links"]["documents"].endswith("/curated?from=2023-10-31&to=2023-11-30&city=07149,07690")
    documents = api.client.get(receipt["links"]["documents"]).json()["data"]
    assert [document["station_id"] for document in documents] == ["07149", "07690"] * 2
