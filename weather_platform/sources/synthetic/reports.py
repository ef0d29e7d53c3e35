"""The reports of a station every three hours: rounded, coded, and with gaps. NaN means not reported.

Which station lacks what, and how often, follows the real network (190,546 rows of 2023 and December 2024).
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from weather_platform.domain.months import Month
from weather_platform.sources.synthetic.climate import Places
from weather_platform.sources.synthetic.noise import Floats, Integers, Noise
from weather_platform.sources.synthetic.weather import Weather, weather_at

_Flags = NDArray[np.bool_]
_Value = TypeVar("_Value", np.float64, np.bool_)

LOOK_BACK_H = 48
"""Hours before the month that its first reports look back on: rr24 and tend24 on one day, snow on the ground on two."""
_STEP_H = 3
_KELVIN = 273.15
_TIP_MM = 0.2
"""A tipping bucket counts in tips: 97 % of real rr3 readings are even tenths."""
_TRACE_MM = -0.1

SEMAPHORES = frozenset({"07020", "07117", "07207", "07314", "07661"})
"""Coastal signal stations: the sky is observed by day only, and there are no ground measurements."""
NO_SEA_PRESSURE = frozenset({"07471", "07591", "07661"})
NO_THERMOMETER_NOR_GAUGE = "07661"
NO_GAUGE = frozenset({"07661", "89642"})
MOSTLY_NO_SEA_PRESSURE = "81415"
GAUGE_READ_IN_TURN = "61998"
"""KERGUELEN sends rr3 at 03, 09, 15 and 21 UTC only, and the longer sums at the hours between."""
GUST_OVER_AN_HOUR = frozenset({"71805", "89642"})
AUTOMATIC = frozenset(
    {
        "07591",
        "61968",
        "61970",
        "61972",
        "61976",
        "61996",
        "61997",
        "78890",
        "78894",
        "78922",
        "81401",
        "81408",
        "81415",
    }
)
"""No eye and no gust; the extremes of 24 hours in every report instead of those of 12 at 06 and 18 UTC."""
HOURS_OF_EXTREMES: dict[str, tuple[frozenset[int], frozenset[int]]] = {
    "81405": (frozenset({12}), frozenset({0})),
    "78925": (frozenset({12}), frozenset({0, 18})),
    "61998": (frozenset({6}), frozenset({18})),
    "89642": (frozenset({0, 12}), frozenset({0, 12})),
    **dict.fromkeys(("78897", "61980", "67005"), (frozenset[int](), frozenset[int]())),
}
"""UTC hours at which tn12 and tx12 are sent, where these are not 6 and 18: overseas, where the day is another."""


@dataclass(frozen=True, eq=False)
class Reports:
    """A month of reports: every array has a row for each station and a column for each 3 h slot."""

    places: Places
    hours: Integers
    """Hours since 1970, UTC, of the columns."""
    sent: _Flags
    columns: dict[str, Floats]
    """By SYNOP field name, in SYNOP units."""


def month_of_reports(places: Places, month: Month, seed: int) -> Reports:
    """The reports of a month, from 00 UTC of its first day to 21 UTC of its last."""
    first, end = (int(np.datetime64(m.first_day, "h").astype(np.int64)) for m in (month, month.next))
    every_hour = np.arange(first - LOOK_BACK_H, end - _STEP_H + 1, dtype=np.int64)
    weather = weather_at(places, every_hour, seed)
    hours = np.arange(first, end, _STEP_H, dtype=np.int64)
    noise = Noise(seed, tuple(station.station_id for station in places.stations))
    columns = (
        _pressure(weather)
        | _wind(places, noise, hours, weather)
        | _warmth(weather)
        | _rain(weather)
        | _sky(noise, hours, weather)
    )
    _snow(columns, weather)
    _silence(columns, places, noise, hours, weather)
    return Reports(places, hours, _sent(noise, hours, seed), columns)


def _now(series: Floats, hours_before: int = 0) -> Floats:
    """The hourly series at the slots, or some hours before them."""
    start = LOOK_BACK_H - hours_before
    return series[:, start : series.shape[1] - hours_before : _STEP_H]


def _over(series: NDArray[_Value], hours: int) -> NDArray[_Value]:
    """For each slot the last ``hours`` values up to and with it, as a third axis."""
    windows = sliding_window_view(series, hours, axis=1)
    return windows[:, LOOK_BACK_H - hours + 1 :: _STEP_H]


def _kelvin(celsius: Floats) -> Floats:
    return np.round(np.round(celsius, 1) + _KELVIN, 2)


def _pressure(weather: Weather) -> dict[str, Floats]:
    station_pa = np.round(weather.pressure_pa, -1)
    now = _now(station_pa)
    tend = now - _now(station_pa, 3)
    return {
        "pmer": _now(np.round(weather.pressure_sea_pa, -1)),
        "pres": now,
        "tend": tend,
        "tend24": now - _now(station_pa, 24),
        "cod_tend": np.select([tend > 0, tend < 0], [2.0, 7.0], default=4.0),
    }


def _wind(places: Places, noise: Noise, hours: Integers, weather: Weather) -> dict[str, Floats]:
    ff = np.round(_now(weather.wind_m_s), 1)
    ff = np.where(ff < 0.5, 0.0, ff)
    tens = np.round(_now(weather.wind_from_deg), -1)
    gustiness = 0.3 + 0.6 * noise.uniform("gust", hours) ** 1.5
    gust = np.round(ff + gustiness * np.minimum(ff, 14.0) + 0.3, 1)
    hour_long = np.isin([[s.station_id] for s in places.stations], list(GUST_OVER_AN_HOUR))
    lull = np.clip(noise.uniform("gust before", hours) - np.where(hour_long, 0.0, 0.25), 0.0, 1.0)
    return {
        "dd": np.where(ff == 0.0, 0.0, np.where(tens == 0.0, 360.0, tens)),
        "ff": ff,
        "raf10": gust,
        "rafper": np.round(gust * (1.0 + 0.25 * lull**2 + np.where(hour_long, 0.05, 0.0)), 1),
        "per": np.where(hour_long, -60.0, -10.0) + np.zeros_like(ff),
    }


def _warmth(weather: Weather) -> dict[str, Floats]:
    t, td = (np.round(_now(series), 1) for series in (weather.temperature_c, weather.dew_point_c))
    hourly = np.round(weather.temperature_c, 1)
    # Between two full hours it is a little warmer and colder than at either.
    half_day, day = _over(hourly, 13), _over(hourly, 25)
    night_sky = np.where(weather.sun < 0.0, 3.0 * (1.0 - weather.cloud), 0.0)
    return {
        "t": _kelvin(t),
        "td": _kelvin(td),
        "u": np.clip(np.round(100.0 * _vapour_hpa(td) / _vapour_hpa(t)), 1.0, 100.0),
        "tn12": _kelvin(half_day.min(axis=2) - 0.2),
        "tx12": _kelvin(half_day.max(axis=2) + 0.2),
        "tn24": _kelvin(day.min(axis=2) - 0.2),
        "tx24": _kelvin(day.max(axis=2) + 0.2),
        "tminsol": _kelvin(_over(weather.temperature_c - 0.6 - night_sky, 13).min(axis=2)),
    }


def _vapour_hpa(dew_point_c: Floats) -> Floats:
    """Saturation vapour pressure over water: Magnus formula, coefficients of Sonntag (1990)."""
    pressure: Floats = 6.112 * np.exp(17.62 * dew_point_c / (243.12 + dew_point_c))
    return pressure


def _rain(weather: Weather) -> dict[str, Floats]:
    """Running sums of whole tips; a sum without a tip in which something fell is a trace."""
    tips = np.floor(weather.rain_mm / _TIP_MM)
    damp = weather.rain_mm > 0.01
    sums = {}
    for hours in (1, 3, 6, 12, 24):
        # Tenths of a millimetre are whole numbers: the sums of sums stay exact.
        tenths = 2.0 * _over(tips, hours).sum(axis=2)
        sums[f"rr{hours}"] = np.where((tenths == 0.0) & _over(damp, hours).any(axis=2), _TRACE_MM, tenths / 10.0)
    return sums


def _sky(noise: Noise, hours: Integers, weather: Weather) -> dict[str, Floats]:
    cloud, rain_mm = _now(weather.cloud), _now(weather.rain_mm)
    temperature_c, depression = _now(weather.temperature_c), _now(weather.temperature_c - weather.dew_point_c)
    clear_m = 1000.0 * np.clip(12.0 * depression**0.8, 0.1, 60.0) * (0.7 + 0.6 * noise.uniform("haze", hours))
    visibility_m = np.clip(clear_m / (1.0 + 2.0 * rain_mm), 60.0, 60_000.0)
    vv = np.where(visibility_m < 5000.0, np.round(visibility_m, -1), np.round(visibility_m, -3))
    fog = vv < 1000.0
    hidden = vv < 300.0
    steps = np.array([0.0, 10.0, 25.0, 40.0, 50.0, 60.0, 75.0, 90.0, 100.0])
    octas = np.round(8.0 * cloud)
    ww = np.select(
        [rain_mm > 0.03, fog, vv < 5000.0],
        [_falling(rain_mm, temperature_c), np.where(hidden, 49.0, 45.0), np.full_like(vv, 10.0)],
        default=np.where(noise.uniform("change of sky", hours) < 0.8, 0.0, 1.0 + np.round(2.0 * cloud)),
    )
    return {
        "vv": vv,
        "ww": ww,
        "n": np.where(hidden, 101.0, steps[octas.astype(np.int64)]),
    }


def _falling(rain_mm: Floats, temperature_c: Floats) -> Floats:
    """WMO 4677 code of precipitation: drizzle, rain, sleet or snow by strength; a thunderstorm in warm downpours."""
    strength = np.select([rain_mm > 4.0, rain_mm > 1.0], [5.0, 3.0], default=1.0)
    kind = np.select([temperature_c < 0.5, rain_mm < 0.2], [70.0, 50.0], default=60.0)
    sleet = (temperature_c >= 0.5) & (temperature_c < 1.5)
    code = np.where(sleet, np.where(strength > 1.0, 69.0, 68.0), kind + strength)
    return np.where((rain_mm > 8.0) & (temperature_c > 12.0), 95.0, code)


def _snow(columns: dict[str, Floats], weather: Weather) -> None:
    """Snow on the ground and the ground's state, from what fell in two days; 1 mm of water is 5 mm of settled snow."""
    frozen_mm = np.where(weather.temperature_c < 0.5, weather.rain_mm, 0.0)
    thaw_mm = 0.25 * np.clip(weather.temperature_c - 0.5, 0.0, None)
    depth_m = np.clip(_over(frozen_mm - thaw_mm, LOOK_BACK_H).sum(axis=2), 0.0, None) / 200.0
    columns["ht_neige"] = np.round(depth_m, 2)
    wet, damp = columns["rr3"] >= 0.6, columns["rr12"] != 0.0
    columns["etat_sol"] = np.select([columns["ht_neige"] > 0, wet, damp], [13.0, 2.0, 1.0], default=0.0)


