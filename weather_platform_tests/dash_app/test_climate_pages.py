"""The sheet, the day, the years and the checks say what the stores hold, in a reader's words; without a browser."""

import json
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dash_app import climate_words as said
from dash_app import scales
from dash_app.app import Asked, render, written
from dash_app.figures.years import Cell, Column, Stripe, matrix, stripes
from dash_app.language import language
from dash_app.pages import day as day_page
from dash_app.reader import DayReading, Reader, open_reader
from dash_app.state import parse
from dash_app.view import View, look_of, resolve
from weather_platform.domain.climate.ranks import Rank
from weather_platform.domain.climate.reference import Anomaly, TooFewYears
from weather_platform.domain.climate.screening import Flag
from weather_platform.domain.months import Month
from weather_platform.month_report import CHECKS, StoredMonth, judge_month
from weather_platform.pipeline import open_stores
from weather_platform_tests.dash_app.conftest import load_sample, settings_in
from weather_platform_tests.dash_app.test_summaries import words
from weather_platform_tests.storage.sheets import sheet

DECEMBER = "?city=nice&from=2023-12-01&to=2023-12-31&lang=en"


def shown(reader: Reader, pathname: str, search: str) -> str:
    return written(render(reader, Asked(pathname=pathname, search=search), "en")).decode()


def view_of(reader: Reader, pathname: str, search: str) -> View:
    state = parse(pathname, search)
    assert state is not None
    return resolve(state, reader, look_of(state, accepted="en", system_scheme="light"))


def rows_of(reader: Reader, pathname: str, search: str, card: str) -> list[list[str]]:
    """The texts of the rows of the table of a card."""
    answer = json.loads(shown(reader, pathname, search))
    texts = (node.get("props", {}).get("data-markup", "") for node in _nodes(_by_id(answer["tree"], card)))
    table = ET.XML(next(text for text in texts if text.startswith("<table")))
    return [["".join(cell.itertext()) for cell in row] for row in table.iterfind("tbody/tr")]


def _by_id(tree: Any, name: str) -> dict[str, Any]:
    return next(node for node in _nodes(tree) if node.get("props", {}).get("id") == name)


def _nodes(tree: Any) -> Any:
    if isinstance(tree, dict):
        yield tree
        tree = tree.get("props", {}).get("children")
    if isinstance(tree, dict):
        yield from _nodes(tree)
    if isinstance(tree, list):
        for child in tree:
            yield from _nodes(child)


def _text(node: Any) -> str:
    if isinstance(node, list):
        return "".join(map(_text, node))
    if isinstance(node, dict):
        return _text(node["props"].get("children"))
    return "" if node is None else str(node)


def test_the_table_has_rows_for_ten_days_and_the_month_as_its_sheet(reader: Reader) -> None:
    sheet = reader.sheet("07690", Month(2023, 12))
    assert sheet is not None
    rows = {row[0]: row for row in rows_of(reader, "/table", DECEMBER, "days-table")}
    assert list(rows)[9:12] == ["10 December 2023", "days 1–10", "11 December 2023"]
    assert list(rows)[-2:] == [language("en")("table.decade_3"), "December 2023"]
    assert len(rows) == 31 + 3 + 1
    # Mean of temperature, of Tn and Tx, and rain, by the sheet's rules; of Tx, a day is missing.
    shown = [rows["December 2023"][n] for n in (1, 4, 5, 6)]
    assert shown == [f"{value:.1f}" for value in (sheet.tm.mean, sheet.tn.mean, sheet.tx.mean)] + [
        f"{'' if sheet.rr.status == 'complete' else '≥ '}{sheet.rr.total:.1f}"
    ]
    of_ten = reader.daily(["07690"], date(2023, 12, 1), date(2023, 12, 10))
    assert rows["days 1–10"][2] == f"{of_ten['temperature_min_c'].min():.1f}"
    assert rows["days 1–10"][6] == f"{of_ten['rain_rr_mm'].sum():.1f}"


