"""Each rule of a day's numbers, from staged rows to documents; and all days of a real month, reckoned a second time."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.fields import Observation
from weather_platform.domain.months import Month, month_range
from weather_platform.domain.parts import ALL_STATIONS, Parts
from weather_platform.domain.staging import StagedMonth
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.pipeline import MonthFigures, Seen, curated_days, documents
from weather_platform.storage.staging import StagingStore
from weather_platform_tests import real_months, sample_months
from weather_platform_tests.domain import reckoning
from weather_platform_tests.observations import NICE, NOWHERE, at, month_of
from weather_platform_tests.real_months import raw_object
from weather_platform_tests.storage.conftest import opened

Json = dict[str, Any]
NOON = datetime(2024, 2, 1, 12, tzinfo=UTC)
NOVEMBER, DECEMBER, JANUARY = Month(2023, 11), Month(2023, 12), Month(2024, 1)
KELVIN = 273.15


def days(staging: StagingStore, *observations: Observation, month: Month = DECEMBER) -> dict[str, Json]:
    """The documents by period of a database that holds only these observations of NICE, from November to January."""
    for each in month_range(NOVEMBER, JANUARY):
        staging.replace_month(str(each), month_of(o for o in observations if Month.of(o.date) == each))
    found = made(staging, month)
    assert found == made(read_again(staging), month)
    return {document.period: msgspec.to_builtins(document) for document in found}


def made(staging: StagingStore, month: Month) -> list[WeatherStats]:
    """The documents of a month's days; they are stored nowhere."""
    days = Parts([ALL_STATIONS], partial(staging.daily, (month.previous, month, month.next)))
    synthetic = staging.synthetic_objects(*curated_days(month))
    ((_, found),) = documents(MonthFigures(month, days, synthetic, Seen("", ("", "", ""))), NOON).documents
    return found


def read_again(staging: StagingStore) -> StagingStore:
    """The same database to a process that has staged nothing, so that it reads all rows."""
    return StagingStore(staging.engine, staging._csv_folder)


def test_rows_kept_since_staging_do_not_count_once_another_process_staged_the_month(
    module_staging: StagingStore,
) -> None:
    cold, warm = (at("2023-12-01T00", t=t) for t in (280, 290))
    module_staging.replace_month(str(DECEMBER), month_of([cold], raw_object(name=16 * "a")))
    read_again(module_staging).replace_month(str(DECEMBER), month_of([warm], raw_object(name=16 * "b")))
    (document,) = made(module_staging, DECEMBER)
    assert document.metrics.temperature.max == 16.85


NO_EXTREMES = {"tn": None, "tn_method": "missing", "tx": None, "tx_method": "missing"}


def rainfall(total: float | None, *, n: int, trace: bool = False, max_3h: float | None = None) -> Json:
    """The rain of a civil day."""
    return {"total": total, "max_3h": total if max_3h is None else max_3h, "trace": trace, "n": n}


def of_civil_day(document: Json) -> Json:
    """The rain of a document, that of the climatological day left out."""
    return {name: value for name, value in document["metrics"]["rainfall"].items() if not name.startswith("rr")}


def metric(staging: StagingStore, name: str, *observations: Observation) -> Mapping[str, Any]:
    """A metric of 1 December."""
    found: Mapping[str, Any] = days(staging, *observations)["2023-12-01"]["metrics"][name]
    return found


def test_a_day_has_a_document_if_it_has_an_observation(module_staging: StagingStore) -> None:
    found = days(module_staging, at("2023-12-01T00"), at("2023-12-03T21"), at("2023-12-31T21"))
    assert {period: document["observations"] for period, document in found.items()} == {
        "2023-12-01": 1,
        "2023-12-03": 1,
        "2023-12-31": 1,
    }


def test_a_day_is_the_civil_day_in_utc(module_staging: StagingStore) -> None:
    found = days(
        module_staging, at("2023-12-01T00", t=280), at("2023-12-01T23:59:59", t=290), at("2023-12-02T00", t=300)
    )
    assert [document["metrics"]["temperature"]["max"] for document in found.values()] == [16.85, 26.85]


def test_a_document_says_how_many_observations_of_how_many_expected(module_staging: StagingStore) -> None:
    found = days(module_staging, *(at(f"2023-12-01T{hour:02}") for hour in (0, 3, 6, 21)))["2023-12-01"]
    assert (found["observations"], found["expected"], found["day_rule"]) == (4, 8, "utc")


