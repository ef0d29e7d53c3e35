"""Words find stations as people write them: names, towns, postcodes, departments and regions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weather_platform.domain.errors import UnknownCity
from weather_platform.domain.search import (
    Match,
    chosen_station,
    find_station,
    keywords,
    known_station,
    place_key,
    search,
)
from weather_platform.domain.stations import STATIONS, Station, station_for
from weather_platform.domain.towns import department_of_postcode, departments, distance_km, prefecture, towns

NICE = STATIONS["07690"]


@pytest.mark.parametrize(
    ("text", "station_id"),
    [
        ("nice", "07690"),
        (" Nicé ", "07690"),
        ("7690", "07690"),
        ("PLOUMANAC'H", "07117"),
        ("ploumanac h", "07117"),
        ("Ploumanach", "07117"),
        ("ploumanac_h", "07117"),
        ("Alençon", "07139"),
        ("Pointe de la Hague", "07020"),
        ("PTE DE LA HAGUE", "07020"),
        ("Saint-Girons", "07627"),
        ("st girons", "07627"),
        ("Paris", "07149"),
        ("75013", "07149"),
        ("marseille", "07650"),
        ("La Réunion", "61980"),
        ("974", "61980"),
        ("Besançon", "07280"),
        ("06000", "07690"),
        ("06", "07690"),
        ("2a", "07761"),
        ("lyon", "07481"),
        ("Nantes", "07222"),
        ("bâle", "07299"),
        ("Basel", "07299"),
        ("la désirade", "78890"),
        ("Saint-Pierre", "71805"),
        ("lamentin", "78925"),
        ("bordeaux-m", "07510"),
    ],
)
def test_words_that_mean_one_station_find_it(text: str, station_id: str) -> None:
    assert find_station(text, STATIONS).station_id == station_id


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("07690", Match(station=NICE, why="number", matched="07690")),
        ("nice", Match(station=NICE, why="name", matched="Nice")),
        ("cote d azur", Match(station=NICE, why="alias", matched="Côte d'Azur")),
        ("besancon", Match(station=STATIONS["07280"], why="nearest", matched="Besançon (25)", distance_km=70)),
        ("25000", Match(station=STATIONS["07280"], why="nearest", matched="Besançon (25)", distance_km=70)),
        ("doubs", Match(station=STATIONS["07280"], why="nearest", matched="Besançon (25)", distance_km=70)),
        ("alpes maritimes", Match(station=NICE, why="area", matched="Alpes-Maritimes (06)")),
        ("centre val de loire", Match(station=STATIONS["07240"], why="area", matched="Centre-Val de Loire")),
        ("plouma", Match(station=STATIONS["07117"], why="begins", matched="Ploumanac’h")),
        ("exupéry", Match(station=STATIONS["07481"], why="holds", matched="Lyon-Saint-Exupéry")),
        ("besanç", Match(station=STATIONS["07280"], why="nearest_of_part", matched="Besançon (25)", distance_km=70)),
    ],
)
def test_a_match_says_why_it_is_one(text: str, match: Match) -> None:
    assert search(text, STATIONS)[0] == match


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("corse", ["Ajaccio", "Bastia"]),
        ("Bretagne", ["Brest-Guipavas", "Ploumanac’h", "Rennes-Saint-Jacques", "Belle-Île - Le Talut"]),
        ("îles éparses", ["Glorieuses", "Juan de Nova", "Europa", "Tromelin"]),
        ("Saint-Denis", ["Gillot-Aéroport", "Orly"]),
        ("Saint-Pierre", ["Saint-Pierre", "Gillot-Aéroport", "Le Lamentin-Aéroport"]),
        ("nouméa", []),
        ("", []),
        ("--", []),
    ],
)
def test_all_stations_that_are_meant_are_found(text: str, names: list[str]) -> None:
    assert [match.station.display_name for match in search(text, STATIONS)] == names


def test_the_nearest_is_one_of_the_stations_there_are() -> None:
    montsouris = Station(
        station_id="07156", name="PARIS-MONTSOURIS", slug="station_07156", latitude_deg=48.82, longitude_deg=2.34
    )
    (found,) = (match for match in search("Paris", {**STATIONS, "07156": montsouris}) if match.why == "nearest")
    assert (found.station, found.distance_km) == (montsouris, 4)


@pytest.mark.parametrize("text", ["", " ", ",,", "\ufffd\0"])
def test_a_blank_matches_no_station(text: str) -> None:
    with pytest.raises(UnknownCity):
        find_station(text, {**STATIONS, "00000": station_for("00000")})


@pytest.mark.parametrize("text", ["station_07999", "Mont Aïgoual", "07999"])
def test_an_unverified_station_is_found_alike(text: str) -> None:
    aigoual = station_for("07999", "MONT AIGOUAL")
    assert find_station(text, {**STATIONS, "07999": aigoual}) is aigoual


@pytest.mark.parametrize(
    ("text", "cause", "cure"),
    [
        ("nise", "No station matches 'nise'.", "Did you mean Nice?"),
        ("bourdeaux", "No station matches 'bourdeaux'.", "Did you mean Bordeaux-Mérignac?"),
        ("breste", "No station matches 'breste'.", "Did you mean Brest-Guipavas?"),
        ("corse", "'corse' means several stations.", "Did you mean Ajaccio or Bastia?"),
        (
            "taaf",
            "'taaf' means several stations.",
            "Did you mean Glorieuses or Juan de Nova or Europa, or another of 8?",
        ),
        *(
            (
                text,
                f"No station matches {text!r}.",
                "Use the name of a station or of a town, a postcode or a WMO number, for example Nice, 06000 or 07690.",
            )
            for text in ("atlantis", "zzzzzz", "", "00000", ",", "0")
        ),
    ],
)
def test_words_that_mean_none_or_several_are_told_which_there_are(text: str, cause: str, cure: str) -> None:
    with pytest.raises(UnknownCity) as refused:
        find_station(text, STATIONS)
    assert (refused.value.cause, refused.value.cure) == (cause, cure)


def test_any_wmo_number_can_be_chosen_but_only_known_names() -> None:
    boulogne = station_for("07002", "BOULOGNE")

    def known() -> dict[str, Station]:
        return {**STATIONS, "07002": boulogne}

    assert chosen_station("07003", known) == station_for("07003")
    assert chosen_station("Boulogne", known) is boulogne
    for unknown in ("bologne", "07 003", "7003", "070031", "٠٧٠٠٣"):
        with pytest.raises(UnknownCity):
            chosen_station(unknown, known)


def test_a_reference_station_is_named_without_a_store() -> None:
    def known() -> dict[str, Station]:
        raise AssertionError("asked the stores")

    assert chosen_station(" 07690 ", known) is chosen_station("nice", known) is NICE
    assert known_station("Bâle Mulhouse", known).station_id == "07299"


@given(st.text() | st.sampled_from([town.name for town in towns()]))
def test_a_search_finds_each_station_once_and_the_best_match_first(text: str) -> None:
    found = search(text, STATIONS)
    assert len({match.station.station_id for match in found}) == len(found)
    assert [match.rank for match in found] == sorted(match.rank for match in found)


@given(st.sampled_from(sorted(STATIONS)), st.sampled_from([str.upper, str.lower, str.title, place_key]))
def test_every_station_is_found_by_its_names_in_any_letters(number: str, letters: type[str]) -> None:
    for name in (STATIONS[number].name, STATIONS[number].display_name, STATIONS[number].slug):
        assert find_station(letters(name), STATIONS) is STATIONS[number]


def test_the_words_of_a_picker_hold_aliases_areas_and_the_towns_around() -> None:
    words = keywords(STATIONS)
    assert "paris" in words["07149"].split()
    assert words["07280"].startswith(
        "bourgogne cote d or 21 bourgogne franche comte france metropolitaine dijon besancon"
    )


def test_every_department_has_a_seat_among_the_towns() -> None:
    assert len(departments()) == 106
    assert all(prefecture(department).name == department.prefecture for department in departments().values())
    assert all(town.department_code in departments() for town in towns())


@pytest.mark.parametrize(
    ("postcode", "code"), [("06000", "06"), ("20000", "2A"), ("20200", "2B"), ("97400", "974"), ("99999", None)]
)
def test_a_postcode_tells_its_department(postcode: str, code: str | None) -> None:
    department = department_of_postcode(postcode)
    assert (department.code if department else None) == code


def test_a_quarter_of_the_equator_is_10008_km() -> None:
    assert round(distance_km(0, 0, 0, 90)) == 10_008
    assert distance_km(48.85, 2.35, 48.85, 2.35) == 0
