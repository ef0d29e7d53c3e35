"""The monthly sheet: the same figures as a second implementation, and how complete they are."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from weather_platform.domain.climate import thresholds
from weather_platform.domain.climate.days import EXTREME_METHODS, days_of, plain
from weather_platform.domain.climate.month import monthly_climates
from weather_platform.domain.climate.overrides import Override
from weather_platform.domain.climate.rain import RAIN_METHODS
from weather_platform.domain.climate.screening import Screened
from weather_platform.domain.climate.sheet import MonthlyClimate, MonthRain, MonthTn
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.months import Month
from weather_platform.domain.stations import STATIONS
from weather_platform_tests import sample_months
from weather_platform_tests.domain.climate import archive, reckoning
from weather_platform_tests.domain.climate.made import MARCH, Reports, made_screened


def test_every_station_has_the_figures_of_a_second_reckoning(tmp_path: Path) -> None:
    _as_reckoned(sample_months.publish(tmp_path / "data", ("2023-07", "2023-08"), tuple(STATIONS)[::4]), "2023-08")


def test_real_months_have_the_figures_of_a_second_reckoning(real_data: Path) -> None:
    for month in ("2023-01", "2023-12"):
        _as_reckoned(real_data, month)


def _as_reckoned(real_data: Path, month: str) -> None:
    of = Month.parse(month)
    screened = archive.screened(real_data, month)
    days = days_of(screened, Stretch.of(of))
    sheets = {sheet.station_id: sheet for sheet in monthly_climates(screened, days)}
    months = [reckoning.month_reports(real_data / "meteofrance-monthly", str(m)) for m in (of.previous, of, of.next)]
    reporting = [s.station_id for s in screened.grid.stations if s.station_id in sheets]
    assert len(reporting) >= 15
    for row, station in enumerate(s.station_id for s in screened.grid.stations):
        if station not in sheets:
            continue
        reports = {time: report for m in months for time, report in m.get(station, {}).items()}
        reckoned = list(reckoning.station_days(station, reports, of.days))
        found = [
            {
                "day": day,
                "tn": (plain(days.tn.value[row, i]), EXTREME_METHODS[days.tn.method[row, i]]),
                "tx": (plain(days.tx.value[row, i]), EXTREME_METHODS[days.tx.method[row, i]]),
                "rr": (plain(days.rr.value[row, i]), RAIN_METHODS[days.rr.method[row, i]]),
                "known": (plain(days.rr.known[row, i]), days.rr.known_hours[row, i]),
                "civil": (plain(days.civil_rr.known[row, i]), days.civil_rr.known_hours[row, i]),
            }
            for i, day in enumerate(of.days)
        ]
        expected = [{"day": day["day"], **{n: _as_float(day[n]) for n in found[0] if n != "day"}} for day in reckoned]
        assert found == expected, (month, station)
        assert _figures(sheets[station]) == reckoning.monthly(reckoned), (month, station)


def _as_float(figure: tuple[Any, Any]) -> tuple[float | None, Any]:
    return (None if figure[0] is None else float(figure[0]) + 0.0, figure[1])


def _figures(sheet: MonthlyClimate) -> dict[str, Any]:
    """The figures that the second reckoning has."""
    tn, tx, tm, rr = (msgspec.structs.asdict(of) for of in (sheet.tn, sheet.tx, sheet.tm, sheet.rr))
    shared = ("n", "missing", "mean", "min", "min_days", "max", "max_days", "days_le_0", "days_ge_25")
    return {
        "tn": _plain(tn, (*shared, "days_le_m5", "days_ge_20")),
        "tx": _plain(tx, (*shared, "days_ge_30", "days_ge_35")),
        "tm": _plain(tm, ("n", "mean", "heating_18", "growing_10")),
        "rr": _plain(rr, ("n", "total", "max", "max_days", *(f"days_ge_{mm}" for mm in (1, 5, 10, 20, 30, 50, 100)))),
        "decades": [(decade.tn, decade.rr) for decade in sheet.decades],
    }


def _plain(figures: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: list(figures[name]) if name.endswith("days") else figures[name] for name in names}


def _sheet(reports: Reports, station: str = "07690", month: Month = MARCH) -> MonthlyClimate:
    screened = made_screened(reports, station, month)
    (sheet,) = monthly_climates(screened, days_of(screened, Stretch.of(month)))
    return sheet


def _tn_on(*days: int) -> Reports:
    """A Tn of 5 °C on these days of March."""
    return {f"{day:02d} 18": {"tn24": 5.0} for day in days}


@pytest.mark.parametrize(
    ("missing", "status", "days_status"),
    [
        ((), "complete", "complete"),
        ((3, 9, 20), "complete", "nearly"),
        ((3, 9, 20, 25), "complete", "incomplete"),
        (range(3, 7), "complete", "incomplete"),
        (range(3, 8), "incomplete", "incomplete"),
        (range(2, 21, 2), "complete", "incomplete"),
        (range(2, 23, 2), "incomplete", "incomplete"),
        (range(1, 32), "missing", "missing"),
    ],
)
def test_a_mean_may_lack_ten_days_but_not_five_on_end(missing: Any, status: str, days_status: str) -> None:
    tn = _sheet({"01 00": {"u": 50}, **_tn_on(*(set(range(1, 32)) - set(missing)))}).tn
    assert (tn.missing, tn.status, tn.days_status) == (len(missing), status, days_status)
    assert tn.mean == (5.0 if len(missing) < 31 else None)


def _rain_on(days: set[int]) -> dict[str, dict[str, float]]:
    """1 mm on these days of March; 1 April is the 32nd."""
    return {f"{day + 1:02d} 06": {"rr24": 1.0} for day in days}


@pytest.mark.parametrize(
    ("missing", "known", "status"),
    [
        ((), (), "complete"),
        ((31,), (), "nearly"),
        ((30, 31), (), "incomplete"),
        ((30, 31), ("30 18",), "incomplete"),
        ((30, 31), ("30 18", "31 18"), "nearly"),
        ((28, 29, 30, 31), ("28 18", "29 18", "30 18", "31 18"), "incomplete"),
        (range(1, 32), ("31 18",), "missing"),
    ],
)
def test_a_total_of_rain_may_lack_three_days_and_24_hours(missing: Any, known: tuple[str, ...], status: str) -> None:
    reports = {**_rain_on(set(range(1, 32)) - set(missing)), **{time: {"rr12": 2.0} for time in known}}
    rr = _sheet(reports).rr
    days = 31 - len(missing)
    assert (rr.n, rr.status, rr.total) == (days, status, float(days) if days else None)
    assert (rr.known_part, rr.unknown_hours) == (2.0 * len(known), 24 * len(missing) - 12 * len(known))


def test_december_of_nice_is_a_lower_bound_until_january_comes(real_data: Path) -> None:
    alone = _real_sheet(real_data, january=False).rr
    whole = _real_sheet(real_data, january=True)
    assert (alone.n, alone.status, alone.total, alone.known_part) == (30, "nearly", 50.7, 12.3)
    assert (whole.rr.n, whole.rr.status, whole.rr.total, whole.rr.known_part) == (31, "complete", 63.0, 0.0)
    assert (whole.tx.n, whole.tx.missing) == (31, 0)
    assert whole.decades[2].rr == 14.1


def test_january_changes_the_last_days_of_december_alone(real_data: Path) -> None:
    alone, whole = (_real_days(real_data, january=january) for january in (False, True))
    changed = np.flatnonzero(
        [
            [of.value[0, i] for of in (alone.tn, alone.tx, alone.rr)]
            != [of.value[0, i] for of in (whole.tn, whole.tx, whole.rr)]
            for i in range(31)
        ]
    )
    assert changed.tolist() == [30]


def _december(real_data: Path, *, january: bool) -> Screened:
    return archive.nice(real_data, Month(2023, 12), "2024-02-01" if january else "2024-01-01")


def _real_days(real_data: Path, *, january: bool) -> Any:
    return days_of(_december(real_data, january=january), Stretch.of(Month(2023, 12)))


def _real_sheet(real_data: Path, *, january: bool) -> MonthlyClimate:
    (sheet,) = monthly_climates(_december(real_data, january=january), _real_days(real_data, january=january))
    return sheet


def test_equal_extremes_name_all_their_days() -> None:
    reports = {"04 18": {"tn24": 5.0}, "05 18": {"tn24": 1.0}, "09 18": {"tn24": 1.0}}
    assert _sheet(reports).tn.min_days == (date(2023, 3, 5), date(2023, 3, 9))


def test_a_station_of_wind_alone_has_no_zero_in_its_sheet() -> None:
    """CAP CEPET reports neither temperature nor rain."""
    sheet = _sheet({"01 03": {"ff": 5.0, "dd": 350, "rafper": 9.5}, "01 06": {"ff": 9.0, "dd": 10}}, "07661")
    assert (sheet.tn.mean, sheet.tn.min, sheet.tn.status) == (None, None, "missing")
    assert (sheet.rr.total, sheet.rr.max, sheet.rr.status, sheet.tm.heating_18) == (None, None, "missing", None)
    assert (sheet.fxi.max, sheet.fxi.max_days, sheet.fxi.max_direction) == (9.5, (date(2023, 3, 1),), (350,))
    assert (sheet.rose.n, sheet.rose.calm, sheet.rose.sectors_16[0]) == (2, 0, (0, 0, 1, 1))


def test_a_rose_holds_every_reading_and_calm_has_no_sector() -> None:
    reports = {
        "01 03": {"ff": 0.0, "dd": 0},
        "01 06": {"ff": 0.4, "dd": 90},
        "01 09": {"ff": 0.5, "dd": 90},
        "01 12": {"ff": 1.5, "dd": 100},
        "01 15": {"ff": 4.5, "dd": 110},
        "01 18": {"ff": 8.0, "dd": 340},
        "01 21": {"ff": 8.1, "dd": 360},
    }
    rose = _sheet(reports).rose
    assert (rose.n, rose.calm) == (7, 2)
    assert {i: row for i, row in enumerate(rose.sectors_16) if any(row)} == {
        0: (0, 0, 0, 1),
        4: (1, 1, 0, 0),
        5: (0, 0, 1, 0),
        15: (0, 0, 1, 0),
    }
    assert rose.sectors_8[2] == (1, 1, 1, 0)


def test_phenomena_are_days_seen_by_old_and_new_codes() -> None:
    reports = {
        "01 03": {"ww": 45},
        "01 06": {"ww": 17},
        "02 00": {"ww": 95},  # ends the 1st
        "02 03": {"vv": 900},
        "03 03": {"ww": 133},
        "04 03": {"ww": 73},
        "05 03": {"ww": 189, "vv": 20_000},
        "06 03": {"vv": 1000},
    }
    seen = _sheet(reports).seen_at_hours
    assert (seen.n, seen.fog, seen.thunder, seen.snow, seen.hail) == (6, 3, 1, 1, 1)


def test_a_phenomenon_that_a_person_calls_wrong_is_not_seen() -> None:
    """`vv` has no rule; a hand may flag it all the same."""
    then = datetime(2023, 3, 5, 6)  # noqa: DTZ001  # as stored
    by_hand = Override(
        station_id="07690", first=then, last=then, field="vv", rule="*", verdict="erroneous", reason="fog lamp", who="A"
    )
    screened = made_screened({"05 06": {"vv": 400}, "06 06": {"vv": 400}}, overrides=[by_hand])
    (sheet,) = monthly_climates(screened, days_of(screened, Stretch.of(MARCH)))
    assert (sheet.seen_at_hours.n, sheet.seen_at_hours.fog) == (1, 1)


def test_false_snow_is_not_the_greatest_depth() -> None:
    """ROUEN 2024-12-20: 1.44 m between 0 and 0."""
    cold = {f"{day:02d} {hour:02d}": {"t": -3.0, "ht_neige": 0.0} for day in (1, 2) for hour in range(0, 24, 3)}
    snow = _sheet({**cold, "02 09": {"t": -3.0, "ht_neige": 1.44}, "02 12": {"t": -3.0, "ht_neige": 0.0}}).snow
    assert (snow.n, snow.max, snow.max_days, snow.days_ge_1) == (2, 0.0, (), 0)


def test_the_table_of_thresholds_names_every_count_of_the_sheets() -> None:
    counts = {
        element: {name for name in struct.__struct_fields__ if name.startswith(("days_ge", "days_le"))}
        for element, struct in (("tn", MonthTn), ("rr", MonthRain))
    }
    for element, names in counts.items():
        assert names == {count.name for count in thresholds.DAY_COUNTS if count.element == element}


def test_degree_days_are_of_the_middle_of_tn_and_tx() -> None:
    tm = _sheet({"05 18": {"tn24": 5.1}, "06 06": {"tx24": 14.0}, "07 18": {"tn24": 19.0}, "08 06": {"tx24": 25.0}}).tm
    assert (tm.n, tm.mean, tm.heating_18, tm.growing_10) == (2, 15.78, 8.45, 12.0)


def test_december_of_nice_is_as_it_is_worked_out_by_hand(real_data: Path) -> None:
    """The last table of `docs/climatology.md`."""
    sheet = _real_sheet(real_data, january=True)
    assert (sheet.tn.mean, sheet.tx.mean, sheet.tm.mean, sheet.tm.heating_18) == (7.53, 14.82, 11.17, 211.6)
    assert (sheet.rr.total, sheet.rr.days_ge_1, sheet.rr.max) == (63.0, 6, 35.3)
    assert (sheet.tn.min, [day.day for day in sheet.tn.min_days]) == (5.2, [6, 7])
    assert (sheet.tx.max, [day.day for day in sheet.tx.max_days]) == (17.0, [11, 22])