def test_a_sorted_table_has_days_alone(reader: Reader) -> None:
    rows = rows_of(reader, "/table", f"{DECEMBER}&by=rain_rr_mm&order=down", "days-table")
    rain_mm = reader.daily(["07690"], date(2023, 12, 1), date(2023, 12, 31))["rain_rr_mm"].dropna()
    values = [f"{value:.1f}" for value in rain_mm.sort_values(ascending=False)]
    assert [row[6] for row in rows] == values + ["–"] * (31 - len(values))


def test_a_sheet_has_its_days_with_ten_day_rows_and_the_month(reader: Reader) -> None:
    sheet = reader.sheet("07690", Month(2023, 12))
    assert sheet is not None
    rows = rows_of(reader, "/sheet", DECEMBER, "days")
    assert [row[0] for row in rows] == [
        *map(str, range(1, 11)),
        "days 1–10",
        *map(str, range(11, 21)),
        "days 11–20",
        *map(str, range(21, 32)),
        language("en")("table.decade_3"),
        "Month",
    ]
    for row, decade in zip((rows[10], rows[21], rows[33]), sheet.decades, strict=True):
        assert row[1] == f"{decade.tn:.1f}".replace("-", "−")
    assert rows[34][3].removeprefix("≥ ") == f"{sheet.rr.total:.1f}"
    assert rows[34][3].startswith("≥") == (sheet.rr.status != "complete")


def test_extremes_of_a_sheet_lead_to_all_their_days(reader: Reader) -> None:
    sheet = reader.sheet("07690", Month(2023, 12))
    assert sheet is not None
    rows = {row[0]: row for row in rows_of(reader, "/sheet", DECEMBER, "figures")}
    lowest = rows["Lowest minimum (Tn)"]
    assert lowest[1] == f"{sheet.tn.min:.1f}\u00a0°C"
    assert lowest[2] == ", ".join(str(day.day) for day in sheet.tn.min_days)
    page = shown(reader, "/sheet", DECEMBER)
    assert all(f"day={day}" in page for day in sheet.tn.min_days)


def test_a_sheet_of_one_year_gives_no_average_and_says_why(reader: Reader) -> None:
    page = shown(reader, "/sheet", DECEMBER)
    assert "One complete month of December is loaded (10 are needed): no average, no anomaly, no rank." in page
    assert '"Usual"' not in page


def test_a_sheet_says_how_to_cite_it(reader: Reader) -> None:
    sheet = reader.sheet("07690", Month(2023, 12))
    assert sheet is not None
    cited = _text(_by_id(json.loads(shown(reader, "/sheet", DECEMBER))["tree"], "cite"))
    for part in ("Nice (WMO 07690), December 2023", "Météo-France", "Licence Ouverte 2.0", sheet.revision):
        assert part in cited


def test_a_day_has_its_eight_readings_and_the_rain_of_the_next_midnight(reader: Reader) -> None:
    readings = reader.readings(reader.find("nice"), date(2023, 12, 8))
    rows = rows_of(reader, "/day", "?city=nice&day=2023-12-08&lang=en", "readings")
    assert [row[0] for row in rows] == [f"{hour:02d}:00" for hour in range(0, 24, 3)] + ["00:00 (9 December 2023)"]
    assert rows[2][1] == f"{readings[2].row['t'] - 273.15:.1f}"
    assert rows[0][8] == "–"
    assert rows[8][1:8] == ["–"] * 7
    rain_mm = sum(max(reading.row["rr3"], 0) for reading in readings[1:])
    assert sum(float(row[8]) for row in rows[1:]) == pytest.approx(rain_mm, abs=0.05)