def test_temperature_is_that_of_the_readings_in_celsius(module_staging: StagingStore) -> None:
    readings = [
        at("2023-12-01T00", t=283.15),
        at("2023-12-01T03", t=284.2),
        at("2023-12-01T06"),
        at("2023-12-01T09", t=270),
    ]
    assert metric(module_staging, "temperature", *readings) == {
        "avg": 5.97,
        "min": -3.15,
        "max": 11.05,
        **NO_EXTREMES,
        "n": 3,
    }


def test_tn_and_tx_are_of_the_climatological_day(module_staging: StagingStore) -> None:
    """How each is found is tested in `domain.climate`."""
    found = metric(
        module_staging,
        "temperature",
        at("2023-12-01T06", tn12=275.35, tx12=281),
        at("2023-12-01T18", tn12=274.35, tx12=290.45),
        at("2023-12-02T06", tx12=280.15),
    )
    assert (found["tn"], found["tn_method"], found["tx"], found["tx_method"]) == (1.2, "extremes", 17.3, "extremes")


def test_an_erroneous_value_is_in_no_figure_and_is_counted(module_staging: StagingStore) -> None:
    """0 °C at noon between 17 and 19 °C."""
    readings = [at(f"2023-12-01T{hour}", t=t) for hour, t in (("09", 290.15), ("12", 273.15), ("15", 292.15))]
    found = days(module_staging, *readings)["2023-12-01"]
    assert {"avg": 18.0, "min": 17.0, "max": 19.0, "n": 2}.items() <= found["metrics"]["temperature"].items()
    assert found["flagged"] == {"erroneous": 1, "suspect": 0}
    assert found["observations"] == 3


def test_pressure_is_that_at_sea_level_in_hpa(module_staging: StagingStore) -> None:
    readings = [
        at("2023-12-01T00", pmer=101_325, pres=90_000),
        at("2023-12-01T03", pmer=99_360),
        at("2023-12-01T06", pres=1),
    ]
    assert metric(module_staging, "pressure", *readings) == {"avg": 1003.43, "min": 993.6, "max": 1013.25, "n": 2}


def test_wind_is_the_mean_and_the_strongest_of_the_10_min_means(module_staging: StagingStore) -> None:
    found = metric(
        module_staging, "wind_speed", at("2023-12-01T00", ff=3.7), at("2023-12-01T03", ff=0), at("2023-12-01T06")
    )
    assert (found["avg"], found["max"], found["gust"], found["n"]) == (1.85, 3.7, None, 2)


@pytest.mark.parametrize(
    ("gusts", "strongest"),
    [
        ([{"raf10": 11.2, "rafper": 9.9}], 11.2),
        ([{"raf10": 9.9, "rafper": 11.2}], 11.2),
        ([{"raf10": 9.9}, {"rafper": 11.2}], 11.2),
        ([{"raf10": 11.2}, {"raf10": 3.0}], 11.2),
        ([{"rafper": 0}], 0.0),
    ],
)
def test_the_gust_is_the_strongest_of_both_kinds(
    module_staging: StagingStore, gusts: list[dict[str, Any]], strongest: float
) -> None:
    readings = [at(f"2023-12-01T0{hour}", ff=1, **gust) for hour, gust in enumerate(gusts)]
    assert metric(module_staging, "wind_speed", *readings)["gust"] == strongest


@pytest.mark.parametrize(
    ("winds", "direction"),
    [
        pytest.param([(10, 5.0)] * 8, 10.0, id="steady"),
        pytest.param([(360, 5.0), (360, 2.0)], 360.0, id="north"),
        pytest.param([(350, 4.0), (10, 4.0)], 360.0, id="around north"),
        pytest.param([(90, 3.0), (180, 3.0)], 135.0, id="between"),
        pytest.param([(90, 1.0), (180, 3.0)], 161.57, id="by speed"),
        pytest.param([(270, 0.4)], 270.0, id="light"),
        pytest.param([(90, 5.0), (270, 5.0)], None, id="from opposite sides"),
        pytest.param([(0, 0.0), (0, 0.0)], None, id="calm"),
        pytest.param([(0, 0.0), (120, 2.0)], 120.0, id="calm at first"),
        pytest.param([(0, 9.0), (120, 2.0)], 120.0, id="of speed and no direction"),
        pytest.param([(None, 5.0)], None, id="from nowhere"),
        pytest.param([(120, None)], None, id="of no speed"),
        pytest.param([(120, None), (40, 2.0)], 40.0, id="of no speed at first"),
        pytest.param([(0, 0.0)] * 7 + [(120, 0.4)], 120.0, id="just no calm"),
        pytest.param([(0, 0.0)] * 8 + [(120, 0.4)], None, id="just calm"),
    ],
)
def test_the_direction_is_that_of_the_mean_vector(
    module_staging: StagingStore, winds: list[tuple[int | None, float | None]], direction: float | None
) -> None:
    readings = [at(f"2023-12-01T{hour:02}", dd=dd, ff=ff) for hour, (dd, ff) in enumerate(winds)]
    assert metric(module_staging, "wind_speed", *readings)["direction"] == direction


