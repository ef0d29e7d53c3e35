"""Météo-France's list of its stations, ``postes_synop.geojson``: details of stations outside the reference table.

Features with the properties Id, Nom, Altitude and Date_ouverture and a point. Unreadable features are
reported; a station missing in it stays unverified.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from weather_platform.domain.errors import BadInput
from weather_platform.domain.stations import STATIONS, WMO_NUMBER, Station, station_for


class StationList(NamedTuple):
    """The stations by WMO number, and the reasons for features that are not stations."""

    stations: dict[str, Station]
    refused: list[str]


class _Point(msgspec.Struct):
    coordinates: list[float]


class _Properties(msgspec.Struct, rename=str.capitalize):
    id: str | int
    nom: str
    altitude: float | str | None = None
    date_ouverture: str | None = None


class _Feature(msgspec.Struct):
    properties: _Properties
    geometry: _Point


class _Collection(msgspec.Struct):
    features: list[msgspec.Raw]


def read_station_list(body: bytes) -> StationList:
    """The stations of the file; those of the reference table keep its details and get their opening day.

    Raises:
        BadInput: the file is not a GeoJSON feature collection.
    """
    try:
        features = msgspec.json.decode(body, type=_Collection).features
    except ValueError as error:
        raise BadInput(f"The list of stations cannot be read: {error}.", "Fetch postes_synop.geojson again.") from error
    stations: dict[str, Station] = {}
    refused: list[str] = []
    for position, raw in enumerate(features, 1):
        try:
            station = _station(msgspec.json.decode(raw, type=_Feature))
        except ValueError as error:  # a field is missing or has another type
            refused.append(f"feature {position}: {error}")
        else:
            stations[station.station_id] = station
    return StationList(stations, refused)


def known_stations(listed: Mapping[str, Station], stored: Mapping[str, Station]) -> dict[str, Station]:
    """All known stations by WMO number: reference, listed, and found only in observations."""
    return {**STATIONS, **stored, **listed}


def _station(feature: _Feature) -> Station:
    told = feature.properties
    number = str(told.id).strip().zfill(5)
    if not WMO_NUMBER.fullmatch(number) or number == "00000":
        raise ValueError(f"{told.id!r} is not a WMO station number")
    opened = date.fromisoformat(told.date_ouverture[:10]) if told.date_ouverture else None
    if known := STATIONS.get(number):
        return msgspec.structs.replace(known, opened=opened)
    longitude_deg, latitude_deg, *_ = feature.geometry.coordinates
    if not (-90 <= latitude_deg <= 90 and -180 <= longitude_deg <= 180):
        raise ValueError(f"{latitude_deg}, {longitude_deg} is not a position")
    at_home = number.startswith("07")  # WMO's block of France
    return msgspec.structs.replace(
        station_for(number, told.nom),
        latitude_deg=latitude_deg,
        longitude_deg=longitude_deg,
        altitude_m=None if told.altitude in (None, "") else round(float(told.altitude or 0)),
        opened=opened,
        territory="France métropolitaine" if at_home else None,
        timezone="Europe/Paris" if at_home else None,
        verified=True,
    )
