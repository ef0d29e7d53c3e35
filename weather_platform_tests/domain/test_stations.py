"""The reference table equals the published one; words find stations; slugs are safe and stable."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weather_platform.domain.errors import UnknownCity
from weather_platform.domain.stations import (
    STATIONS,
    Station,
    chosen_station,
    find_station,
    fold,
    slugify,
    station_for,
)

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
    assert (STATIONS["61998"].department, STATIONS["61998"].region) == ("TAAF", None)


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


def test_a_known_number_is_the_reference_station_whatever_the_file_calls_it() -> None:
    assert station_for("07207", "Belle Ile-Le Talut") is STATIONS["07207"]


@pytest.mark.parametrize(
    ("name", "expected"), [(None, "STATION_07999"), (" ", "STATION_07999"), ("Mont Aigoual", "Mont Aigoual")]
)
def test_an_unknown_number_is_an_unverified_station_named_after_its_number(name: str | None, expected: str) -> None:
    assert station_for("07999", name) == Station(station_id="07999", name=expected, slug="station_07999")


def test_an_unknown_station_never_gets_the_slug_of_its_namesake() -> None:
    assert station_for("07691", "NICE").slug == "station_07691"


@pytest.mark.parametrize("text", ["nice", "NICE", " Nicé ", "07690", "7690"])
def test_a_station_is_found_by_slug_name_or_number(text: str) -> None:
    assert find_station(text, STATIONS) is NICE


@pytest.mark.parametrize("text", ["", " ", ",,", "\ufffd\0"])
def test_a_blank_is_no_station(text: str) -> None:
    with pytest.raises(UnknownCity):
        find_station(text, {**STATIONS, "00000": station_for("00000")})


@pytest.mark.parametrize("text", ["plôumanac’h", "PLOUMANAC'H", "ploumanac_h", "ploumanac h", "Ploumanac-H"])
def test_accents_quotes_and_dashes_are_forgiven(text: str) -> None:
    assert find_station(text, STATIONS).station_id == "07117"


@pytest.mark.parametrize("text", ["station_07999", "Mont Aïgoual", "07999"])
def test_an_unverified_station_is_found_alike(text: str) -> None:
    aigoual = station_for("07999", "MONT AIGOUAL")
    assert find_station(text, {**STATIONS, "07999": aigoual}) is aigoual


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("nise", "Did you mean NICE?"),
        ("lyon", "Did you mean LYON-ST EXUPERY?"),
        ("saint", "Did you mean SAINT LAURENT or SAINT GEORGES?"),
        ("bourdeaux", "Did you mean BORDEAUX-MERIGNAC?"),
        ("breste", "Did you mean BREST-GUIPAVAS?"),
        ("atlantis", "Use a station's name, slug or WMO number, for example NICE, nice or 07690."),
        ("mareille", "Use a station's name, slug or WMO number, for example NICE, nice or 07690."),
        ("zzzzzz", "Use a station's name, slug or WMO number, for example NICE, nice or 07690."),
        ("", "Use a station's name, slug or WMO number, for example NICE, nice or 07690."),
    ],
)
def test_an_unknown_city_is_told_the_nearest(text: str, cure: str) -> None:
    with pytest.raises(UnknownCity) as refused:
        find_station(text, STATIONS)
    assert (refused.value.cause, refused.value.cure) == (f"{text!r} is no station here.", cure)


def test_every_wmo_number_can_be_chosen_and_names_only_of_stations_that_are_known() -> None:
    assert chosen_station("07002") == station_for("07002")
    assert chosen_station(" 07690 ") is chosen_station("nice") is NICE
    boulogne = station_for("07002", "BOULOGNE")
    assert chosen_station("Boulogne", lambda: {"07002": boulogne}) is boulogne
    for unknown in ("boulogne", "07 002", "7002", "070021", "٠٧٠٠٢"):
        with pytest.raises(UnknownCity):
            chosen_station(unknown)
