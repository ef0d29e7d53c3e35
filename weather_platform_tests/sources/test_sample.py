"""The sample is in the portal's form, the same on every call, physically possible, and like the real network."""

import gzip
import io
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month, month_range
from weather_platform.domain.parsing import Parsed, parse
from weather_platform.domain.record_files import cut
from weather_platform.domain.stations import STATIONS
from weather_platform.sources.port import Source
from weather_platform.sources.sample import FIELDS, SampleSource, sample_stations, write_sample

DATA = Path(__file__).resolve().parents[2] / "data"
DECEMBER = Month(2023, 12)
JANUARY, JULY = Month(2024, 1), Month(2024, 7)
SHIPPED_2024 = ("07110", "07149", "07481", "07650", "07690")
COLUMNS = (
    *(
        "numer_sta",
        "date",
        "t",
        "td",
        "u",
        "tn12",
        "tx12",
        "tn24",
        "tx24",
        "tminsol",
        "pmer",
        "pres",
        "dd",
        "ff",
        "raf10",
    ),
    *("rafper", "per", "rr1", "rr3", "rr6", "rr12", "rr24", "n", "vv", "ww", "ht_neige"),
)
AUTOMATIC = ("07591", "61968", "78922", "81415")

Records = list[dict[str, Any]]


def records_of(*months: Month, stations: tuple[str, ...] | None = None, seed: int = 1) -> Records:
    out = io.BytesIO()
    write_sample(out, months, stations, seed)
    records: Records = json.loads(out.getvalue())
    return records


@lru_cache
def december() -> Records:
    return records_of(DECEMBER)


def frame(*months: Month, seed: int = 1) -> pd.DataFrame:
    """Records as numbers, by station and time, with the UTC hour."""
    return pd.concat([month_frame(month, seed) for month in months]).sort_index()


@lru_cache
def month_frame(month: Month, seed: int) -> pd.DataFrame:
    observed = pd.DataFrame(records_of(month, seed=seed), columns=COLUMNS)
    observed["date"] = pd.to_datetime(observed["date"])
    observed["hour"] = observed["date"].dt.hour
    return observed.set_index(["numer_sta", "date"])


def frame_of(month: Month, station: str) -> pd.DataFrame:
    return pd.DataFrame(records_of(month, stations=(station,)), columns=COLUMNS)


def earlier(observed: pd.DataFrame, column: str, hours: int) -> pd.Series:
    """The column some hours before each observation, null where there was none."""
    date = pd.DatetimeIndex(observed.index.get_level_values("date")) - pd.Timedelta(hours=hours)
    then = pd.MultiIndex.from_arrays([observed.index.get_level_values("numer_sta"), date])
    return pd.Series(observed[column].reindex(then).to_numpy(), index=observed.index)


# Form


def test_every_record_has_every_field_in_the_order_of_the_dataset() -> None:
    assert {tuple(record) for record in december()} == {FIELDS}


def test_the_first_record_is_in_the_portals_form() -> None:
    first = december()[0]
    assert {name: first[name] for name in FIELDS[:2]} == {"numer_sta": "07005", "date": "2023-12-01T00:00:00+00:00"}
    assert {name: first[name] for name in FIELDS[59:62]} == {
        "coordonnees": {"lon": 1.834, "lat": 50.136},
        "nom": "ABBEVILLE",
        "type_de_tendance_barometrique": None,
    }
    assert {name: first[name] for name in FIELDS[-13:]} == {
        "altitude": 69,
        "libgeo": None,
        "codegeo": None,
        "nom_epci": None,
        "code_epci": None,
        "nom_dept": "Somme",
        "code_dep": "80",
        "nom_reg": "Hauts-de-France",
        "code_reg": None,
        "mois_de_l_annee": 12,
        "synthetic": True,
        "latitude": 50.136,
        "longitude": 1.834,
    }


@pytest.mark.parametrize(
    ("names", "type_"),
    [
        (("pmer", "dd", "u", "altitude", "mois_de_l_annee"), int),
        (("tend", "ff", "t", "td", "vv", "n", "pres", "tn12", "raf10", "per", "ht_neige", "rr1", "rr24", "tc"), float),
        (("numer_sta", "date", "cod_tend", "ww", "etat_sol", "nom"), str),
        (("synthetic",), bool),
    ],
)
def test_fields_are_of_the_types_of_the_dataset(names: tuple[str, ...], type_: type) -> None:
    seen = {name: {type(record[name]) for record in december()} - {type(None)} for name in names}
    assert seen == {name: {type_} for name in names}


