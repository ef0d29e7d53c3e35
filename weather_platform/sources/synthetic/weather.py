"""The weather hour by hour: travelling waves of pressure and their consequences; `reports` makes reports of it.

Lows and highs are plane waves that drift; wind comes from their slope, warm and cold air from the wind, cloud and rain
from the lows and from finer bands, so neighbouring stations and following days belong together.
"""

from dataclasses import dataclass

import numpy as np

from weather_platform.sources.synthetic import climate
from weather_platform.sources.synthetic.climate import Places
from weather_platform.sources.synthetic.noise import Floats, Integers, Noise, Waves

_EARTH_RADIUS_M = 6_371_000.0
_EARTH_TURN_RAD_S = 7.292e-5
_AIR_KG_M3 = 1.25
_SURFACE_WIND = 0.36
"""Wind at 10 m over land, as a part of the geostrophic wind above."""
_STRONGEST_M_S = 45.0
"""What a mean wind comes near and never passes: 37.0 m/s is the most in 190,546 real readings."""
_INFLOW_RAD = np.radians(25.0)
"""How far friction turns it towards the low."""


@dataclass(frozen=True, eq=False)
class Weather:
    """A row for each station, a column for each hour."""

    pressure_sea_pa: Floats
    pressure_pa: Floats
    temperature_c: Floats
    dew_point_c: Floats
    wind_m_s: Floats
    wind_from_deg: Floats
    cloud: Floats
    """Part of the sky that is covered, 0 to 1."""
    rain_mm: Floats
    """Water that fell in the hour before, as liquid."""
    sun: Floats
    """Sine of the sun's height, negative at night."""


@dataclass(frozen=True, eq=False)
class _Clock:
    """Where the year and the day stand, a row for each station, a column for each hour."""

    hours: Integers
    season: Floats
    """-1 in the depth of winter to 1 at the height of summer."""
    solar_hour: Floats
    """Local solar time, 0 to 24 (equation of time left out)."""
    sun: Floats
    """Sine of the sun's height."""


def weather_at(places: Places, hours: Integers, seed: int) -> Weather:
    """The hours (since 1970, UTC, without a gap) at the places. Cost: about 60 ms for 62 stations and a month."""
    noise = Noise(seed, tuple(station.station_id for station in places.stations))
    clock = _clock(places, hours)
    lows, east, north = _depressions(places, hours, seed)
    spread_pa = climate.pressure_spread_pa(places, clock.season)
    tide_pa = -115.0 * np.cos(places.latitude_rad) ** 3 * np.cos(2 * np.pi * (clock.solar_hour - 4.0) / 12.0)
    sea_pa = (
        climate.mean_pressure_pa(places, clock.season)
        - spread_pa * lows
        + tide_pa
        + 12.0 * noise.smooth("air pressure", hours, 2)
    )
    wind_east, wind_north = _wind(places, noise, clock, lows, (-spread_pa * east, -spread_pa * north))
    wet = _wetness(places, noise, clock, lows)
    cloud = 1.0 / (1.0 + np.exp(-2.2 * (wet + 0.45 - 0.8 * places.mediterranean)))
    temperature_c = _temperature_c(places, noise, clock, cloud, wind_north)
    return Weather(
        pressure_sea_pa=sea_pa,
        pressure_pa=sea_pa * np.exp(-9.80665 * places.altitude_m / (287.05 * (temperature_c + 273.15))),
        temperature_c=temperature_c,
        dew_point_c=_dew_point_c(places, noise, clock, temperature_c, wet),
        wind_m_s=_STRONGEST_M_S * np.tanh(np.hypot(wind_east, wind_north) / _STRONGEST_M_S),
        wind_from_deg=np.degrees(np.arctan2(-wind_east, -wind_north)) % 360.0,
        cloud=cloud,
        rain_mm=_rain_mm(places, noise, clock, temperature_c, wet),
        sun=clock.sun,
    )


