"""Positions of stations and their average weather; `weather` makes that of each day.

Rough zonal formulas, fitted by eye to the monthly means of 62 real stations over eight months of 2023; believable
within a few degrees and hectopascals, and they hold for an invented station as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from weather_platform.domain.stations import Station, station_for
from weather_platform.sources.synthetic.noise import Floats, Noise

_LAPSE_K_PER_M = 0.0060
_HOURS_A_YEAR = 8766.0
_COLDEST_HOUR = 27 * 24.0
"""28 January, in hours after the new year of 1970 (and of every year, within a day)."""
_ON_HEADLANDS = frozenset({"07020", "07117", "07207", "07314", "07661", "61997", "61998", "89642", "71805", "78890"})
"""Semaphores and windy islands: their mean wind is 7 to 12 m/s where neighbours inland have 3 to 5 (December 2023)."""


@dataclass(frozen=True, eq=False)
class Places:
    """Stations as columns of numbers: every array has a row for each station."""

    stations: tuple[Station, ...]
    latitude_deg: Floats
    longitude_deg: Floats
    altitude_m: Floats
    exposure: Floats
    """Wind at the station over wind of the open country around it."""

    @property
    def latitude_rad(self) -> Floats:
        return np.radians(self.latitude_deg)

    @property
    def longitude_rad(self) -> Floats:
        return np.radians(self.longitude_deg)

    @property
    def hemisphere(self) -> Floats:
        return np.where(self.latitude_deg < 0, -1.0, 1.0)

    @property
    def stormy(self) -> Floats:
        """0 in the tropics to 1 in the latitudes where depressions travel."""
        part = np.clip((np.abs(self.latitude_deg) - 18.0) / 30.0, 0.0, 1.0)
        return part * part * (3.0 - 2.0 * part)

    @property
    def european(self) -> Floats:
        """0 to 1: influence of the warm ocean west of Europe."""
        return np.exp(-(((self.longitude_deg - 5.0) / 22.0) ** 2) - ((self.latitude_deg - 48.0) / 14.0) ** 2)

    @property
    def mediterranean(self) -> Floats:
        """0 to 1: sheltered, sunny and dry."""
        west, north = self.longitude_deg - 2.4, 44.8 - self.latitude_deg
        return self.european / ((1.0 + np.exp(-3.0 * west)) * (1.0 + np.exp(-3.0 * north)))


def places_of(station_ids: Sequence[str]) -> Places:
    """The stations at their positions; an unknown one at a position derived from its number."""
    stations = tuple(station_for(station_id) for station_id in station_ids)
    luck = Noise(0, tuple(station_ids))
    sine_south, sine_north = np.sin(np.radians((-60.0, 72.0)))
    anywhere = (
        np.degrees(np.arcsin(sine_south + (sine_north - sine_south) * luck.once("latitude"))).round(4),
        (360.0 * luck.once("longitude") - 180.0).round(4),
        np.floor(700.0 * luck.once("altitude") ** 3),
    )
    known = [(s.latitude_deg, s.longitude_deg, s.altitude_m) for s in stations]
    latitude, longitude, altitude = (
        np.array(
            [[row[i] if row[i] is not None else anywhere[i][n, 0]] for n, row in enumerate(known)], dtype=np.float64
        )
        for i in range(3)
    )
    headland = np.array([[station_id in _ON_HEADLANDS] for station_id in station_ids])
    exposure = (0.65 + 0.45 * luck.once("exposure")) * np.where(headland, 1.65, 1.0)
    return Places(stations, latitude, longitude, altitude, exposure)


def summer(places: Places, hours: Floats) -> Floats:
    """-1 in the depth of the station's winter to 1 at the height of its summer; hours are since 1970."""
    return -np.cos(2.0 * np.pi * (hours - _COLDEST_HOUR) / _HOURS_A_YEAR) * places.hemisphere


def mean_temperature_c(places: Places, season: Floats) -> Floats:
    """The temperature of a usual day: 27 °C at the equator, 12 at Paris, 5 at Kerguelen, -9 in Adélie Land."""
    polar = np.sin(places.latitude_rad) ** 2
    annual: Floats = 28.9 - 46.5 * polar**1.1 + 10.2 * places.european + 1.5 * places.mediterranean
    # 6 °C at Brest, 10 at Strasbourg, 9 at Saint-Pierre; 2 on tropical and southern islands, 7 in the Antarctic.
    inland = 5.0 + 0.42 * np.clip(places.longitude_deg + 4.5, 0.0, 15.0)
    oceanic = 1.6 + np.where(places.latitude_deg > 0, 20.0, 9.0) * polar * np.clip(polar - 0.25, 0.0, 1.0) * 2.0
    swing = inland * places.european + oceanic * (1.0 - places.european)
    usual: Floats = annual + swing * season - _LAPSE_K_PER_M * places.altitude_m
    return usual


def mean_pressure_pa(places: Places, season: Floats) -> Floats:
    """Sea-level pressure: 1012 hPa at the equator, 1019 in the subtropical highs, 985 around the Antarctic."""
    latitude = np.abs(places.latitude_deg)
    high = 700.0 * np.exp(-(((latitude - 37.0) / 13.0) ** 2))
    southern = -3000.0 * np.clip((-places.latitude_deg - 40.0) / 26.0, 0.0, 1.1)
    return 101_150.0 + high + southern - 250.0 * season * (1.0 - places.stormy)


def pressure_spread_pa(places: Places, season: Floats) -> Floats:
    """Its usual deviation: 1.2 hPa in the tropics; 10 in a mid-latitude winter, 4 in a northern summer."""
    winter, swing = np.where(places.latitude_deg > 0, 620.0, 900.0), np.where(places.latitude_deg > 0, 0.48, 0.1)
    spread: Floats = 110.0 + winter * places.stormy * (1.0 - swing * season)
    return spread


def mean_wind_east_m_s(places: Places) -> Floats:
    """Westerlies beyond 30°, trade winds between: the eastward wind in open country."""
    latitude = np.abs(places.latitude_deg)
    trades = -6.0 * np.exp(-(((latitude - 15.0) / 8.0) ** 2))
    westerlies = np.where(places.latitude_deg > 0, 2.0, 5.0) * np.exp(-(((latitude - 50.0) / 14.0) ** 2))
    eastwards: Floats = trades + westerlies
    return eastwards
