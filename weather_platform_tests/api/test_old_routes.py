"""The calls that clients of the replaced system make: same paths, same meaning."""

import io
import zipfile

import pytest

from weather_platform_tests.api.serving import Api, as_json, observations


def test_the_root_leads_on(reading: Api) -> None:
    answer = reading.get("/")
    assert answer.status_code == 200
    assert answer.json()["links"]["curated_cities"].endswith("/curated/cities")


def test_health_tells_of_each_store_by_its_old_name(reading: Api) -> None:
    health = reading.get("/health").json()
    assert {store: health[store] for store in ("s3", "mysql", "mongodb")} == {
        "s3": "ok",
        "mysql": "ok",
        "mongodb": "ok",
    }


def test_raw_files_are_listed_and_read(reading: Api) -> None:
    listed = reading.get("/raw/files").json()
    assert listed["count"] == len(listed["files"]) == 3
    for name in listed["files"]:
        assert reading.get(f"/raw/files/{name}").content.startswith(b"[{")


def test_a_raw_file_that_is_not_there_is_404(reading: Api) -> None:
    assert reading.get("/raw/files/nothing.json").status_code == 404


def test_staging_has_the_cities_with_their_rows(reading: Api) -> None:
    assert [city["city"] for city in reading.get("/staging/cities").json()["cities"]] == ["NICE", "ORLY"]
    assert reading.get("/staging/cities/NICE").json()["count"] == 24


@pytest.mark.parametrize("city", ["NICE", "nice", "Nice", "nIcE", "07690", "7690", "Niçé"])
def test_a_city_is_found_in_any_case(reading: Api, city: str) -> None:
    answer = reading.get(f"/curated/cities/{city}").json()
    assert (answer["city"], answer["count"]) == ("NICE", 3)
    assert answer["data"][0]["metrics"]["temperature"]["avg"] == 13.75


@pytest.mark.parametrize("layer", ["staging", "curated"])
def test_an_unknown_city_is_404_and_the_nearest_are_named(reading: Api, layer: str) -> None:
    answer = reading.get(f"/{layer}/cities/niece")
    assert answer.status_code == 404
    assert "Nice" in answer.json()["cure"]


@pytest.mark.parametrize("name", ["november.txt", "november", "november.xlsx", "november.csv"])
def test_the_content_of_a_file_decides_and_not_its_name(api: Api, name: str) -> None:
    assert api.post_file("/ingest-fast", as_json(observations()), name).status_code == 200
    assert api.post_file("/ingest-fast", b"no weather here", name).status_code == 422


def test_json_and_a_zip_of_json_are_ingested(api: Api) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("2023/october.json", as_json(observations("2023-10")))
    assert api.post_file("/ingest-fast", as_json(observations()), "november.json").status_code == 200
    assert api.post_file("/ingest-fast", packed.getvalue(), "october.zip").status_code == 200
    assert len(api.documents()) == 8