def test_rain_is_the_sum_of_3_h_readings_from_after_00_to_24(module_staging: StagingStore) -> None:
    readings = [at(f"2023-12-01T{hour:02}", rr3=hour / 10, rr1=hour / 20) for hour in range(0, 24, 3)]
    found = days(module_staging, *readings, at("2023-12-02T00", rr3=20), at("2023-12-02T03", rr3=7))
    assert of_civil_day(found["2023-12-01"]) == rainfall(28.4, max_3h=20.0, n=8)
    assert of_civil_day(found["2023-12-02"]) == rainfall(7.0, n=1)


def test_rain_before_the_first_reading_of_a_day_belongs_to_the_day_before(module_staging: StagingStore) -> None:
    """Also if the day before has no observation and no document: that rain belongs to no document."""
    found = days(module_staging, at("2023-12-01T00", rr3=5), at("2023-12-03T00", rr3=6))
    assert [document["metrics"]["rainfall"]["total"] for document in found.values()] == [None, None]


def test_a_trace_counts_as_zero_and_is_flagged_on_the_day_it_fell(module_staging: StagingStore) -> None:
    found = days(
        module_staging,
        at("2023-12-01T21", rr3=0.2),
        at("2023-12-02T00", rr3=0, rr_trace=2),
        at("2023-12-02T03", rr3=0, rr_trace=1 | 4 | 8 | 16),
    )
    assert of_civil_day(found["2023-12-01"]) == rainfall(0.2, trace=True, n=2)
    assert of_civil_day(found["2023-12-02"]) == rainfall(0.0, n=1)


def test_a_figure_with_no_value_behind_it_is_null(module_staging: StagingStore) -> None:
    found = days(module_staging, at("2023-12-01T03", rr1=3, pres=100_000, td=280))["2023-12-01"]
    assert found["metrics"] == {
        "temperature": {"avg": None, "min": None, "max": None, **NO_EXTREMES, "n": 0},
        "pressure": {"avg": None, "min": None, "max": None, "n": 0},
        "wind_speed": {"avg": None, "max": None, "gust": None, "direction": None, "n": 0},
        "rainfall": {**rainfall(None, n=0), "rr": None, "rr_method": "missing", "rr_known": None},
        "humidity": {"avg": None, "min": None, "max": None, "n": 0},
        "snow_depth": {"max": None, "n": 0},
    }
    assert found["extreme_events"] == []


def test_humidity_is_that_of_the_readings(module_staging: StagingStore) -> None:
    found = metric(
        module_staging, "humidity", at("2023-12-01T00", u=50), at("2023-12-01T03", u=85), at("2023-12-01T06")
    )
    assert found == {"avg": 67.5, "min": 50.0, "max": 85.0, "n": 2}


@pytest.mark.parametrize(
    ("depths_m", "deepest_cm"), [([0.03, 0.12], 12.0), ([-0.01], 0.0), ([-0.02, 0.005], 0.5), ([0], 0.0)]
)
def test_snow_that_does_not_cover_the_ground_has_no_depth(
    module_staging: StagingStore, depths_m: list[float], deepest_cm: float
) -> None:
    readings = [at(f"2023-12-01T0{hour}", ht_neige=depth) for hour, depth in enumerate(depths_m)]
    assert metric(module_staging, "snow_depth", *readings) == {"max": deepest_cm, "n": len(depths_m)}


