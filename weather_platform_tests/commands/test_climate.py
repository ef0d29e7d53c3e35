"""`weather climate` and `weather export --table months`."""

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from weather_platform.cli import app
from weather_platform.domain.errors import NotFound
from weather_platform.domain.months import Month
from weather_platform.settings import Settings
from weather_platform.storage.opening import Stores
from weather_platform_tests.storage.sheets import sheet

RAIN = {2014 + n: mm for n, mm in enumerate((40.0, 90.0, 70.0, 70.0, 55.0, 30.0, 20.0, 10.0, 5.0, 50.7))}


@pytest.fixture
def decembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten Decembers of NICE, the last without one day of rain; one of ORLY."""
    monkeypatch.setenv("WEATHER_HOME", str(tmp_path))
    stores = Stores(Settings.from_environment())
    _ = stores.staging, stores.raw
    for year, mm in RAIN.items():
        month, nearly = f"{year}-12", year == max(RAIN)
        rain = {"total": mm, "status": "nearly" if nearly else "complete", "missing": int(nearly)}
        sheets = [sheet("07690", month, rr=rain), *([sheet("07149", month)] if nearly else [])]
        stores.monthly.replace(Month.parse(month), sheets)
    stores.close()


def printed(*words: str) -> str:
    done = CliRunner().invoke(app, ["climate", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def line(text: str, begins: str) -> str:
    return next(" ".join(each.split()) for each in text.splitlines() if each.startswith(begins))


@pytest.mark.usefixtures("decembers")
def test_a_sheet_says_what_is_usual_and_where_the_month_stands() -> None:
    assert line(printed("nice", "2016-12"), "rain, total") == (
        "rain, total 70.0 mm complete too few years for a comparison (9 of 10)"
    )


@pytest.mark.usefixtures("decembers")
def test_a_month_that_lacks_a_day_of_rain_is_a_lower_bound() -> None:
    text = printed("nice")  # the last month
    assert text.startswith("NICE (07690), 2023-12\n")
    assert line(text, "rain, total").startswith("rain, total ≥ 50.7 mm nearly, 1 day missing")


@pytest.mark.usefixtures("decembers")
def test_ten_complete_years_give_an_average_a_difference_and_a_rank() -> None:
    stores = Stores(Settings.from_environment())
    stores.monthly.replace(Month(2023, 12), [sheet("07690", rr={"total": 80.0, "status": "complete"})])
    assert line(printed("nice", "2016-12"), "rain, total") == (
        "rain, total 70.0 mm complete 47.0 (average 2014–2023, 10 years) +23.0, 149 % "
        "3. highest of 10, tied with 2017 (loaded 2014–2023)"
    )
    found = json.loads(printed("nice", "2016-12", "--json"))
    assert (found["sheet"]["rr"]["total"], len(found["comparisons"])) == (70.0, 37)


@pytest.mark.usefixtures("decembers")
def test_a_year_and_a_station_without_a_month_are_answered_too() -> None:
    assert line(printed("nice", "2016"), "rain, total").startswith("rain, total ≥ 70.0 mm incomplete")
    with pytest.raises(NotFound, match="Nothing of NICE is loaded for 1999-12"):
        printed("nice", "1999-12")


@pytest.mark.usefixtures("decembers")
def test_months_are_exported_in_their_columns() -> None:
    done = CliRunner().invoke(app, ["export", "--table", "months", "--city", "nice", "--from", "2022-01-01"])
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["city"], row["month"], row["rr_total_mm"], row["rr_status"]) for row in rows] == [
        ("NICE", "2022-12", "5.0", "complete"),
        ("NICE", "2023-12", "50.7", "nearly"),
    ]