def _silence(columns: dict[str, Floats], places: Places, noise: Noise, hours: Integers, weather: Weather) -> None:
    """Blank values without an instrument, of other reporting hours, and of temporary failures."""
    identity = np.array([[station.station_id] for station in places.stations])
    semaphore, automatic = (np.isin(identity, list(group)) for group in (SEMAPHORES, AUTOMATIC))
    metropolitan = np.char.startswith(identity, "07")
    lowest, highest = (_at(identity, hours, which) for which in (0, 1))
    unseen = automatic | (semaphore & (_now(weather.sun) < 0.0)) | (noise.uniform("eye", hours) < 0.01)
    no_thermometer = (identity == NO_THERMOMETER_NOR_GAUGE) | _outages(noise, "thermometer", hours, 0.004, 16)
    no_barometer = _outages(noise, "barometer", hours, 0.004, 16)
    no_gauge = np.isin(identity, list(NO_GAUGE)) | _outages(noise, "gauge", hours, 0.006, 24)
    in_turn = identity == GAUGE_READ_IN_TURN
    no_ground = automatic | semaphore | ~metropolitan
    no_sea = np.isin(identity, list(NO_SEA_PRESSURE)) | (
        (identity == MOSTLY_NO_SEA_PRESSURE) & (noise.uniform("reduced", hours) < 0.75)
    )
    blank = {
        ("pmer",): no_barometer | no_sea,
        ("pres", "tend", "cod_tend", "tend24"): no_barometer,
        ("dd", "ff"): _outages(noise, "anemometer", hours, 0.004, 16),
        ("raf10", "rafper", "per"): automatic | _outages(noise, "anemometer", hours, 0.004, 16),
        ("t", "td", "u"): no_thermometer,
        ("tn12",): no_thermometer | automatic | ~lowest,
        ("tx12",): no_thermometer | automatic | ~highest,
        ("tn24", "tx24"): no_thermometer | ~automatic,
        ("tminsol",): no_thermometer | no_ground,
        ("etat_sol", "ht_neige"): no_ground,
        ("rr1",): no_gauge,
        ("rr3",): no_gauge | in_turn & (hours % 6 != 3)[None, :],
        ("rr6",): no_gauge | in_turn & (hours % 12 != 0)[None, :],
        ("rr12",): no_gauge | in_turn & (hours % 24 != 18)[None, :],
        ("rr24",): no_gauge | in_turn & (hours % 24 != 6)[None, :],
        ("vv", "ww"): unseen,
        ("n",): unseen | (noise.uniform("whole sky", hours) < 0.35),
    }
    for names, where in blank.items():
        for name in names:
            columns[name] = np.where(where, np.nan, columns[name])


