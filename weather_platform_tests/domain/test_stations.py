"""The reference table equals the published one and is true to other tables; slugs are safe and stable."""

import csv
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weather_platform.domain.search import place_key
from weather_platform.domain.stations import STATIONS, Station, fold, slugify, station_for
from weather_platform.domain.towns import departments, distance_km, towns

NICE = STATIONS["07690"]


def test_the_reference_table_equals_the_published_one(real_data: Path) -> None:
    with (real_data / "meteofrance-monthly/postesSynop.csv").open(encoding="ascii", newline="") as handle:
        published = [
            (row["ID"], row["Nom"], float(row["Latitude"]), float(row["Longitude"]), int(row["Altitude"]))
            for row in csv.DictReader(handle, delimiter=";")
        ]
    ours = [(s.station_id, s.name, s.latitude_deg, s.longitude_deg, s.altitude_m) for s in STATIONS.values()]
    assert ours == published


def test_there_are_62_verified_stations_by_their_number() -> None:
    assert len(STATIONS) == 62
    assert all(number == station.station_id and station.verified for number, station in STATIONS.items())


def test_no_two_reference_stations_share_a_slug() -> None:
    assert len({station.slug for station in STATIONS.values()}) == 62


def test_a_reference_station_knows_its_department_and_region() -> None:
    assert (NICE.department, NICE.department_code, NICE.region) == (
        "Alpes-Maritimes",
        "06",
        "Provence-Alpes-Côte d'Azur",
    )
    kerguelen = STATIONS["61998"]
    assert (kerguelen.department, kerguelen.region) == (None, None)
    assert kerguelen.territory == "Terres australes et antarctiques françaises"


def test_the_department_of_a_station_is_that_of_the_nearest_town() -> None:
    """Independent of the table: towns are INSEE's and GeoNames'. No town within 100 km means a wrong department."""
    for station in STATIONS.values():
        assert station.latitude_deg is not None
        assert station.longitude_deg is not None
        here = (station.latitude_deg, station.longitude_deg)
        away_km, code = min((distance_km(*here, t.latitude_deg, t.longitude_deg), t.department_code) for t in towns())
        expected = code if away_km < 100 and code not in ("975", "977") else None
        assert station.department_code == expected, station.name
        if station.department_code:
            department = departments()[station.department_code]
            assert (station.department, station.region) == (department.name, department.region)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("NICE", "nice"),
        ("PLOUMANAC'H", "ploumanac_h"),
        ("RENNES-ST JACQUES", "rennes_st_jacques"),
        ("Saint-Étienne – Bouthéon", "saint_etienne_boutheon"),
        ("Cœur d’Île", "coeur_d_ile"),
        ("2 ALPES", "_2_alpes"),
        ("drop table `x`; --", "drop_table_x"),
        ("東京", "_"),
    ],
)
def test_slugs_are_lower_case_ascii_words(name: str, slug: str) -> None:
    assert slugify(name) == slug


@given(st.text())
def test_every_slug_is_an_sql_identifier(name: str) -> None:
    assert re.fullmatch(r"[a-z_][a-z0-9_]*", slugify(name))


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_known_number_is_the_reference_station_under_any_name() -> None:
    assert station_for("07207", "Belle Ile-Le Talut") is STATIONS["07207"]


@pytest.mark.parametrize(
    ("name", "expected"), [(None, "STATION_07999"), (" ", "STATION_07999"), ("Mont Aigoual", "Mont Aigoual")]
)
def test_an_unknown_number_is_an_unverified_station_named_by_number(name: str | None, expected: str) -> None:
    assert station_for("07999", name) == Station(station_id="07999", name=expected, slug="station_07999")


def test_an_unknown_station_never_gets_the_slug_of_its_namesake() -> None:
    assert station_for("07691", "NICE").slug == "station_07691"


def test_each_station_has_a_display_name_a_territory_and_a_time_zone() -> None:
    for station in STATIONS.values():
        assert place_key(station.display_name)
        assert station.territory
        assert station.timezone
        ZoneInfo(station.timezone)  # raises for a name that tzdata does not have


def test_a_station_without_a_display_name_is_called_as_files_call_it() -> None:
    assert station_for("07999", "Mont Aigoual").display_name == "Mont Aigoual"