@pytest.mark.parametrize(
    ("celsius", "kelvin"), [("tc", "t"), ("tn12c", "tn12"), ("tx24c", "tx24"), ("tminsolc", "tminsol")]
)
def test_celsius_is_the_unrounded_difference(celsius: str, kelvin: str) -> None:
    assert all(
        record[celsius] == (None if record[kelvin] is None else record[kelvin] - 273.15) for record in december()
    )


def test_the_parser_refuses_no_record() -> None:
    body = SampleSource().fetch(DECEMBER).body
    assert {type(outcome) for outcome in parse(cut(body))} == {Parsed}


def test_it_is_a_source_and_says_that_it_is_synthetic() -> None:
    source: Source = SampleSource(seed=3)
    provenance = source.fetch(DECEMBER, ["07690"]).provenance
    assert (provenance.source, provenance.name, provenance.synthetic) == (
        "sample",
        "sample:2023-12?seed=3&stations=07690",
        True,
    )
    assert "Synthetic" in provenance.licence


# The same on every call


def test_fetch_and_write_make_the_same_bytes() -> None:
    out = io.BytesIO()
    written = write_sample(out, [DECEMBER])
    assert out.getvalue() == SampleSource().fetch(DECEMBER).body
    assert written == len(out.getvalue())


def test_a_month_alone_equals_the_same_month_among_others() -> None:
    two = ("07690", "61998")
    among = records_of(Month(2023, 11), DECEMBER, JANUARY, stations=two)
    assert records_of(DECEMBER, stations=two) == [record for record in among if record["date"].startswith("2023-12")]


@pytest.mark.parametrize("station", ["07690", "07661", "61998", "89642", "81415"])
def test_a_station_alone_equals_itself_among_all(station: str) -> None:
    among = [record for record in december() if record["numer_sta"] == station]
    assert records_of(DECEMBER, stations=(station,)) == among


@given(
    st.integers(-(2**70), 2**70),
    st.sets(st.sampled_from(sample_stations(80)), min_size=1, max_size=4),
    st.builds(Month, st.integers(1950, 2100), st.integers(1, 12)),
)
@settings(max_examples=8, deadline=None)
def test_seed_month_and_station_decide_a_record(seed: int, stations: set[str], month: Month) -> None:
    together = records_of(month, stations=tuple(stations), seed=seed)
    apart = [record for station in stations for record in records_of(month, stations=(station,), seed=seed)]
    in_order = sorted(apart, key=lambda record: (record["date"], record["numer_sta"]))
    assert together == in_order


def test_another_seed_is_other_weather() -> None:
    assert records_of(DECEMBER, stations=("07690",), seed=2) != records_of(DECEMBER, stations=("07690",), seed=1)


# Amounts


def test_a_sample_may_hold_the_first_days_of_each_month() -> None:
    out = io.BytesIO()
    write_sample(out, [JANUARY, JULY], ["07690"], days_of_month=2)
    days = {record["date"][:10] for record in json.loads(out.getvalue())}
    assert days == {"2024-01-01", "2024-01-02", "2024-07-01", "2024-07-02"}


def test_no_month_is_an_empty_array() -> None:
    out = io.BytesIO()
    assert (write_sample(out, []), out.getvalue()) == (2, b"[]")


