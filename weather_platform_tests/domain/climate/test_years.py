"""Seasons and years, references, ranks and records over made archives."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.climate.days import days_of
from weather_platform.domain.climate.figures import FIGURES, FigureValue, MonthFigures
from weather_platform.domain.climate.month import monthly_climates
from weather_platform.domain.climate.ranks import Rank, StationRank, rank, ranking
from weather_platform.domain.climate.records import RecordValue, records
from weather_platform.domain.climate.reference import (
    Anomaly,
    Reference,
    TooFewYears,
    anomaly,
    references,
    usual,
)
from weather_platform.domain.climate.sheet import MonthlyClimate
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.climate.years import PERIODS, Years, years_of
from weather_platform_tests.domain.climate.made import MARCH, made_screened

_WHOLE = made_screened({f"{day:02d} 06": {"tn24": 1, "tx24": 2, "rr24": 3} for day in range(1, 33)})
(WHOLE,) = monthly_climates(_WHOLE, days_of(_WHOLE, Stretch.of(MARCH)))


def _sheet(month: str, station: str = "07690", **changes: Mapping[str, Any]) -> MonthlyClimate:
    """A sheet with some fields of some elements changed; all is complete unless changed."""
    elements = {}
    for name in ("tn", "tx", "tm", "rr", "fxi", "pmer", "u", "snow"):
        complete = {field: "complete" for field in ("status", "days_status") if hasattr(getattr(WHOLE, name), field)}
        elements[name] = msgspec.structs.replace(getattr(WHOLE, name), **{**complete, **changes.get(name, {})})
    return msgspec.structs.replace(WHOLE, station_id=station, month=month, **elements)


def _decembers(totals: Mapping[int, float | tuple[float, str]], station: str = "07690") -> list[MonthlyClimate]:
    """Decembers by year: the total of rain, and its status where that is not complete."""
    pairs = {year: of if isinstance(of, tuple) else (of, "complete") for year, of in totals.items()}
    return [
        _sheet(f"{year}-12", station, rr={"total": total, "status": status}) for year, (total, status) in pairs.items()
    ]


def test_a_season_is_the_mean_and_the_sum_of_its_months() -> None:
    winter = [
        _sheet("2022-12", tn={"mean": 1.0, "min": -3.0}, rr={"total": 10.5}),
        _sheet("2023-01", tn={"mean": 2.0, "min": -8.0}, rr={"total": 20.0}),
        _sheet("2023-02", tn={"mean": 2.01, "min": -1.0}, rr={"total": 0.0}),
    ]
    years = years_of(winter)
    assert years.at("tn.mean", "07690", 2023, "DJF") == FigureValue(1.67, "complete")
    assert years.at("tn.min", "07690", 2023, "DJF") == FigureValue(-8.0, "complete")
    assert years.at("rr.total", "07690", 2023, "DJF") == FigureValue(30.5, "complete")
    assert years.at("tn.mean", "07690", 2022, "DJF") == FigureValue(None, "missing")
    assert years.at("tn.mean", "07690", 2022, "12") == FigureValue(1.0, "complete")


def test_a_season_is_as_complete_as_its_least_complete_month() -> None:
    summer = [
        _sheet("2023-06", rr={"total": 1.0}),
        _sheet("2023-07", rr={"total": 2.0, "status": "nearly"}, tn={"mean": 15.0, "status": "incomplete"}),
        _sheet("2023-08", rr={"total": 4.0}),
    ]
    whole, lacking = years_of(summer), years_of(summer[1:])
    assert whole.at("rr.total", "07690", 2023, "JJA") == FigureValue(7.0, "nearly")
    assert whole.at("tn.mean", "07690", 2023, "JJA") == FigureValue(None, "incomplete")
    assert whole.at("tn.min", "07690", 2023, "JJA").status == "incomplete"
    assert lacking.at("rr.total", "07690", 2023, "JJA") == FigureValue(6.0, "incomplete")
    assert lacking.at("rr.total", "07690", 2023, "MAM") == FigureValue(None, "missing")


def test_what_is_stored_of_a_month_gives_the_same_years() -> None:
    sheets = _decembers({2020: 3.0, 2021: (4.0, "nearly")})
    stored = [msgspec.json.decode(msgspec.json.encode(sheet), type=MonthFigures) for sheet in sheets]
    assert all(
        np.array_equal(years_of(sheets).values[name], years_of(stored).values[name], equal_nan=True)  # type: ignore[arg-type]
        for name in FIGURES
    )


def test_nothing_loaded_is_nothing() -> None:
    assert list(references(years_of([]))) == []
    assert ranking(years_of([]), "rr.total", 2023, "12") == []


def test_nine_years_compare_with_nothing() -> None:
    years = years_of(_decembers({year: float(year - 2000) for year in range(2011, 2020)}))
    assert list(references(years)) == []
    assert usual(years, "07690", "rr.total")["12"] == TooFewYears(n=9)
    assert rank(years, "rr.total", "07690", 2015, "12") == TooFewYears(n=9)


def test_ten_years_are_an_average_with_its_extremes() -> None:
    totals: dict[int, float | tuple[float, str]] = {
        2011: 10.0,
        2012: 80.0,
        **dict.fromkeys(range(2013, 2020), 40.0),
        2020: 80.0,
        2021: (500.0, "incomplete"),
    }
    years = years_of(_decembers(totals))
    assert usual(years, "07690", "rr.total")["12"] == Reference(
        station_id="07690",
        period="12",
        figure="rr.total",
        kind="average",
        n=10,
        first_year=2011,
        last_year=2020,
        mean=45.0,
        median=40.0,
        p10=37.0,
        p90=80.0,
        lowest=10.0,
        lowest_years=(2011,),
        highest=80.0,
        highest_years=(2012, 2020),
    )


@pytest.mark.parametrize(
    ("loaded", "kind", "first", "last", "n"),
    [
        (range(1996, 2025), "reference", 1996, 2020, 25),
        (range(1997, 2025), "reference", 1997, 2020, 24),
        (range(1998, 2025), "reference", 1998, 2024, 27),
        (range(2005, 2025), "average", 2005, 2024, 20),
        (range(2015, 2025), "average", 2015, 2024, 10),
    ],
)
def test_a_reference_is_of_1991_to_2020_where_24_years_of_it_are_there(
    loaded: range, kind: str, first: int, last: int, n: int
) -> None:
    found = usual(years_of(_decembers(dict.fromkeys(loaded, 50.0))), "07690", "rr.total")["12"]
    assert isinstance(found, Reference)
    assert (found.kind, found.first_year, found.last_year, found.n) == (kind, first, last, n)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 3000), min_size=10, max_size=23))
def test_percentiles_are_those_of_numpy(tenths: list[int]) -> None:
    totals = [tenth / 10 for tenth in tenths]
    found = usual(years_of(_decembers(dict(enumerate(totals, start=2000)))), "07690", "rr.total")["12"]
    assert isinstance(found, Reference)
    expected = [float(np.percentile(totals, share)) for share in (10, 50, 90)]
    assert [found.p10, found.median, found.p90] == pytest.approx(expected, abs=0.0051)
    assert found.mean == pytest.approx(sum(totals) / len(totals), abs=0.0051)


def _reference(figure: str, mean: float) -> Reference:
    years = dict.fromkeys(range(2000, 2010), 50.0)
    found = usual(years_of(_decembers(years)), "07690", "rr.total")["12"]
    assert isinstance(found, Reference)
    return msgspec.structs.replace(found, figure=figure, mean=mean)


@pytest.mark.parametrize(
    ("value", "status", "figure", "mean", "expected"),
    [
        (63.3, "complete", "rr.total", 80.0, Anomaly(difference=-16.7, ratio_percent=79.1)),
        (90.0, "nearly", "rr.total", 80.0, Anomaly(difference=10.0, ratio_percent=112.5, lower_bound=True)),
        (9.0, "complete", "rr.total", 4.9, Anomaly(difference=4.1, ratio_percent=None)),
        (9.0, "incomplete", "rr.total", 80.0, None),
        (12.34, "complete", "tn.mean", 11.11, Anomaly(difference=1.23, ratio_percent=None)),
        (12.34, "nearly", "tn.mean", 11.11, None),
    ],
)
def test_an_anomaly_is_of_complete_figures(
    value: float, status: str, figure: str, mean: float, expected: Anomaly | None
) -> None:
    assert anomaly(value, status, _reference(figure, mean)) == expected


TEN = {
    2010: 10.0,
    2011: 90.0,
    2012: 70.0,
    2013: 70.0,
    2014: 30.0,
    2015: 20.0,
    2016: 15.0,
    2018: 14.0,
    2019: 13.0,
    2020: 80.0,
}


def test_two_that_are_equal_share_a_rank_and_the_next_is_two_lower() -> None:
    years = years_of(_decembers({**TEN, 2017: (5.0, "incomplete")}))
    common: dict[str, Any] = {"of": 10, "first_year": 2010, "last_year": 2020, "incomplete": 1, "at_least": False}
    assert rank(years, "rr.total", "07690", 2012, "12") == Rank(highest=3, lowest=7, tied_years=(2013,), **common)
    assert rank(years, "rr.total", "07690", 2014, "12") == Rank(highest=5, lowest=6, tied_years=(), **common)
    assert rank(years, "rr.total", "07690", 2017, "12") is None


def test_a_lower_bound_may_be_wet_and_never_dry() -> None:
    years = years_of(_decembers({**TEN, 2017: (75.0, "nearly")}))
    found = rank(years, "rr.total", "07690", 2017, "12")
    assert isinstance(found, Rank)
    assert (found.highest, found.lowest, found.of, found.at_least) == (3, None, 11, True)
    below = rank(years, "rr.total", "07690", 2012, "12")
    assert isinstance(below, Rank)
    assert (below.highest, below.of) == (4, 11)


def test_stations_are_ranked_where_they_are_complete() -> None:
    sheets = [
        *_decembers({2023: 50.0}, "07690"),
        *_decembers({2023: 50.0}, "07149"),
        *_decembers({2023: (60.0, "nearly")}, "07005"),
        *_decembers({2023: (1.0, "incomplete")}, "07790"),
        *_decembers({2023: 20.0}, "07761"),
    ]
    years = years_of(sheets)

    def places(found: list[StationRank]) -> list[tuple[str, int | None]]:
        return [(of.station_id, of.rank) for of in found]

    wettest = [("07005", 1), ("07149", 2), ("07690", 2), ("07761", 4)]
    assert places(ranking(years, "rr.total", 2023, "12")) == wettest
    assert places(ranking(years, "rr.total", 2023, "12", incomplete=True)) == [*wettest, ("07790", None)]
    driest = ranking(years, "rr.total", 2023, "12", lowest_first=True, stations={"07690", "07761", "07790", "07005"})
    assert places(driest) == [("07761", 1), ("07690", 2)]


def test_records_name_all_their_days_and_those_to_verify() -> None:
    sheets = [
        _sheet("2021-12", tx={"max": 20.0, "max_days": (date(2021, 12, 3),)}),
        _sheet("2022-12", tx={"max": 20.0, "max_days": (date(2022, 12, 4), date(2022, 12, 9))}),
        _sheet("2023-12", tx={"max": 25.0, "max_days": (day := (date(2023, 12, 31),)), "suspect_days": day}),
        _sheet("2023-07", tx={"max": 41.0, "max_days": (date(2023, 7, 1),), "status": "incomplete"}),
    ]
    found = {(r.figure, r.lowest, r.period): (r.record, r.to_verify) for r in records(sheets)}
    december = RecordValue(value=20.0, days=(date(2021, 12, 3), date(2022, 12, 4), date(2022, 12, 9)))
    assert found["tx.max", False, "12"] == (december, RecordValue(value=25.0, days=day))
    assert found["tx.max", False, "all"] == (RecordValue(value=41.0, days=(date(2023, 7, 1),)), None)


def test_only_a_complete_month_is_the_driest() -> None:
    (driest,) = [
        r
        for r in records(_decembers({2021: 30.0, 2022: (1.0, "nearly"), 2023: 40.0}))
        if (r.figure, r.lowest, r.period) == ("rr.total", True, "12")
    ]
    assert driest.record == RecordValue(value=30.0, days=(date(2021, 12, 1),))
    assert (driest.first_month, driest.last_month) == ("2021-12", "2023-12")


def test_a_total_that_lacks_a_day_may_be_the_wettest_as_a_lower_bound() -> None:
    sheets = _decembers({2020: (99.0, "incomplete"), 2021: 30.0, 2022: (80.0, "nearly"), 2023: 40.0})
    found = {(r.lowest, r.period): r.record for r in records(sheets) if r.figure == "rr.total"}
    assert found[False, "12"] == RecordValue(value=80.0, days=(date(2022, 12, 1),), at_least=True)
    assert found[True, "12"] == RecordValue(value=30.0, days=(date(2021, 12, 1),))
    (alone,) = ranking(years_of(sheets), "rr.total", 2020, "12", incomplete=True)
    assert (alone.value, alone.rank, alone.at_least) == (99.0, None, True)


_MONTHS_OF_RAIN = st.lists(
    st.tuples(
        st.integers(0, 40).map(float),
        st.sampled_from(("complete", "complete", "nearly", "incomplete")),
        st.integers(0, 90),
    ),
    min_size=10,
    max_size=30,
)


@settings(deadline=None, max_examples=60)
@given(_MONTHS_OF_RAIN)
def test_what_an_incomplete_month_holds_changes_no_comparison(months: list[tuple[float, str, int]]) -> None:
    """References, anomalies, ranks and records of the others are the same whatever it holds."""
    held = {1990 + n: (value, status) for n, (value, status, _) in enumerate(months)}
    other = {
        1990 + n: (value if status != "incomplete" else float(o), status) for n, (value, status, o) in enumerate(months)
    }
    assert _compared(held) == _compared(other)
    for year, (_, status) in held.items():
        found = rank(years_of(_decembers(held)), "rr.total", "07690", year, "12")
        assert (found is None) == (status == "incomplete")
        assert not isinstance(found, Rank) or (found.lowest is None) == (status == "nearly")


def _compared(held: Mapping[int, tuple[float, str]]) -> tuple[Any, ...]:
    sheets = _decembers(held)
    years = years_of(sheets)
    whole = [year for year, (_, status) in held.items() if status != "incomplete"]
    return (
        usual(years, "07690", "rr.total"),
        [rank(years, "rr.total", "07690", year, "12") for year in whole],
        [(each.lowest, each.record) for each in records(sheets) if each.figure == "rr.total"],
        [years.at("rr.total", "07690", year, "year").status for year in held],
    )


def test_a_year_needs_all_its_months() -> None:
    sheets = [_sheet(f"2023-{number:02d}", rr={"total": 10.0}) for number in range(1, 13)]
    assert years_of(sheets).at("rr.total", "07690", 2023, "year") == FigureValue(120.0, "complete")
    assert years_of(sheets[1:]).at("rr.total", "07690", 2023, "year") == FigureValue(110.0, "incomplete")


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(12)))
def test_the_order_of_loading_does_not_show(order: list[int]) -> None:
    sheets = _decembers({2000 + place: 3.0 * place for place in range(12)})
    first, other = years_of(sheets), years_of([sheets[place] for place in order])
    assert [*references(first)] == [*references(other)]


def test_periods_are_months_seasons_and_the_year() -> None:
    assert len(PERIODS) == 17
    assert Years(["07690"], 2020, 3).values["tn.mean"].shape == (1, 3, 17)
