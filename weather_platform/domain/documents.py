"""Documents of whole columns of days: each figure of all days at once, by its rule (`statistics`)."""

import hashlib
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.events import events
from weather_platform.domain.metrics import DayWindows, Flagged, Metrics, declared
from weather_platform.domain.rounding import mean_of_millionths
from weather_platform.domain.stations import Station
from weather_platform.domain.statistics import CALM_MS, EXPECTED_OBSERVATIONS, MILLION, VECTOR_PER_MS, Rule
from weather_platform.domain.weather_stats import CODE_VERSION, Provenance, WeatherStats

Columns = Mapping[str, NDArray[Any]]
"""Values of days by name: sums by `Sum.name`, and what climatology found; NaN or None if missing."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class StationDays(NamedTuple):
    """Days of stations, each with at least one observation: columns of one length."""

    station: Sequence[Station]
    day: Sequence[date]
    observations: Sequence[int]
    raw_objects: Sequence[tuple[str, ...]]
    """Names of the raw objects behind the day, sorted."""
    columns: Columns


def documents_of(days: StationDays, synthetic: Collection[str], now: datetime) -> Iterator[WeatherStats]:
    """The documents of the days, made `now`.

    `synthetic` names the synthetic raw objects. `provenance.revision` is a hash of all but `updated_at`, which shows
    whether a day has changed.
    """
    whole_ms = now.replace(microsecond=now.microsecond // 1000 * 1000)  # MongoDB's precision
    parts = zip(
        *(days.station, days.day, days.observations, days.raw_objects),
        *(_structs(each, days.columns) for each in (Metrics, DayWindows, Flagged)),
        strict=True,
    )
    for station, day, observations, raw_objects, metrics, windows, flagged in parts:
        period = day.isoformat()
        origin: dict[str, Any] = {
            "raw_objects": list(raw_objects),
            "synthetic": not set(raw_objects).isdisjoint(synthetic),
            "code_version": CODE_VERSION,
        }
        document: dict[str, Any] = {
            "document_id": f"{station.station_id}:{period}",
            "station_id": station.station_id,
            "city": station.name,
            "slug": station.slug,
            "period": period,
            "date": datetime.combine(day, time(), UTC),
            "metrics": metrics,
            "extreme_events": events(metrics),
            "observations": observations,
            "expected": EXPECTED_OBSERVATIONS,
            "day_rule": "utc",
            "windows": windows,
            "flagged": flagged,
        }
        unsigned = WeatherStats(**document, provenance=Provenance(**origin, revision="", updated_at=_NEVER))
        revision = hashlib.sha256(msgspec.json.encode(unsigned)).hexdigest()[:16]
        yield WeatherStats(**document, provenance=Provenance(**origin, revision=revision, updated_at=whole_ms))


def _structs(struct: type[msgspec.Struct], columns: Columns) -> Iterator[Any]:
    """A struct of figures for each day."""
    members = [
        _structs(member.type, columns)
        if isinstance(member.type, type) and issubclass(member.type, msgspec.Struct)
        else figures(*_rule_of(struct, member.name), columns)
        for member in msgspec.structs.fields(struct)
    ]
    return map(struct, *members)


def _rule_of(struct: type[msgspec.Struct], name: str) -> tuple[Rule, str]:
    """The rule and unit of a member."""
    (figure,) = (member.figure for member in declared(struct) if member.name == name)
    assert figure is not None and figure.rule is not None  # noqa: S101, PT018  # every member of these types has one
    return figure.rule, figure.unit


def figures(rule: Rule, unit: str, columns: Columns) -> list[Any]:
    """The figure of each day: numbers to 2 decimals; None without readings."""
    if rule.way == "climatological":
        return _plain(columns[rule.name])
    needed = [columns[need.name] for need in rule.needs]
    match rule.way:
        case "count":
            return _plain(np.nan_to_num(needed[0]).astype(int))
        case "traced":
            return _plain(np.nan_to_num(needed[0]) > 0)
        case "direction":
            return [_direction(*of_day) for of_day in zip(*(need.tolist() for need in needed), strict=True)]
        case "mean":
            return _plain(mean_of_millionths(needed[0], needed[1], rule.scale(unit)))
        case "reading":
            found = np.fmax.reduce(needed)
            floored = found if rule.floor is None else np.maximum(found, rule.floor)
            return _plain(mean_of_millionths(np.rint(floored * MILLION), np.ones(len(found)), rule.scale(unit)))


def _direction(east: float, north: float, readings: float) -> float | None:
    is_blowing = readings > 0 and math.hypot(east, north) / (readings * VECTOR_PER_MS) >= CALM_MS
    return round(math.degrees(math.atan2(east, north)) % 360, 2) or 360.0 if is_blowing else None


def _plain(values: NDArray[Any]) -> list[Any]:
    """Python's own values; None for NaN."""
    if values.dtype == np.float64:
        values, missing = values.astype(object), np.isnan(values)
        values[missing] = None
    plain: list[Any] = values.tolist()
    return plain