def test_zero_is_a_value(module_staging: StagingStore) -> None:
    found = days(module_staging, at("2023-12-01T03", t=273.15, ff=0, raf10=0, rr3=0))["2023-12-01"]["metrics"]
    assert (found["temperature"]["avg"], found["wind_speed"]["avg"], found["rainfall"]["total"]) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("celsius", "average"),
    [
        ([0.01, 0.0], 0.01),
        ([-0.01, 0.0], -0.01),
        ([0.01, 0.0, 0.0], 0.0),
        ([0.004, 0.004, 0.008], 0.01),
        ([0.0049, 0.0051], 0.01),
        ([0.0049, 0.0050], 0.0),
        ([14.25, 14.26], 14.26),
    ],
)
def test_figures_are_rounded_once_to_2_decimals_halves_from_zero(
    module_staging: StagingStore, celsius: list[float], average: float
) -> None:
    readings = [at(f"2023-12-01T0{n}", t=round(KELVIN + c, 6)) for n, c in enumerate(celsius, 1)]
    assert metric(module_staging, "temperature", *readings)["avg"] == average


def test_a_document_names_the_raw_objects_behind_its_figures(module_staging: StagingStore) -> None:
    """Also those of the evening before and of the morning after, where they have what makes Tn, Tx or rain."""
    found = days(
        module_staging,
        at("2023-11-30T18", t=280, raw_object="before"),
        at("2023-11-30T21", u=50, raw_object="humidity"),
        *(at(f"2023-12-01T0{n}", raw_object=name) for n, name in enumerate("cab")),
        at("2023-12-01T21", t=280, raw_object="evening"),
        at("2023-12-02T00", rr3=1, raw_object="d"),
        at("2023-12-02T03", raw_object="e"),
        at("2023-12-02T06", tx12=285, rr24=2, raw_object="morning"),
        at("2023-12-03T00", raw_object="f"),
    )
    assert {day: document["provenance"]["raw_objects"] for day, document in found.items()} == {
        "2023-11-30": ["before", "humidity"],
        "2023-12-01": ["a", "b", "c", "d", "evening", "morning"],
        "2023-12-02": ["d", "e", "evening", "morning"],
        "2023-12-03": ["f"],
    }


def test_the_last_day_gets_its_last_rain_from_the_next_month(module_staging: StagingStore) -> None:
    last, next_ = at("2023-12-31T21", rr3=1.5), at("2024-01-01T00", rr3=2.5, rr_trace=0)
    assert days(module_staging, last)["2023-12-31"]["metrics"]["rainfall"]["total"] == 1.5
    assert days(module_staging, last, next_)["2023-12-31"]["metrics"]["rainfall"]["total"] == 4.0
    with_january = days(module_staging, last, next_, month=JANUARY)
    assert {day: document["metrics"]["rainfall"]["total"] for day, document in with_january.items()} == {
        "2023-12-31": 4.0,
        "2024-01-01": None,
    }


def test_a_month_is_curated_with_the_neighbouring_days_it_changes(module_staging: StagingStore) -> None:
    """Three before and three after it, where they have an observation; the months' stations may differ."""
    times = ("2023-11-27T21", "2023-11-28T00", "2024-01-03T21", "2024-01-04T00")
    observations = [*map(at, times), at("2023-12-01T00", NOWHERE)]
    for month in month_range(NOVEMBER, JANUARY):
        module_staging.replace_month(str(month), month_of(o for o in observations if Month.of(o.date) == month))
    found = made(module_staging, DECEMBER)
    assert {document.document_id for document in found} == {
        "07690:2023-11-28",
        f"{NOWHERE}:2023-12-01",
        "07690:2024-01-03",
    }


def test_every_document_of_a_month_is_what_a_second_reckoning_says(
    module_staging: StagingStore, tmp_path: Path
) -> None:
    wrong = real_months.erroneous(sample_months.publish(tmp_path / "data", ["2023-12"]), ["2023-12"])
    _as_reckoned(module_staging, sample_months.staged("2023-12"), wrong)


_FAILED_AT_DIJON = ("19T09", "20T21", "21T00", "21T03", "21T06", "21T09")
WRONG = {
    **{("07280", datetime.fromisoformat(f"2023-12-{time}")): ("td", "u") for time in _FAILED_AT_DIJON},
    **{("07072", datetime.fromisoformat(time)): ("ht_neige",) for time in ("2023-12-30T00", "2023-12-30T03")},
    ("07255", datetime.fromisoformat("2023-12-11T15")): ("ht_neige",),
}
"""Humidity and snow of the real December that `docs/quality.md` judges to be wrong."""