def test_a_flagged_value_is_marked_and_its_rule_said(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    found = reader.readings(reader.find("nice"), date(2023, 12, 8))
    time = found[3].row["date"]
    flag = Flag(station_id="07690", time=time, field="t", rule="E2", verdict="erroneous", version=1)
    flagged = [DayReading(each.row, [flag] if each.row["date"] == time else [], {"u": "other"}) for each in found]
    monkeypatch.setattr(reader, "readings", lambda *_: flagged)
    rows = rows_of(reader, "/day", "?city=nice&day=2023-12-08&lang=en", "readings")
    assert [row[1].endswith("✗") for row in rows] == [False] * 3 + [True] + [False] * 5
    assert rows[3][3].endswith("B"), "another file gave the humidity"
    (row,) = rows_of(reader, "/day", "?city=nice&day=2023-12-08&lang=en", "flags")
    assert row[:3] == ["09:00", "t", "erroneous"]
    assert row[3].endswith("on the same side. (E2)")


@pytest.mark.parametrize(
    ("code", "said_as"),
    [(95, "thunderstorm"), (63, "rain"), (71, "snow"), (45, "fog"), (2, "nothing notable"), (7, "code 7"), (None, "–")],
)
def test_present_weather_is_said_in_words(reader: Reader, code: float | None, said_as: str) -> None:
    assert day_page._weather(view_of(reader, "/day", "?city=nice&lang=en"), code) == said_as


def test_years_below_ten_have_a_matrix_and_no_anomalies(years_reader: Reader) -> None:
    page = shown(years_reader, "/years", "?city=nice&span=12&lang=en")
    assert "3 complete years are loaded (December); 10 are needed: no average, no anomaly." in page
    assert "stripes-drawing" not in page
    years = years_reader.climate.years("07690")
    values = sorted(
        (years.at("tm.mean", "07690", year, "12").value or 0.0 for year in (2021, 2022, 2023)), reverse=True
    )
    rows = rows_of(years_reader, "/years", "?city=nice&span=12&lang=en", "ranking")
    assert [(row[0], row[2]) for row in rows] == [("–", f"{value:.1f}\u00a0°C") for value in values]
    assert "Too few complete years for ranks (3 of 10)." in page


@pytest.fixture
def uneven_rain(tmp_path: Path) -> Reader:
    """December 2023 of five stations: complete, two that lack a day, one of six days, and one without rain."""
    settings = settings_in(tmp_path)
    stations = {"07690": (10.0, "complete"), "07149": (20.0, "complete"), "07110": (5.0, "nearly")}
    stations |= {"07510": (80.0, "nearly"), "07005": (1.0, "incomplete")}
    load_sample(settings, "2023-12", tuple(stations))
    stored = {total: {"total": total, "status": status, "n": 30} for total, status in stations.values()}
    sheets = [sheet(number, rr=stored[total]) for number, (total, _) in stations.items()]
    open_stores(settings).monthly.replace(Month(2023, 12), sheets)
    return open_reader(settings)


def test_rain_that_lacks_days_may_be_the_most_and_never_the_least(uneven_rain: Reader) -> None:
    asked = "?metric=rain&from=2023-12-01&to=2023-12-31&lang=en"
    page = words(uneven_rain, "/", asked)
    assert "Metropolitan France: from 10.0 mm in Nice to ≥ 80.0 mm in Bordeaux-Mérignac." in page

    def listed(sort: str) -> list[str]:
        return [row[0] for row in rows_of(uneven_rain, "/", f"{asked}&sort={sort}", "station-list")]

    assert listed("highest")[:4] == ["Bordeaux-Mérignac", "Orly", "Nice", "Brest-Guipavas"]
    assert listed("lowest")[:2] == ["Nice", "Orly"]


def test_cities_side_by_side_say_which_rain_lacks_days(reader: Reader) -> None:
    """The last day of December ends in January, which is not loaded."""
    asked = "?city=nice,orly&metric=rain&from=2023-12-01&to=2023-12-{}&lang=en"
    rows = rows_of(reader, "/compare", asked.format(31), "compared")
    assert [row[1].startswith("≥ ") for row in rows] == [True, True]
    rows = rows_of(reader, "/compare", asked.format(20), "compared")
    assert [row[1].startswith("≥ ") for row in rows] == [False, False]


def test_where_no_rain_is_complete_there_is_a_most_and_no_least(reader: Reader) -> None:
    """The last day of December ends in January, which is not loaded."""
    page = words(reader, "/", "?metric=rain&from=2023-12-01&to=2023-12-31&lang=en")
    assert "Metropolitan France: most in " in page
    assert "Metropolitan France: from " not in page


def test_a_cell_has_the_colour_of_its_value_alone_and_no_colour_where_incomplete() -> None:
    cells = [Cell("20,0", 20.0, "July", "/sheet"), Cell("3,0", None, "partial", "/sheet"), Cell("", None, "", "")]
    columns = [Column(str(n), scales.TEMPERATURE, False) for n in range(3)]
    drawn = matrix([2023], columns, [cells], title="Years")
    assert f'fill="{scales.TEMPERATURE.color(20)}"' in drawn
    assert (drawn.count('class="full"'), drawn.count('class="partial"'), drawn.count('class="none"')) == (1, 1, 1)
    assert drawn.count("<a ") == 2


def test_a_stripe_of_the_usual_is_white_and_one_unknown_is_grey() -> None:
    drawn = stripes(
        [Stripe(2022, 0.0, "", "/"), Stripe(2023, None, "", "/")], scales.ANOMALY, said=str, unit="°C", title="Stripes"
    )
    assert 'fill="#f6f5ef"' in drawn
    assert 'fill="var(--land)"' in drawn


def test_the_checks_of_each_month_are_told_in_words(years_reader: Reader) -> None:
    rows = rows_of(years_reader, "/data", "?from=2021-12-01&to=2023-12-31&lang=en", "checks")
    assert [row[0] for row in rows] == ["December 2023", "January 2023", "December 2022", "December 2021"]
    verdicts = {check.name: verdict for check, verdict in years_reader.checks(Month(2023, 1))}
    assert rows[1][1:] == ["✓ passed" if verdicts[check.name].passed else "✗ failed" for check in CHECKS]


def test_the_history_says_when_a_check_failed_and_passed_again(tmp_path: Path) -> None:
    settings, month = settings_in(tmp_path), Month(2023, 12)
    load_sample(settings, "2023-12", ("07690",))
    stores, reader = open_stores(settings), open_reader(settings)
    search = "?from=2023-12-01&to=2023-12-31&lang=en"
    assert "No verdict on these months was noted yet" in shown(reader, "/data", search)
    judge_month(StoredMonth(stores, month))
    absent = "61 stations absent, no earlier month to compare with, 0 days silent"
    ((_, *rest),) = rows_of(reader, "/data", search, "history")
    assert rest == ["December 2023", "Completeness", "✗ failed", absent]
    load_sample(settings, "2023-12")
    judge_month(StoredMonth(stores, month))
    rows = rows_of(reader, "/data", search, "history")
    assert [row[2:4] for row in rows] == [["Completeness", "✓ passed"], ["Completeness", "✗ failed"]]


@pytest.mark.parametrize(
    ("highest", "lowest", "tied", "expected"),
    [
        (1, 20, (), "1st highest of 20 (4 incomplete)"),
        (19, 2, (), "2nd lowest of 20 (4 incomplete)"),
        (2, None, (), "at least 2nd highest of 20 (4 incomplete)"),
        (3, 17, (2001,), "3rd highest of 20 (tied with 2001; 4 incomplete)"),
        (1, 1, tuple(range(2000, 2012)), "–"),
    ],
)
def test_a_rank_is_told_from_the_nearer_end(
    reader: Reader, highest: int, lowest: int | None, tied: tuple[int, ...], expected: str
) -> None:
    found = Rank(
        highest=highest,
        lowest=lowest,
        of=20,
        tied_years=tied,
        first_year=2000,
        last_year=2023,
        incomplete=4,
        at_least=lowest is None,
    )
    assert said.rank(view_of(reader, "/sheet", "?city=nice&lang=en"), found) == expected


def test_differences_have_a_sign_and_rain_a_share(reader: Reader) -> None:
    view = view_of(reader, "/sheet", "?city=nice&lang=en")
    assert said.anomaly(view, "tm.mean", Anomaly(difference=-0.62, ratio_percent=None)) == "−0.6"
    assert said.anomaly(view, "tm.mean", Anomaly(difference=1.2, ratio_percent=None)) == "+1.2"
    assert (
        said.anomaly(view, "rr.total", Anomaly(difference=9.0, ratio_percent=112.3, lower_bound=True)) == "≥ 112\u00a0%"
    )
    assert said.usual(view, "tm.mean", TooFewYears(n=3)) == "–"
