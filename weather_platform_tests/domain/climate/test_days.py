"""The climatological day, by the worked examples of the rules."""

from pathlib import Path

import pytest

from weather_platform.domain.climate.days import days_of
from weather_platform.domain.climate.month import monthly_climates
from weather_platform.domain.climate.sheet import MonthlyClimate
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.months import Month
from weather_platform_tests.domain.climate import archive
from weather_platform_tests.domain.climate.made import ClimateDay, climate_days, flagged, made_day, made_screened

READINGS = ("04 21", "05 00", "05 03", "05 06", "05 09", "05 12", "05 15", "05 18")


def tn(day: ClimateDay) -> tuple[float | None, str]:
    return day.tn.value, day.tn.method


def tx(day: ClimateDay) -> tuple[float | None, str]:
    return day.tx.value, day.tx.method


def rr(day: ClimateDay) -> tuple[float | None, str]:
    return day.rr.value, day.rr.method


def test_both_halves_of_the_night_and_the_day_make_tn() -> None:
    assert tn(made_day({"05 06": {"tn12": 0.8}, "05 18": {"tn12": -0.3}})) == (-0.3, "extremes")


def test_twelve_hours_are_not_a_day() -> None:
    assert tn(made_day({"05 06": {"tn12": -3.0}})) == (None, "missing")


def test_a_day_of_eight_readings_has_a_tn_of_readings() -> None:
    assert tn(made_day({time: {"t": 5.0 + place} for place, time in enumerate(READINGS)})) == (5.0, "readings")


def test_one_reading_may_be_absent_two_may_not() -> None:
    assert tn(made_day({time: {"t": 5.0} for time in READINGS[:-1]})) == (5.0, "readings")
    assert tn(made_day({time: {"t": 5.0} for time in READINGS[:-2]})) == (None, "missing")


def test_a_reading_at_the_start_of_the_window_belongs_to_the_day_before() -> None:
    reports = {"04 18": {"t": -5.0}, **{time: {"t": 2.0} for time in READINGS}}
    assert tn(made_day(reports)) == (2.0, "readings")


def test_a_minimum_never_stands_above_a_reading_of_its_window() -> None:
    reports = {"05 06": {"tn12": 3.0}, "05 18": {"tn12": 3.2, "t": 2.8}}
    assert tn(made_day(reports)) == (2.8, "extremes")


def test_half_a_day_of_totals_and_half_of_readings_are_mixed() -> None:
    reports = {"05 06": {"tn12": 3.0}, **{time: {"t": 2.5} for time in READINGS[4:]}}
    assert tn(made_day(reports)) == (2.5, "mixed")


def test_a_sliding_total_counts_where_its_period_is_the_day_itself() -> None:
    reports = {
        **{time: {"tn24": 10.0} for time in READINGS[:-1]},
        "05 18": {"tn24": 18.2},
        "06 06": {"tx24": 33.5},
        "06 09": {"tx24": 35.0},
    }
    day = made_day(reports, station="07591")
    assert (tn(day), tx(day)) == ((18.2, "extremes"), (33.5, "extremes"))


def test_a_minimum_that_is_the_maximum_is_not_used() -> None:
    """LAMENTIN 2023-03-05: the day runs from 09 UTC, Tn's from 21 UTC of the day before."""
    reports = {
        "05 00": {"t": 24.5},
        "05 12": {"tn12": 23.5},
        "05 15": {"t": 28.0},
        "05 18": {"tn12": 29.5, "tx12": 29.5, "t": 29.0},
        "05 21": {"t": 27.0},
        "06 00": {"tx12": 29.5, "tn12": 29.5},
        "06 03": {"t": 25.0},
        "06 06": {"t": 25.0},
        "06 09": {"t": 25.0},
    }
    day = made_day(reports, station="78925")
    assert (tn(day), tx(day)) == ((23.5, "mixed"), (29.5, "mixed"))
    assert day.tn.window == "21-21"
    assert day.tx.window == "09-09"


def test_one_broken_reading_does_not_become_the_minimum() -> None:
    """MARIGNANE 2023-08-09: 0.0 °C at 09 UTC, and as the minimum of 12 h at 18 UTC."""
    reports = {
        "04 21": {"t": 18.0},
        "05 00": {"t": 17.5},
        "05 03": {"t": 16.7},
        "05 06": {"t": 18.8, "tn12": 16.2},
        "05 09": {"t": 0.0},
        "05 12": {"t": 31.9},
        "05 15": {"t": 32.0},
        "05 18": {"t": 30.3, "tn12": 0.0},
    }
    screened = made_screened(reports)
    assert flagged(screened) == [("05 09", "t", "E2", "erroneous"), ("05 18", "tn12", "E4-far", "erroneous")]
    assert screened.grid.values["t"][0, screened.grid.column(Month(2023, 3).days[4], 9)] == 0.0
    assert tn(made_day(reports)) == (16.2, "mixed")