def _depressions(places: Places, hours: Integers, seed: int) -> tuple[Floats, Floats, Floats]:
    """How low the pressure is (deviation 1, positive in a low) and its slope eastwards and northwards a radian."""
    travelling = Waves.of(seed, "lows", count=18, east=(3, 9), north=(3, 11), drift_deg_h=(0.1, 0.4))
    easterly = Waves.of(seed, "easterly waves", count=10, east=(8, 18), north=(6, 16), drift_deg_h=(-0.3, -0.1))
    where = places.latitude_rad, places.longitude_rad, hours
    part, rest = np.sqrt(places.stormy), np.sqrt(1.0 - places.stormy)
    wave = part * travelling.height(*where) + rest * easterly.height(*where)
    # Lows are deeper and steeper than highs are high; without this some highs pass 1055 hPa.
    steeper = 1.0 + 0.24 * wave
    return (
        wave + 0.12 * (wave * wave - 1.0),
        steeper * (part * travelling.slope_east(*where) + rest * easterly.slope_east(*where)),
        steeper * (part * travelling.slope_north(*where) + rest * easterly.slope_north(*where)),
    )


def _clock(places: Places, hours: Integers) -> _Clock:
    solar_hour = (hours[None, :] + places.longitude_deg / 15.0) % 24.0
    declination = -np.radians(23.44) * np.cos(2 * np.pi * (hours[None, :] + 240.0) / 8766.0)
    noon = np.cos(places.latitude_rad) * np.cos(declination)
    height = np.sin(places.latitude_rad) * np.sin(declination) - noon * np.cos(2 * np.pi * solar_hour / 24.0)
    return _Clock(hours, climate.summer(places, hours[None, :].astype(np.float64)), solar_hour, height)


