"""Météo-France's list of stations gives the facts of those outside the reference table."""

import json
from datetime import date

import msgspec
import pytest

from weather_platform.domain.errors import BadInput
from weather_platform.domain.station_list import StationList, known_stations, read_station_list
from weather_platform.domain.stations import STATIONS, Station, station_for


def feature(**properties: object) -> dict[str, object]:
    """Of the shape that is described; none was seen."""
    told = {"Id": "07156", "Nom": "PARIS-MONTSOURIS", "Altitude": 75, "Date_ouverture": "1872-06-01"} | properties
    return {"type": "Feature", "properties": told, "geometry": {"type": "Point", "coordinates": [2.337833, 48.821667]}}


def collection(*features: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


MONTSOURIS = Station(
    station_id="07156",
    name="PARIS-MONTSOURIS",
    slug="station_07156",
    latitude_deg=48.821667,
    longitude_deg=2.337833,
    altitude_m=75,
    opened=date(1872, 6, 1),
    territory="France métropolitaine",
    timezone="Europe/Paris",
    verified=True,
)


def test_a_listed_station_is_verified_with_its_details() -> None:
    assert read_station_list(collection(feature())) == StationList({"07156": MONTSOURIS}, [])


def test_a_reference_station_keeps_its_facts_and_gets_its_opening() -> None:
    listed = read_station_list(collection(feature(Id="7690", Nom="Nice aéroport"))).stations
    assert listed == {"07690": msgspec.structs.replace(STATIONS["07690"], opened=date(1872, 6, 1))}


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "Feature"},
        feature(Id="NICE"),
        feature(Id="0"),
        feature(Nom=None),
        feature(Altitude="high"),
        feature(Date_ouverture="soon"),
        feature() | {"geometry": {"coordinates": [2.3]}},
        feature() | {"geometry": {"coordinates": [200, 48]}},
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_is_read(wrong: dict[str, object]) -> None:
    read = read_station_list(collection(wrong, feature()))
    assert (list(read.stations), len(read.refused)) == (["07156"], 1)
    assert read.refused[0].startswith("feature 1: ")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"features": 1}'])
def test_an_invalid_list_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        read_station_list(body)


def test_a_station_that_only_observations_told_of_stays_unverified() -> None:
    told = {number: station_for(number, "FROM A FILE") for number in ("07156", "07999")}
    known = known_stations({"07156": MONTSOURIS}, told)
    assert (known["07156"], known["07999"].verified, len(known)) == (MONTSOURIS, False, 64)