@pytest.mark.parametrize("module_staging", ["SQLite"], indirect=True)
def test_every_document_of_a_real_month_is_as_reckoned(module_staging: StagingStore, real_data: Path) -> None:
    _as_reckoned(module_staging, real_months.staged(real_data, "2023-12"), WRONG)


def _as_reckoned(staging: StagingStore, staged: StagedMonth, wrong: reckoning.Wrong) -> None:
    for month in (NOVEMBER, JANUARY):
        staging.replace_month(str(month), month_of([]))
    staging.replace_month(str(DECEMBER), staged)
    added_up = {
        document["_id"]: {
            "metrics": document["metrics"],
            "extreme_events": document["extreme_events"],
            "observations": document["observations"],
            "raw_objects": document["provenance"]["raw_objects"],
        }
        for document in map(msgspec.to_builtins, made(staging, DECEMBER))
    }
    assert added_up == reckoning.documents_of(staged.rows, wrong)


def _erroneous(staging: StagingStore) -> dict[tuple[str, datetime], list[str]]:
    """What quality control finds in NICE's observations; that it finds the right ones is tested in `domain.climate`."""
    wrong: dict[tuple[str, datetime], list[str]] = {}
    climates = [staging.month_climate(month) for month in month_range(NOVEMBER, JANUARY)]
    for flag in (flag for climate in climates if climate for flag in climate.flags):
        if flag.verdict == "erroneous":
            wrong.setdefault((NICE, flag.time), []).append(flag.field)
    return wrong


def _slot(hours: int) -> str:
    return (datetime.combine(date(2023, 11, 30), time()) + timedelta(hours=hours)).isoformat()


def _numbers(low: float, high: float, decimals: int) -> st.SearchStrategy[float]:
    scale = 10**decimals
    return st.integers(round(low * scale), round(high * scale)).map(lambda n: n / scale)


_observations = st.builds(
    lambda slot, raw, **values: at(_slot(slot), raw_object=raw, **values),
    slot=st.integers(0, 24).map(lambda n: n * 3) | st.integers(0, 72),
    raw=st.sampled_from("abc"),
    **{
        name: st.none() | strategy
        for name, strategy in {
            "t": _numbers(260, 310, 2) | _numbers(273.1, 273.2, 5),
            "tn12": _numbers(260, 300, 1),
            "tx12": _numbers(260, 310, 1),
            "pmer": st.integers(95_000, 105_000) | _numbers(100_000, 100_001, 3),
            # so that no mean vector is as long as `CALM_MS`, where the last digit decides
            "ff": _numbers(0, 40, 1).map(lambda speed: speed and round(speed + 0.003, 3)),
            "dd": st.integers(0, 36).map(lambda n: n * 10),
            "raf10": _numbers(0, 60, 1),
            "rafper": _numbers(0, 60, 1),
            "rr3": _numbers(0, 60, 1),
            "u": st.integers(1, 100),
            "ht_neige": _numbers(-0.02, 3, 2),
        }.items()
    },
)


@pytest.fixture(scope="module")
def small_staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StagingStore]:
    folder = tmp_path_factory.mktemp("small")
    with opened(f"sqlite:///{folder / 'staging.sqlite'}", folder / "csv") as store:
        yield store


@settings(deadline=None, max_examples=60)
@given(
    observations=st.lists(_observations, max_size=20, unique_by=lambda o: o.date), traces=st.sets(st.integers(0, 19))
)
def test_any_days_are_what_a_second_reckoning_says(
    small_staging: StagingStore, observations: list[Observation], traces: set[int]
) -> None:
    observations = [
        o._replace(rr3=0, rr_trace=2) if n in traces and o.rr3 is not None else o for n, o in enumerate(observations)
    ]
    found = days(small_staging, *observations)
    reckoned = reckoning.days_of(observations, _erroneous(small_staging) if observations else {})
    assert [date.fromisoformat(period) for period in found] == list(reckoned)
    for document, day in zip(found.values(), reckoned.values(), strict=True):
        wind = document["metrics"]["wind_speed"]
        direction = day["metrics"]["wind_speed"].pop("direction")
        assert wind.pop("direction") == (None if direction is None else pytest.approx(direction, abs=0.011))
        assert document["metrics"] == day["metrics"]
        assert document["extreme_events"] == day["extreme_events"]
        assert document["observations"] == day["observations"]
        assert document["provenance"]["raw_objects"] == day["raw_objects"]