def _wind(
    places: Places, noise: Noise, clock: _Clock, lows: Floats, slope_pa: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Eastward and northward wind at 10 m: geostrophic, turned and slowed by friction, and gusty by local noise."""
    # Within 20° of the equator the balance fails: hold the turn at what it is there.
    turn = np.maximum(np.abs(places.latitude_deg), 20.0) * places.hemisphere
    balance = _AIR_KG_M3 * 2.0 * _EARTH_TURN_RAD_S * np.sin(np.radians(turn)) * _EARTH_RADIUS_M
    slope_east_pa, slope_north_pa = slope_pa
    west_to_east = -slope_north_pa / balance
    south_to_north = slope_east_pa / (balance * np.maximum(np.cos(places.latitude_rad), 0.3))
    inflow = _INFLOW_RAD * places.hemisphere
    east = west_to_east * np.cos(inflow) - south_to_north * np.sin(inflow)
    north = west_to_east * np.sin(inflow) + south_to_north * np.cos(inflow)
    steady = climate.mean_wind_east_m_s(places)
    # Air in a low is stirred, air in a high is layered: more or less of the wind above comes down.
    bluster = 1.0 + 0.15 * noise.smooth("bluster", clock.hours, 5) + 0.15 * places.stormy * np.clip(lows, -2.0, 2.0)
    mixing = places.exposure * (0.85 + 0.45 * np.clip(clock.sun, 0.0, 1.0)) * bluster
    return (
        mixing * (_SURFACE_WIND * east + steady + 1.2 * noise.smooth("wind east", clock.hours, 4)),
        mixing * (_SURFACE_WIND * north + 1.2 * noise.smooth("wind north", clock.hours, 4)),
    )


def _wetness(places: Places, noise: Noise, clock: _Clock, lows: Floats) -> Floats:
    """Tendency to rain, deviation about 1: high in lows, in travelling bands and in tropical afternoons."""
    bands = Waves.of(noise.seed, "bands", count=16, east=(20, 60), north=(25, 70), drift_deg_h=(0.3, 0.7))
    fine = bands.height(places.latitude_rad, places.longitude_rad, clock.hours)
    local = noise.smooth("shower", clock.hours, 5)
    afternoon = np.cos(2 * np.pi * (clock.solar_hour - 16.0) / 24.0)
    frontal = 0.7 * lows + 0.6 * fine + 0.4 * local
    convective = 0.3 * lows + 0.5 * fine + 0.75 * local + 0.25 * afternoon
    of_the_season = 0.15 * Noise(noise.seed, ("seasons",)).smooth("wet", clock.hours, 40 * 24)
    return places.stormy * frontal + (1.0 - places.stormy) * convective - 0.6 * places.mediterranean + of_the_season


def _temperature_c(places: Places, noise: Noise, clock: _Clock, cloud: Floats, wind_north: Floats) -> Floats:
    """Mean temperature, advection (warm from the equator), diurnal cycle and a little noise."""
    spells = Waves.of(noise.seed, "spells", count=10, east=(1, 5), north=(2, 6), drift_deg_h=(-0.05, 0.12))
    spell = spells.height(places.latitude_rad, places.longitude_rad, clock.hours)
    from_equator = wind_north * places.hemisphere / places.exposure
    afar = places.stormy * (0.75 * from_equator + 1.8 * spell) + (1.0 - places.stormy) * 0.5 * spell
    noon_sun = np.clip(np.cos(places.latitude_rad) + 0.25 * clock.season * places.stormy, 0.05, 1.0)
    inland = 0.55 + 0.45 * places.european * np.clip((places.altitude_m + 60.0) / 200.0, 0.3, 1.0)
    day = (0.4 + 6.0 * noon_sun * inland) * (1.15 - 0.75 * cloud)
    angle = 2 * np.pi * clock.solar_hour / 24.0
    course = np.cos(angle - 2 * np.pi * 14.8 / 24.0) + 0.18 * np.cos(2 * angle - 4 * np.pi * 14.0 / 24.0)
    midday = 0.3 * np.clip(clock.sun, 0.0, 1.0)
    usual = climate.mean_temperature_c(places, clock.season) + _of_the_year(noise.seed, clock.hours, places)
    return usual + afar + day * course + midday + 0.35 * noise.smooth("air", clock.hours, 3)


def _of_the_year(seed: int, hours: Integers, places: Places) -> Floats:
    """Anomaly of a season in °C: trend over decades, and variation from year to year.

    0.3 °C a decade; seasons differ by a deviation of 0.9 beyond the tropics, a third of that within. With the days'
    weather months of one name differ by 1.7 °C in winter and 1.4 in summer at Paris, as real ones do.
    """
    warming = 0.03 * (hours[None, :] / 8766.0 - 30.0)
    season = Noise(seed, ("seasons",)).smooth("warm", hours, 75 * 24)
    return np.asarray(warming + 1.1 * (0.33 + 0.67 * places.stormy) * season)


def _dew_point_c(places: Places, noise: Noise, clock: _Clock, temperature_c: Floats, wet: Floats) -> Floats:
    """At or below the temperature: by 1 °C when wet, by 4 on a usual day, by 10 in a dry summer's afternoon."""
    above_usual = temperature_c - climate.mean_temperature_c(places, clock.season)
    dry = 3.6 + 2.6 * clock.season * places.stormy + 2.8 * places.mediterranean + 1.0 * (1.0 - places.stormy)
    depression = dry - 1.5 * wet + 0.55 * above_usual + 0.5 * noise.smooth("damp", clock.hours, 6)
    return temperature_c - np.where(depression > 1.0, depression, np.exp(depression - 1.0))


def _rain_mm(places: Places, noise: Noise, clock: _Clock, temperature_c: Floats, wet: Floats) -> Floats:
    """Rain of each hour, above a wetness that winters pass more often and warm air passes with more water."""
    threshold = 0.8 + 0.25 * clock.season * places.stormy
    over = np.clip(wet - threshold, 0.0, None)
    burst = 0.15 + 2.0 * noise.uniform("burst", clock.hours) ** 3
    amount: Floats = 0.8 * np.exp(np.clip(temperature_c, -15.0, 30.0) / 22.0) * over**1.9 * burst
    return amount