def test_rain_of_hourly_rows_counts_once() -> None:
    hourly = {f"{5 + hour // 24:02d} {hour % 24:02d}": {"rr1": 1.0, "rr3": 3.0} for hour in range(7, 31)}
    assert rr(made_day(hourly)) == (24.0, "sum")
    civil = {f"{5 + hour // 24:02d} {hour % 24:02d}": {"rr1": 1.0, "rr3": 3.0} for hour in range(1, 25)}
    assert made_day(civil).civil_rr.value == 24.0


def test_rain_that_a_later_total_takes_back_did_not_fall() -> None:
    reports = {"05 09": {"rr1": 9.9, "rr3": 9.9}, "05 12": {"rr3": 0.0, "rr6": 0.0}, "06 06": {"rr24": 0.0}}
    assert rr(made_day(reports)) == (0.0, "rr24")
    assert flagged(made_screened(reports)) == [
        ("05 09", "rr1", "E7", "erroneous"),
        ("05 09", "rr3", "E7", "erroneous"),
    ]


def test_rain_that_is_not_known_is_null_and_says_what_is() -> None:
    reports = {"05 09": {"rr3": 0.2}, **{f"{day} {hour}": {"rr3": 0.4} for day, hour in (("05", "15"), ("06", "06"))}}
    day = made_day(reports)
    assert rr(day) == (None, "missing")
    assert (day.rr.known, day.rr.known_hours) == (1.0, 9)


def test_rain_may_be_a_difference_of_totals() -> None:
    """rr24@18 = 4 and rr12@06 = 1 say 3 for (06, 18]; rr12@06 of the next day says 0.5 for the night."""
    assert rr(made_day({"05 06": {"rr12": 1.0}, "05 18": {"rr24": 4.0}, "06 06": {"rr12": 0.5}})) == (3.5, "difference")


@pytest.mark.parametrize(("later", "rain"), [(0.6, 0.0), (0.4, None)])
def test_a_difference_below_zero_is_rounding_or_nothing(later: float, rain: float | None) -> None:
    reports = {"05 06": {"rr12": 1.0}, "05 18": {"rr24": later}, "06 06": {"rr12": 0.0}}
    assert made_day(reports).rr.value == rain


def test_traces_are_no_rain_and_are_remembered() -> None:
    times = ("05 09", "05 12", "05 15", "05 18", "05 21", "06 00", "06 03", "06 06")
    day = made_day({time: {"rr3": -0.1} for time in times})
    assert (rr(day), day.rr.trace) == ((0.0, "sum"), True)


def test_kerguelens_rain_is_its_total_of_24_hours() -> None:
    """2023-03-05: the sum of what rr3 is there would be 4.4 mm."""
    reports = {
        "05 09": {"rr3": 0.0},
        "05 12": {"rr6": 0.0},
        "05 15": {"rr3": 0.2},
        "05 21": {"rr3": 0.2},
        "06 00": {"rr6": 2.0},
        "06 03": {"rr3": 4.0},
        "06 06": {"rr24": 7.0},
    }
    assert rr(made_day(reports, station="61998")) == (7.0, "rr24")


REAL = [
    ("2023-01", "07460", 18, (-0.3, "extremes"), (3.5, "extremes"), (None, "missing")),
    ("2023-08", "07650", 9, (16.2, "mixed"), (32.7, "extremes"), (0.4, "rr24")),
    ("2023-12", "07690", 8, (7.5, "extremes"), (10.1, "extremes"), (35.3, "rr24")),
    ("2023-01", "61980", 25, (22.6, "readings"), (26.3, "readings"), (344.7, "rr24")),
]


def test_real_days_are_what_reports_say_by_hand(real_data: Path) -> None:
    for month, station, day, *expected in REAL:
        screened = archive.screened(real_data, month)
        row = [of.station_id for of in screened.grid.stations].index(station)
        found = climate_days(days_of(screened, Stretch.of(Month.parse(month))), row)[day - 1]
        assert [tn(found), tx(found), rr(found)] == expected, (month, station, day)


def test_the_lowest_tn_of_real_months(real_data: Path) -> None:
    lowest = [("2023-12", "07790", 3.8, 18), ("2023-12", "07761", 2.3, 19), ("2023-08", "07650", 13.1, 8)]
    for month, station, tn_c, day in lowest:
        found = _sheets(real_data, month)[station].tn
        assert (found.min, [of.day for of in found.min_days]) == (tn_c, [day])


def test_figures_of_a_year_hold_for_the_months_at_hand(real_data: Path) -> None:
    """Of 42 frost days at CLERMONT-FD in 2023, and of 732.0 mm in 341 days at KERGUELEN."""
    sheets = [_sheets(real_data, month) for month in archive.MONTHS]
    assert sum(of["07460"].tn.days_le_0 for of in sheets) == 23
    rain = [of["61998"].rr for of in sheets]
    assert (round(sum(of.total or 0 for of in rain), 1), sum(of.n for of in rain)) == (453.8, 230)
    assert sum(of.method["rr24"] for of in rain) == 230


def _sheets(real_data: Path, month: str) -> dict[str, MonthlyClimate]:
    screened = archive.screened(real_data, month)
    days = days_of(screened, Stretch.of(Month.parse(month)))
    return {sheet.station_id: sheet for sheet in monthly_climates(screened, days)}