def test_a_gz_path_is_written_gzipped_and_without_the_time(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_sample(tmp_path / name / "nice.json.gz", [DECEMBER], ["07690"])
    plain = tmp_path / "nice.json"
    write_sample(plain, [DECEMBER], ["07690"])
    first, second = ((tmp_path / name / "nice.json.gz").read_bytes() for name in ("a", "b"))
    assert first == second
    assert gzip.decompress(first) == plain.read_bytes()


def test_more_stations_than_there_are_get_numbers_and_places_of_their_own() -> None:
    numbers = sample_stations(200)
    assert numbers[:62] == tuple(STATIONS)
    out = io.BytesIO()
    write_sample(out, [DECEMBER], numbers, days_of_month=2)
    records = json.loads(out.getvalue())
    places = {record["numer_sta"]: (record["latitude"], record["longitude"], record["nom"]) for record in records}
    assert places.keys() == set(numbers)
    assert len({place[:2] for place in places.values()}) == 200
    assert places["99999"][2] == "STATION_99999"
    invented = np.array([places[number][:2] for number in numbers[62:]])
    assert (np.abs(invented) <= (72, 180)).all()
    assert np.ptp(invented, axis=0).min() > 100


@pytest.mark.parametrize("wrong", ["7690", "NICE", "07690; drop"])
def test_an_invalid_station_number_is_refused(wrong: str) -> None:
    with pytest.raises(BadInput):
        SampleSource().fetch(DECEMBER, [wrong])


# What is missing


@pytest.mark.parametrize(
    ("stations", "names"),
    [
        (("07471", "07591", "07661"), ("pmer",)),
        (("07661",), ("t", "tc", "td", "u", "tn12", "tx12", "tminsol")),
        (("07661", "89642"), ("rr1", "rr3", "rr6", "rr12", "rr24")),
        (AUTOMATIC, ("n", "vv", "ww", "raf10", "rafper", "per", "tn12", "tx12")),
        (("07690", "07020", "61980"), ("tn24", "tx24")),
    ],
)
def test_what_a_station_never_reports_is_null(stations: tuple[str, ...], names: tuple[str, ...]) -> None:
    records = [record for record in december() if record["numer_sta"] in stations]
    assert {record[name] for record in records for name in names} == {None}


def test_kerguelen_reports_rain_of_three_hours_at_every_second_time() -> None:
    kerguelen = frame(DECEMBER).loc["61998"]
    assert set(kerguelen.hour[kerguelen.rr3.notna()]) == {3, 9, 15, 21}


@pytest.mark.parametrize(
    ("station", "lowest", "highest"),
    [
        ("07690", {6, 18}, {6, 18}),
        ("71805", {6, 18}, {6, 18}),
        ("81405", {12}, {0}),
        ("78925", {12}, {0, 18}),
        ("61998", {6}, {18}),
        ("89642", {0, 12}, {0, 12}),
        ("61980", set(), set()),
    ],
)
def test_extremes_of_twelve_hours_come_at_the_stations_hours(station: str, lowest: set[int], highest: set[int]) -> None:
    sent = frame(DECEMBER).loc[station]
    assert (set(sent.hour[sent.tn12.notna()]), set(sent.hour[sent.tx12.notna()])) == (lowest, highest)


def test_automatic_stations_send_the_extremes_of_a_day_at_every_hour() -> None:
    embrun = frame(DECEMBER).loc["07591"]
    assert set(embrun.hour[embrun.tn24.notna()]) == set(embrun.hour[embrun.tx24.notna()]) == set(range(0, 24, 3))


@pytest.mark.parametrize("name", ["rr1", "rr3", "rr6", "rr12", "rr24", "u", "ht_neige", "ww", "vv", "n", "tminsol"])
def test_a_staffed_station_sends_what_climatology_needs_every_hour(name: str) -> None:
    tours = frame(DECEMBER).loc["07240"]
    assert set(tours.hour[tours[name].notna()]) == set(range(0, 24, 3))


def test_a_year_has_times_at_which_no_station_reports() -> None:
    year = list(month_range(JANUARY, Month(2024, 12)))
    times = {record["date"] for record in records_of(*year, stations=("07110", "07690", "61980"))}
    assert 5 <= 366 * 8 - len(times) <= 60


def test_some_stations_have_holes_and_most_have_none() -> None:
    reports = frame(DECEMBER).groupby("numer_sta").size()
    assert 0.1 <= (reports < reports.max()).mean() <= 0.5
    assert reports.min() < 240


def test_codes_that_are_no_quantities_occur() -> None:
    observed = frame(DECEMBER)
    assert (observed.n == 101).any()
    assert set(observed.per.dropna()) == {-10.0, -60.0}
    assert 0.03 <= (observed.rr3 == -0.1).sum() / observed.rr3.count() <= 0.15
    assert 0.002 <= (observed.dd == 0).mean() <= 0.06


# Possible and believable


@pytest.mark.parametrize("seed", [1, 2])
def test_values_are_possible(seed: int) -> None:
    observed = frame(JANUARY, JULY, seed=seed)
    limits = {
        "t": (215, 318), "u": (1, 100), "ff": (0, 45), "rafper": (0, 65), "dd": (0, 360), "pres": (85_000, 105_000),
        "pmer": (92_000, 105_500), "vv": (0, 80_000), "rr1": (-0.1, 80), "rr24": (-0.1, 400), "ht_neige": (0, 1),
    }  # fmt: skip
    for name, (low, high) in limits.items():
        assert observed[name].dropna().between(low, high).all(), name
    assert not (observed.td > observed.t).any()
    assert not (observed.raf10 < observed.ff).any()
    assert not (observed.rafper < observed.raf10).any()
    assert ((observed.dd == 0) == (observed.ff == 0))[observed.ff.notna()].all()


@pytest.mark.parametrize(("long", "short", "hours"), [("rr6", "rr3", 3), ("rr12", "rr6", 6), ("rr24", "rr12", 12)])
def test_longer_rain_sums_are_the_shorter_ones_added_across_months_too(long: str, short: str, hours: int) -> None:
    observed = frame(DECEMBER, JANUARY).drop(index="61998")
    amounts = observed[[long, short]].clip(lower=0)
    halves = amounts[short] + earlier(observed.assign(**{short: amounts[short]}), short, hours)
    both = halves.notna() & amounts[long].notna()
    assert both.sum() > 25_000
    assert np.allclose(halves[both], amounts.loc[both, long], atol=1e-6)


@pytest.mark.parametrize(("low", "high", "hours"), [("tn12", "tx12", 12), ("tn24", "tx24", 24)])
def test_extremes_enclose_the_readings_they_cover(low: str, high: str, hours: int) -> None:
    observed = frame(DECEMBER)
    for before in range(0, hours, 3):
        reading = earlier(observed, "t", before)
        assert not (reading < observed[low]).any()
        assert not (reading > observed[high]).any()


def test_a_month_is_like_the_real_one(real_data: Path) -> None:
    published = pd.read_csv(
        real_data / "meteofrance-monthly/synop.202312.csv.gz",
        sep=";",
        na_values="mq",
        usecols=["numer_sta", "t", "pmer", "ff", "rr3"],
        dtype={"numer_sta": str},
    )
    real, ours = (observed.groupby("numer_sta") for observed in (published, frame(DECEMBER)))
    assert (real.t.mean() - ours.t.mean()).abs().mean() < 2.5
    assert (real.pmer.mean() - ours.pmer.mean()).abs().max() < 2000
    assert (real.ff.mean() - ours.ff.mean()).abs().mean() < 1.7
    assert abs((published.rr3 > 0).mean() - (frame(DECEMBER).rr3 > 0).mean()) < 0.08


def test_years_differ_as_real_ones_do_and_grow_warmer() -> None:
    """The Januaries and Julies of twenty years at ORLY: a spread of 1 to 2.5 °C, and 0.3 °C a decade."""
    for number in (1, 7):
        years = [Month(year, number) for year in range(2001, 2021)]
        means = pd.Series([frame_of(month, "07149").t.mean() for month in years])
        assert 1.0 < means.std() < 2.5
    by_decade = [
        np.mean([frame_of(Month(year, month), "07149").t.mean() for year in years for month in (1, 4, 7, 10)])
        for years in (range(1996, 2006), range(2016, 2026))
    ]
    assert 0 < by_decade[1] - by_decade[0] < 1.5


# What ships


def test_the_posted_year_is_what_the_generator_makes() -> None:
    out = io.BytesIO()
    write_sample(out, month_range(JANUARY, Month(2024, 12)), SHIPPED_2024, seed=1, days_of_month=5)
    shipped = (DATA / "ingestion/2024.json").read_bytes()
    assert shipped == out.getvalue()
    assert len(shipped) < 3_100_000


def test_the_shipped_december_is_what_the_generator_makes() -> None:
    shipped = (DATA / "samples/2023-12.json.gz").read_bytes()
    assert gzip.decompress(shipped) == SampleSource(seed=1).fetch(DECEMBER).body
    assert len(shipped) < 2_000_000