def _at(identity: NDArray[np.str_], hours: Integers, which: int) -> _Flags:
    """Where the lowest (0) or the highest (1) of twelve hours is sent."""
    usual = (frozenset({6, 18}), frozenset({6, 18}))
    sent = [sorted(HOURS_OF_EXTREMES.get(number, usual)[which]) for number in identity[:, 0].tolist()]
    return np.array([np.isin(hours % 24, at) for at in sent])


def _sent(noise: Noise, hours: Integers, seed: int) -> _Flags:
    """Which reports arrived: rarely the whole network is silent, often a station, some stations for days."""
    network = _outages(Noise(seed, ("network",)), "network", hours, 0.03, 3)
    station = _outages(noise, "station", hours, 0.012, 24)
    automatic = np.isin([[key] for key in noise.keys], list(AUTOMATIC))
    unreliable = automatic & (noise.once("unreliable") < 0.4)
    return ~(network | station | (unreliable & _outages(noise, "unreliable", hours, 0.08, 40)))


def _outages(noise: Noise, name: str, hours: Integers, chance_a_day: float, longest: int) -> _Flags:
    """Where something is out of order: each day may begin an outage of 1 to ``longest`` slots, mostly short ones."""
    slots = hours // _STEP_H
    days = hours // 24
    silent = np.zeros((len(noise.keys), hours.shape[0]), dtype=np.bool_)
    for days_before in range(longest // 8 + 2):
        day = days - days_before
        begun = noise.uniform(f"{name} fails", day) < chance_a_day
        start = 8 * day[None, :] + np.floor(8.0 * noise.uniform(f"{name} fails at", day))
        length = 1.0 + np.floor(longest * noise.uniform(f"{name} fails for", day) ** 3)
        silent |= begun & (slots[None, :] >= start) & (slots[None, :] < start + length)
    return silent
