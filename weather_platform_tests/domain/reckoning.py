"""The figures of a day reckoned a second time, reading by reading in plain Python, after the rules of the design.

Nothing of `domain.statistics`, `domain.documents`, `domain.events` or `climate.daily` is used: what both ways agree on
is what the rules say. Decimals throughout, so that nothing is rounded before the document.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from types import MappingProxyType
from typing import Any

from weather_platform.domain.fields import Observation
from weather_platform_tests.domain.climate import reckoning as climatology

Number = int | float | None
Day = dict[str, Any]

_HALF_THE_RESOLUTION_OF_FF = 0.05


Wrong = Mapping[tuple[str, datetime], Sequence[str]]
"""Fields that are erroneous, by station and time, beside those that the reckoning of climatology leaves out."""


def days_of(observations: Iterable[Observation], wrong: Wrong = MappingProxyType({})) -> dict[date, Day]:
    """Metrics, events, counts and raw objects of each UTC day on which the station observed."""
    reported = list(observations)
    observations = [_without(o, wrong.get((o.numer_sta, o.date), ())) for o in reported]
    by_day: dict[date, list[Observation]] = defaultdict(list)
    rain_by_day: dict[date, list[Observation]] = defaultdict(list)
    for observation in observations:
        by_day[observation.date.date()].append(observation)
        ended_at_midnight = observation.date.time() == time()
        rain_by_day[observation.date.date() - timedelta(days=ended_at_midnight)].append(observation)
    climate = _climate(observations, sorted(by_day))
    return {
        day: {**_day(of_day, rain_by_day[day], climate[day]), "raw_objects": _raw_objects(reported, climate[day])}
        for day, of_day in sorted(by_day.items())
    }


def _raw_objects(reported: list[Observation], climate: Day) -> list[str]:
    """Of the day's reports, and of those that may make its Tn, Tx or rain; a difference reaches a day further."""
    midnight = datetime.combine(climate["day"], time())
    tn, tx, rr = climatology.starts_h(reported[0].numer_sta)
    further = 24 if climate["rr"][1] == "difference" else 0
    windows = [
        (tn, tn + 24, ("t", "tn12", "tn24")),
        (tx, tx + 24, ("t", "tx12", "tx24")),
        (rr - further, rr + 24 + further, ("rr1", "rr3", "rr6", "rr12", "rr24")),
        (-further, 24 + further, ("rr1", "rr3", "rr6", "rr12", "rr24")),
    ]
    return sorted(
        {o.raw_object for o in reported if o.date.date() == climate["day"]}
        | {
            o.raw_object
            for o in reported
            for start, end, fields in windows
            if timedelta(hours=start) < o.date - midnight <= timedelta(hours=end)
            and (o.date.minute, o.date.second) == (0, 0)
            and any(getattr(o, field) is not None for field in fields)
        }
    )


def documents_of(rows: Mapping[str, Iterable[Observation]], wrong: Wrong = MappingProxyType({})) -> dict[str, Day]:
    """The days of several stations by document id."""
    return {f"{station}:{day}": of_day for station, obs in rows.items() for day, of_day in days_of(obs, wrong).items()}


def _without(observation: Observation, fields: Sequence[str]) -> Observation:
    missing: dict[str, Any] = dict.fromkeys(fields)
    return observation._replace(**missing)


def _climate(observations: list[Observation], days: list[date]) -> dict[date, Day]:
    """The climatological days, as the second reckoning of climatology says."""
    if not observations:
        return {}
    reports = {o.date: _report(o) for o in observations if o.date.time() == o.date.replace(minute=0, second=0).time()}
    return {day["day"]: day for day in climatology.station_days(observations[0].numer_sta, reports, days)}


def _report(observation: Observation) -> climatology.Report:
    kelvin = {name: getattr(observation, name) for name in ("t", "tn12", "tn24", "tx12", "tx24")}
    mm = {name: getattr(observation, name) for name in ("rr1", "rr3", "rr6", "rr12", "rr24")}
    celsius = {name: _decimal(k) - Decimal("273.15") for name, k in kelvin.items() if k is not None}
    return celsius | {name: _decimal(amount) for name, amount in mm.items() if amount is not None}


