"""The figures of a day reckoned a second time, reading by reading in plain Python, after the rules of the design.

Nothing of `domain.statistics`, `domain.events` or `storage.aggregation` is used: what both ways agree on is what the
rules say. Decimals throughout, so that nothing is rounded before the document.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from weather_platform.domain.fields import Observation

Number = int | float | None
Day = dict[str, Any]

_HALF_THE_RESOLUTION_OF_FF = 0.05


def days_of(observations: Iterable[Observation]) -> dict[date, Day]:
    """Metrics, events, counts and raw objects of each UTC day on which the station observed."""
    observations = list(observations)
    by_day: dict[date, list[Observation]] = defaultdict(list)
    rain_by_day: dict[date, list[Observation]] = defaultdict(list)
    for observation in observations:
        by_day[observation.date.date()].append(observation)
        ended_at_midnight = observation.date.time() == time()
        rain_by_day[observation.date.date() - timedelta(days=ended_at_midnight)].append(observation)
    return {day: _day(of_day, rain_by_day[day]) for day, of_day in sorted(by_day.items())}


def documents_of(rows: Mapping[str, Iterable[Observation]]) -> dict[str, Day]:
    """The days of several stations by document id."""
    return {f"{station}:{day}": of_day for station, obs in rows.items() for day, of_day in days_of(obs).items()}


def _day(observations: list[Observation], rain: list[Observation]) -> Day:
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
            "tn": _at(observations, 6, "tn12"),
            "tx": _at(observations, 18, "tx12"),
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
            "total": _rounded(sum(rr3, Decimal(0)) if rr3 else None),
            "max_3h": _rounded(max(rr3, default=None)),
            "trace": any(o.rr_trace & 2 for o in rain),
            "n": len(rr3),
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
        "raw_objects": sorted({o.raw_object for o in observations} | {o.raw_object for o in rain if o.rr3 is not None}),
    }


def _decimal(number: int | float) -> Decimal:
    return Decimal(str(number))


def _rounded(value: Decimal | None) -> float | None:
    """To 2 decimals, halves away from zero, and never -0."""
    return None if value is None else float(value.quantize(Decimal("0.01"), ROUND_HALF_UP)) + 0.0


def _mean(values: list[Decimal]) -> float | None:
    with localcontext(prec=60):
        return _rounded(sum(values, Decimal(0)) / len(values)) if values else None


def _at(observations: list[Observation], hour: int, name: str) -> float | None:
    kelvin = next((getattr(o, name) for o in observations if o.date.time() == time(hour)), None)
    return None if kelvin is None else _rounded(_decimal(kelvin) - Decimal("273.15"))


def _direction(observations: list[Observation]) -> float | None:
    speeds = [float(o.ff) for o in observations if o.ff is not None]
    blowing = [(float(o.ff), math.radians(o.dd)) for o in observations if o.ff is not None and o.dd]
    east = math.fsum(ff * math.sin(dd) for ff, dd in blowing)
    north = math.fsum(ff * math.cos(dd) for ff, dd in blowing)
    if not speeds or math.hypot(east, north) / len(speeds) < _HALF_THE_RESOLUTION_OF_FF:
        return None
    return round(math.degrees(math.atan2(east, north)) % 360, 2) or 360.0


def _events(metrics: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    temperature, wind, rain = metrics["temperature"], metrics["wind_speed"], metrics["rainfall"]["total"]
    coldest = temperature["min"] if temperature["tn"] is None else temperature["tn"]
    warmest = temperature["max"] if temperature["tx"] is None else temperature["tx"]
    table = [
        ("heavy_rain", rain, "mm", 20.0, rain is not None and rain >= 20),
        ("violent_gust", wind["gust"], "m/s", 28.0, wind["gust"] is not None and wind["gust"] >= 28),
        ("gale", wind["max"], "m/s", 17.2, wind["max"] is not None and wind["max"] >= 17.2),
        ("heat", warmest, "°C", 35.0, warmest is not None and warmest >= 35),
        ("tropical_night", coldest, "°C", 20.0, coldest is not None and coldest > 20),
        ("frost", coldest, "°C", 0.0, coldest is not None and coldest < 0),
        ("ice_day", warmest, "°C", 0.0, warmest is not None and warmest < 0),
        ("great_cold", coldest, "°C", -10.0, coldest is not None and coldest <= -10),
    ]
    return [
        {"type": kind, "value": value, "unit": unit, "threshold": threshold}
        for kind, value, unit, threshold, happened in table
        if happened
    ]
