"""Climatology over HTTP: ten Decembers of two stations, one of them with a month that lacks days."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from weather_platform.domain.climate.normals import StationNormals, read_sheet
from weather_platform.domain.months import Month
from weather_platform.storage.by_station import NORMALS
from weather_platform_tests.api.serving import Api, served, settings_at
from weather_platform_tests.api.test_reading import pages
from weather_platform_tests.domain.climate.test_normals import SHEET
from weather_platform_tests.storage.sheets import sheet

NORMALS_OF_NICE = StationNormals(
    station_id="07690",
    distance_km=0.1,
    raw_object="normals/06088001-3f2a9c0d1b4e5f67.data",
    address="https://example.org/FICHECLIM_06088001.data",
    received=datetime(2026, 11, 1, tzinfo=UTC),
    sheet=read_sheet(SHEET.encode()),
)
RAIN = {2014 + n: mm for n, mm in enumerate((40.0, 90.0, 70.0, 70.0, 55.0, 30.0, 20.0, 10.0, 5.0, 80.0))}


@pytest.fixture(scope="module")
def climate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with served(settings_at(Path(tmp_path_factory.mktemp("climate")))) as api:
        monthly = api.services.layers.monthly
        for year, mm in RAIN.items():
            month = f"{year}-12"
            last = year == max(RAIN)
            nice = sheet("07690", month, rr={"total": mm, "status": "complete", "n": 31})
            orly = sheet("07149", month, rr={"total": 1.0, "status": "incomplete" if last else "complete"})
            monthly.replace(Month.parse(month), [nice, orly])
        yield api


def test_months_are_sheets_and_columns_of_them(climate: Api) -> None:
    (whole,) = climate.data("/climate/months?city=nice&from=2016-12&to=2016-12")
    assert (whole["_id"], whole["rr"]["total"], whole["rr"]["status"]) == ("07690:2016-12", 70.0, "complete")
    assert climate.data("/climate/months?from=2023-12&columns=month&columns=rr_total_mm&columns=city") == [
        {"city": "ORLY", "month": "2023-12", "rr_total_mm": 1.0},
        {"city": "NICE", "month": "2023-12", "rr_total_mm": 80.0},
    ]


def test_a_month_is_compared_with_the_other_years(climate: Api) -> None:
    (found,) = climate.data("/climate/comparisons?city=nice&year=2016&period=12&figure=rr.total")
    assert found == {
        "city": "NICE",
        "station_id": "07690",
        "period": "12",
        "figure": "rr.total",
        "unit": "mm",
        "year": 2016,
        "value": 70.0,
        "status": "complete",
        "anomaly": 23.0,
        "ratio_percent": 148.9,
        "at_least": False,
        "rank_highest": 3,
        "rank_lowest": 7,
        "rank_of": 10,
        "tied_years": "2017",
        "reference_kind": "average",
        "reference_mean": 47.0,
        "reference_years": 10,
        "says": "",
    }


def test_nine_years_are_too_few_and_the_answer_says_so(climate: Api) -> None:
    (found,) = climate.data("/climate/comparisons?city=orly&year=2016&period=12&figure=rr.total")
    told = [found[name] for name in ("reference_kind", "reference_mean", "anomaly", "rank_highest", "says")]
    assert told == ["none", None, None, None, "too few years for a comparison (9 of 10)"]
    assert climate.data("/climate/reference?city=orly&period=12&figure=rr.total") == []


def test_a_total_that_lacks_days_is_said_to_be_a_lower_bound(climate: Api) -> None:
    (found,) = climate.data("/climate/comparisons?city=orly&year=2023&period=12&figure=rr.total")
    assert [found[name] for name in ("value", "status", "at_least", "anomaly")] == [1.0, "incomplete", True, None]


def test_a_season_that_lacks_months_has_no_anomaly(climate: Api) -> None:
    (found,) = climate.data("/climate/seasons?city=nice&year=2017&period=DJF&figure=rr.total")
    assert (found["status"], found["value"], found["anomaly"]) == ("incomplete", 70.0, None)
    (year,) = climate.data("/climate/years?city=nice&year=2016&figure=rr.total")
    assert (year["period"], year["status"]) == ("year", "incomplete")


def test_the_reference_and_the_records_name_their_years(climate: Api) -> None:
    (usual,) = climate.data("/climate/reference?city=nice&period=12&figure=rr.total")
    assert [usual[name] for name in ("kind", "n", "mean", "highest", "highest_years")] == [
        "average",
        10,
        47,
        90,
        "2015",
    ]
    wettest, driest = sorted(
        climate.data("/climate/records?city=nice&period=12&figure=rr.total"), key=lambda r: -r["value"]
    )
    assert [wettest[name] for name in ("which", "value", "days")] == ["highest", 90.0, "2015-12-01"]
    assert [driest[name] for name in ("which", "value", "last_month")] == ["lowest", 5.0, "2023-12"]


def test_an_incomplete_station_is_not_the_driest(climate: Api) -> None:
    asked = "/climate/ranking?figure=rr.total&year=2023&period=12&lowest_first=true"
    assert [(row["rank"], row["city"]) for row in climate.data(asked)] == [(1, "NICE")]
    everyone = climate.data(f"{asked}&incomplete=true")
    assert [(row["rank"], row["city"], row["status"]) for row in everyone] == [
        (1, "NICE", "complete"),
        (None, "ORLY", "incomplete"),
    ]
    assert climate.data(f"{asked}&region=bretagne") == []


@pytest.mark.parametrize(
    "path", ["/climate/months?limit=7", "/climate/comparisons?limit=40&year=2016", "/climate/records?limit=9"]
)
def test_pages_of_climate_hold_every_row_once(climate: Api, path: str) -> None:
    turned = pages(climate, path)
    assert len(turned) > 1
    whole = climate.data(
        path.replace("limit=", "limit=10000&x=").partition("&x")[0] + path.partition("limit=")[2].lstrip("0123456789"),
    )
    assert [row for page in turned for row in page] == whole


def test_every_format_holds_the_months(climate: Api) -> None:
    for form in ("csv", "ndjson", "parquet"):
        assert climate.get(f"/climate/months?format={form}").status_code == 200
    lines = climate.get("/climate/months?format=csv").text.splitlines()
    assert (len(lines), lines[0].startswith("city,station_id,month,")) == (21, True)


def test_a_figure_or_period_that_is_none_is_refused_with_those_there_are(climate: Api) -> None:
    for path in ("/climate/ranking?year=2023&figure=rain", "/climate/reference?period=winter"):
        answer = climate.get(path)
        assert answer.status_code == 422
        assert "not one of those allowed" in answer.text


def test_official_normals_stand_beside_with_their_years_and_place(climate: Api) -> None:
    assert climate.data("/climate/normals?city=nice") == []
    known = climate.get("/climate/normals?city=nice").headers["etag"]
    climate.services.layers.by_station.replace(NORMALS, [NORMALS_OF_NICE])
    assert climate.get("/climate/normals?city=nice", headers={"if-none-match": known}).status_code == 200
    assert len(climate.data("/climate/normals")) == len(NORMALS_OF_NICE.sheet.rows)
    (rain,) = climate.data("/climate/normals?city=nice&figure=rr.total")
    assert (rain["city"], rain["month_01"], rain["month_03"], rain["year"]) == ("NICE", 70.1, None, 717.0)
    assert (rain["first_year"], rain["last_year"], rain["place"], rain["distance_km"]) == (1996, 2020, "AILLEURS", 0.1)