def _day(observations: list[Observation], rain: list[Observation], climate: Day) -> Day:
    (tn, tn_way), (tx, tx_way), (rr, rr_way) = climate["tn"], climate["tx"], climate["rr"]
    (known, known_hours), (civil, civil_hours) = climate["known"], climate["civil"]
    t = [_decimal(o.t) - Decimal("273.15") for o in observations if o.t is not None]
    pmer = [_decimal(o.pmer) / 100 for o in observations if o.pmer is not None]
    ff = [_decimal(o.ff) for o in observations if o.ff is not None]
    gusts = [_decimal(g) for o in observations for g in (o.raf10, o.rafper) if g is not None]
    u = [_decimal(o.u) for o in observations if o.u is not None]
    snow = [max(_decimal(o.ht_neige) * 100, Decimal(0)) for o in observations if o.ht_neige is not None]
    rr3 = [_decimal(o.rr3) for o in rain if o.rr3 is not None]
    metrics = {
        "temperature": {
            "avg": _mean(t),
            "min": _rounded(min(t, default=None)),
            "max": _rounded(max(t, default=None)),
            "tn": _rounded(tn),
            "tn_method": tn_way,
            "tx": _rounded(tx),
            "tx_method": tx_way,
            "n": len(t),
        },
        "pressure": {
            "avg": _mean(pmer),
            "min": _rounded(min(pmer, default=None)),
            "max": _rounded(max(pmer, default=None)),
            "n": len(pmer),
        },
        "wind_speed": {
            "avg": _mean(ff),
            "max": _rounded(max(ff, default=None)),
            "gust": _rounded(max(gusts, default=None)),
            "direction": _direction(observations),
            "n": len(ff),
        },
        "rainfall": {
            "total": _rounded(civil if civil_hours else None),
            "max_3h": _rounded(max(rr3, default=None)),
            "trace": any(o.rr_trace & 2 for o in rain),
            "n": civil_hours // 3,
            "rr": _rounded(rr),
            "rr_method": rr_way,
            "rr_known": _rounded(known if known_hours else None),
        },
        "humidity": {
            "avg": _mean(u),
            "min": _rounded(min(u, default=None)),
            "max": _rounded(max(u, default=None)),
            "n": len(u),
        },
        "snow_depth": {"max": _rounded(max(snow, default=None)), "n": len(snow)},
    }
    return {
        "metrics": metrics,
        "extreme_events": _events(metrics),
        "observations": len(observations),
    }


def _decimal(number: int | float) -> Decimal:
    return Decimal(str(number))


def _rounded(value: Decimal | None) -> float | None:
    """To 2 decimals, halves away from zero, and never -0."""
    return None if value is None else float(value.quantize(Decimal("0.01"), ROUND_HALF_UP)) + 0.0


def _mean(values: list[Decimal]) -> float | None:
    with localcontext(prec=60):
        return _rounded(sum(values, Decimal(0)) / len(values)) if values else None


def _direction(observations: list[Observation]) -> float | None:
    speeds = [float(o.ff) for o in observations if o.ff is not None]
    blowing = [(float(o.ff), math.radians(o.dd)) for o in observations if o.ff is not None and o.dd]
    east = math.fsum(ff * math.sin(dd) for ff, dd in blowing)
    north = math.fsum(ff * math.cos(dd) for ff, dd in blowing)
    if not speeds or math.hypot(east, north) / len(speeds) < _HALF_THE_RESOLUTION_OF_FF:
        return None
    return round(math.degrees(math.atan2(east, north)) % 360, 2) or 360.0


def _events(metrics: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    wind, rain = metrics["wind_speed"], metrics["rainfall"]["rr"]
    coldest, warmest = metrics["temperature"]["tn"], metrics["temperature"]["tx"]
    table = [
        ("heavy_rain", rain, "mm", 20.0, rain is not None and rain >= 20),
        ("violent_gust", wind["gust"], "m/s", 28.0, wind["gust"] is not None and wind["gust"] >= 28),
        ("gale", wind["max"], "m/s", 17.2, wind["max"] is not None and wind["max"] >= 17.2),
        ("heat", warmest, "°C", 35.0, warmest is not None and warmest >= 35),
        ("tropical_night", coldest, "°C", 20.0, coldest is not None and coldest >= 20),
        ("frost", coldest, "°C", 0.0, coldest is not None and coldest <= 0),
        ("ice_day", warmest, "°C", 0.0, warmest is not None and warmest <= 0),
        ("great_cold", coldest, "°C", -10.0, coldest is not None and coldest <= -10),
    ]
    return [
        {"type": kind, "value": value, "unit": unit, "threshold": threshold}
        for kind, value, unit, threshold, happened in table
        if happened
    ]
