"""The WeatherStats document: a station's day, in the shape that readers of the replaced system know."""

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime, time
from typing import Any

import msgspec

from weather_platform.domain.events import events
from weather_platform.domain.stations import Station
from weather_platform.domain.statistics import (
    EXPECTED_OBSERVATIONS,
    DailyAggregate,
    celsius,
    mean,
    mean_celsius,
    rounded,
    total,
    wind_direction,
)

CODE_VERSION = "1"
"""Raised when the rules change, so that documents made by other rules are told apart."""
_PA_PER_HPA = 100

Document = dict[str, Any]


def document(station: Station, day: DailyAggregate, synthetic: Collection[str], now: datetime) -> Document:
    """The document of one station and day.

    Temperature in °C, pressure in hPa, wind in m/s, rain in mm, each to 2 decimals; None where no value
    is behind a figure. `synthetic` names the raw objects that hold no measurements. `provenance.revision`
    is a hash of all the rest, so that an unchanged day can be told from a changed one.
    """
    metrics = _metrics(day)
    content = {
        "_id": f"{station.station_id}:{day.day.isoformat()}",
        "city": station.name,
        "slug": station.slug,
        "station_id": station.station_id,
        "period": day.day.isoformat(),
        "date": datetime.combine(day.day, time(), UTC),
        "metrics": metrics,
        "extreme_events": events(metrics),
        "observations": day.observations,
        "expected": EXPECTED_OBSERVATIONS,
        "day_rule": "utc",
    }
    provenance = {
        "raw_objects": list(day.raw_objects),
        "synthetic": not set(day.raw_objects).isdisjoint(synthetic),
        "code_version": CODE_VERSION,
    }
    revision = hashlib.sha256(msgspec.json.encode([content, provenance])).hexdigest()[:16]
    return {**content, "provenance": {**provenance, "revision": revision, "updated_at": now}}


def _metrics(day: DailyAggregate) -> dict[str, dict[str, Any]]:
    gusts = [gust for gust in (day.raf10_max, day.rafper_max) if gust is not None]
    return {
        "temperature": {
            "avg": mean_celsius(day.t_sum, day.t_n),
            "min": celsius(day.t_min),
            "max": celsius(day.t_max),
            "tn": celsius(day.tn12_06),
            "tx": celsius(day.tx12_18),
            "n": day.t_n,
        },
        "pressure": {
            "avg": mean(day.pmer_sum, day.pmer_n, per_unit=_PA_PER_HPA),
            "min": rounded(day.pmer_min, per_unit=_PA_PER_HPA),
            "max": rounded(day.pmer_max, per_unit=_PA_PER_HPA),
            "n": day.pmer_n,
        },
        "wind_speed": {
            "avg": mean(day.ff_sum, day.ff_n),
            "max": rounded(day.ff_max),
            "gust": rounded(max(gusts, default=None)),
            "direction": wind_direction(day.wind_x, day.wind_y, day.ff_n),
            "n": day.ff_n,
        },
        "rainfall": {
            "total": total(day.rr3_sum),
            "max_3h": rounded(day.rr3_max),
            "trace": bool(day.rr3_traces),
            "n": day.rr3_n,
        },
    }
