"""References, ranks, records and rankings through the stores."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from weather_platform.climatology import Climatology, Comparison, months_of
from weather_platform.domain.climate.figures import FIGURES, Sheet
from weather_platform.domain.climate.ranks import Rank, StationRank
from weather_platform.domain.climate.records import RecordValue
from weather_platform.domain.climate.reference import Anomaly, Reference, TooFewYears
from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month
from weather_platform.domain.stations import STATIONS
from weather_platform.pipeline import curate_month, open_stores
from weather_platform.settings import Settings
from weather_platform.storage.monthly import MonthQuery
from weather_platform.storage.opening import Stores
from weather_platform_tests import real_months, sample_months
from weather_platform_tests.storage.sheets import sheet

NICE, ORLY = "07690", "07149"
DECEMBER = Month(2023, 12)
DECEMBERS = {2014 + n: mm for n, mm in enumerate((40.0, 90.0, 70.0, 70.0, 55.0, 30.0, 20.0, 10.0, 5.0, 80.0))}


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    stores = Stores(Settings.from_environment({"WEATHER_HOME": str(tmp_path)}))
    yield stores
    stores.close()


def rain(stores: Stores, years: dict[int, float], station: str = NICE, status: str = "complete") -> None:
    for year, mm in years.items():
        month = f"{year}-12"
        kept = [each for each in stores.monthly.find() if each.month == month and each.station_id != station]
        stores.monthly.replace(
            Month.parse(month), [*kept, sheet(station, month, rr={"total": mm, "status": status, "n": 31})]
        )


def test_nine_years_give_no_comparison_and_say_how_many_they_are(stores: Stores) -> None:
    rain(stores, dict(list(DECEMBERS.items())[:9]))
    assert Climatology(stores).compared(NICE, 2014, "12", "rr.total") == Comparison(
        figure="rr.total",
        value=40.0,
        status="complete",
        reference=TooFewYears(n=9),
        anomaly=None,
        rank=TooFewYears(n=9),
    )


def test_ten_years_give_an_average_an_anomaly_and_a_rank_with_ties(stores: Stores) -> None:
    rain(stores, DECEMBERS)
    climatology = Climatology(stores)
    assert climatology.compared(NICE, 2016, "12", "rr.total") == Comparison(
        figure="rr.total",
        value=70.0,
        status="complete",
        reference=Reference(
            station_id=NICE,
            period="12",
            figure="rr.total",
            kind="average",
            n=10,
            first_year=2014,
            last_year=2023,
            mean=47.0,
            median=47.5,
            p10=9.5,
            p90=81.0,
            lowest=5.0,
            lowest_years=(2022,),
            highest=90.0,
            highest_years=(2015,),
        ),
        anomaly=Anomaly(difference=23.0, ratio_percent=148.9),
        rank=Rank(
            highest=3,
            lowest=7,
            of=10,
            tied_years=(2017,),
            first_year=2014,
            last_year=2023,
            incomplete=0,
            at_least=False,
        ),
    )
    after_the_tie = climatology.compared(NICE, 2018, "12", "rr.total").rank
    assert isinstance(after_the_tie, Rank)
    assert after_the_tie.highest == 5


def test_a_corrected_month_changes_what_is_usual(stores: Stores) -> None:
    rain(stores, DECEMBERS)
    climatology = Climatology(stores)
    before = climatology.reference(NICE, "12", "rr.total")
    rain(stores, {2014: 140.0})
    after = climatology.reference(NICE, "12", "rr.total")
    assert isinstance(before, Reference)
    assert isinstance(after, Reference)
    assert (before.mean, after.mean) == (47.0, 57.0)


def test_stations_with_too_few_days_stand_in_no_ranking_unless_asked(stores: Stores) -> None:
    rain(stores, {2023: 63.0})
    rain(stores, {2023: 1.0}, ORLY, "incomplete")
    climatology = Climatology(stores)
    nice = StationRank(station_id=NICE, value=63.0, status="complete", rank=1)
    orly = StationRank(station_id=ORLY, value=1.0, status="incomplete", rank=None, at_least=True)
    assert climatology.ranking("rr.total", 2023, "12", lowest_first=True) == [nice]
    assert climatology.ranking("rr.total", 2023, "12", lowest_first=True, incomplete=True) == [nice, orly]
    assert climatology.ranking("rr.total", 2023, "12", stations=[ORLY]) == []


def test_records_name_every_day_and_the_months_that_are_loaded(stores: Stores) -> None:
    rain(stores, DECEMBERS)
    (wettest,) = [
        (each.record.value, each.record.days[0].year, each.first_month, each.last_month)
        for each in Climatology(stores).records(NICE)
        if each.record and (each.figure, each.lowest, each.period) == ("rr.total", False, "12")
    ]
    assert wettest == (90.0, 2015, "2014-12", "2023-12")


def test_winter_is_named_by_the_year_of_its_january() -> None:
    assert months_of(2024, "DJF") == (Month(2023, 12), Month(2024, 2))
    assert months_of(2024, "SON") == (Month(2024, 9), Month(2024, 11))
    with pytest.raises(BadInput, match="is not a period"):
        months_of(2024, "winter")


def test_a_page_gets_all_of_a_citys_month_at_once(tmp_path: Path) -> None:
    stores = open_stores(Settings.from_environment({"WEATHER_HOME": str(tmp_path)}))
    staged = sample_months.staged("2023-12", (NICE, ORLY))
    stores.staging.replace_month("2023-12", staged)
    curate_month(stores, DECEMBER)
    found = Climatology(stores).city_month(STATIONS[NICE], DECEMBER)
    assert found.sheet == stores.monthly.get(NICE, DECEMBER)
    assert set(found.comparisons) == set(FIGURES)
    assert found.comparisons["tx.max"].value == found.sheet.tx.max
    assert found.records["tx.max", False].record == RecordValue(
        value=found.sheet.tx.max or 0, days=found.sheet.tx.max_days
    )
    assert [day.date.date() for day in found.days] == DECEMBER.days
    assert {day.station_id for day in found.days} == {NICE}
    values = {(flag.verdict, flag.time, flag.field) for flag in found.flags}
    assert +Counter(verdict for verdict, *_ in values) == +Counter(found.sheet.flagged)
    stores.close()


def test_of_a_month_that_is_not_loaded_a_page_gets_empty_parts(stores: Stores) -> None:
    stores.staging.ensure()
    found = Climatology(stores).city_month(STATIONS[NICE], DECEMBER)
    assert (found.sheet, found.records, found.days, found.flags) == (None, {}, [], [])
    assert found.comparisons["rr.total"] == Comparison(
        figure="rr.total", value=None, status="missing", reference=TooFewYears(n=0), anomaly=None, rank=None
    )


WORKED = {
    "2023-01": {"61980": [("rr.max", 344.7, 25)]},
    "2023-08": {"07650": [("tn.min", 13.1, 8)]},
    "2023-12": {
        "07690": [("rr.max", 35.3, 8), ("tn.min", 5.2, 6)],
        "07790": [("tn.min", 3.8, 18)],
        "07761": [("tn.min", 2.3, 19)],
    },
}
"""Extremes and their first days at GILLOT, MARIGNANE, NICE, BASTIA and AJACCIO, reckoned by hand from the archive."""


def test_the_real_months_have_the_extremes_that_were_reckoned_by_hand(tmp_path: Path, real_data: Path) -> None:
    stores = open_stores(Settings.from_environment({"WEATHER_HOME": str(tmp_path)}))
    found: dict[str, dict[str, list[tuple[str, float, int]]]] = {}
    for month, wanted in WORKED.items():
        whole = real_months.staged(real_data, month)
        rows = {station: whole.rows[station] for station in wanted}
        stores.staging.replace_month(month, msgspec.structs.replace(whole, rows=rows))
        curate_month(stores, Month.parse(month))
        for station, figures in wanted.items():
            sheet_of = stores.monthly.get(station, Month.parse(month))
            for name, *_ in figures:
                element, _, field = name.partition(".")
                part = getattr(sheet_of, element)
                extreme = (name, getattr(part, field), getattr(part, f"{field}_days")[0].day)
                found.setdefault(month, {}).setdefault(station, []).append(extreme)
    stores.close()
    assert found == WORKED


def test_all_stations_at_once_are_compared_as_each_alone(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    rain(stores, DECEMBERS)
    rain(stores, {year: mm + 3 for year, mm in DECEMBERS.items() if year > 2014}, ORLY)
    alone, together = Climatology(stores), Climatology(stores)
    read: list[MonthQuery] = []
    figures = stores.monthly.figures

    def noted(query: MonthQuery) -> Iterator[Sheet]:
        read.append(query)
        return figures(query)

    def answers(of: Climatology) -> list[Comparison]:
        return [each for s in (NICE, ORLY) for p in ("12", "DJF") for each in of.comparisons(s, 2016, p)]

    monkeypatch.setattr(stores.monthly, "figures", noted)
    together.prepare()
    assert len(read) == len(DECEMBERS)
    assert answers(together) == answers(alone)
    assert together.references(ORLY) == alone.references(ORLY)
    stores.monthly.replace(DECEMBER, [sheet(NICE, "2023-12", rr={"total": 1.0, "status": "complete", "n": 31})])
    read.clear()
    together.prepare()
    assert [(query.first, query.last) for query in read] == [(DECEMBER, DECEMBER)]
    assert answers(together) == answers(alone)
