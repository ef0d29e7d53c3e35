"""The figures of a day, each with its column, unit, meaning and rule (`domain.statistics`)."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import msgspec

from weather_platform.domain.climate.columns import BEHIND, GRID_FIELDS
from weather_platform.domain.statistics import (
    Rule,
    climatological,
    count,
    direction,
    greatest,
    least,
    mean,
    traced,
)


class Figure(NamedTuple):
    """A member of the document in tables: its column, unit and rule."""

    column: str
    unit: str = ""
    rule: Rule | None = None


def _figure(column: str, unit: str, meaning: str, rule: Rule, example: float | None = None) -> msgspec.Meta:
    return msgspec.Meta(
        description=meaning,
        examples=None if example is None else [example],
        extra={"figure": Figure(column, unit, rule)},
        extra_json_schema={"unit": unit} if unit else None,
    )


def _count(column: str, field: str, meaning: str = "readings with a value, of 8") -> msgspec.Meta:
    return _figure(column, "", meaning, count(field), 8)


def _climate(column: str, unit: str, meaning: str, name: str, example: float) -> msgspec.Meta:
    return _figure(column, unit, meaning, climatological(name, BEHIND[name.removesuffix("_known")]), example)


def _way(column: str, name: str) -> msgspec.Meta:
    return _figure(column, "", "how it was found", climatological(f"{name}_method", BEHIND[name]))


def _window(name: str) -> msgspec.Meta:
    return _figure(f"{name}_window", "", f"hours of {name}", climatological(f"{name}_window", ()))


def _flags(name: str) -> Rule:
    return climatological(name, GRID_FIELDS)


_RAIN_SLOTS = climatological("civil_rr_slots", BEHIND["civil_rr"])
_SUPPOSED = climatological("windows_supposed", ())

Known = float | None
"""A figure, to 2 decimals; null without readings, never 0."""


class Temperature(msgspec.Struct, frozen=True):
    """Air temperature, °C."""

    avg: Annotated[Known, _figure("temperature_avg_c", "°C", "mean of the readings", mean("t"), 14.26)]
    min: Annotated[Known, _figure("temperature_min_c", "°C", "lowest reading", least("t"), 11.8)]
    max: Annotated[Known, _figure("temperature_max_c", "°C", "highest reading", greatest("t"), 16.5)]
    tn: Annotated[Known, _climate("temperature_tn_c", "°C", "climatological minimum", "tn", 11.1)]
    tn_method: Annotated[str, _way("temperature_tn_method", "tn")]
    tx: Annotated[Known, _climate("temperature_tx_c", "°C", "climatological maximum", "tx", 16.8)]
    tx_method: Annotated[str, _way("temperature_tx_method", "tx")]
    n: Annotated[int, _count("temperature_n", "t")]


class Pressure(msgspec.Struct, frozen=True):
    """Sea-level pressure, hPa."""

    avg: Annotated[Known, _figure("pressure_avg_hpa", "hPa", "mean of the readings", mean("pmer"), 997.38)]
    min: Annotated[Known, _figure("pressure_min_hpa", "hPa", "lowest reading", least("pmer"), 993.6)]
    max: Annotated[Known, _figure("pressure_max_hpa", "hPa", "highest reading", greatest("pmer"), 1000.8)]
    n: Annotated[int, _count("pressure_n", "pmer")]


class WindSpeed(msgspec.Struct, frozen=True):
    """Wind, m/s; the speeds are means over 10 minutes."""

    avg: Annotated[Known, _figure("wind_avg_m_s", "m/s", "mean of the readings", mean("ff"), 3.69)]
    max: Annotated[Known, _figure("wind_max_m_s", "m/s", "highest reading", greatest("ff"), 7.7)]
    gust: Annotated[Known, _figure("wind_gust_m_s", "m/s", "highest gust", greatest("raf10", "rafper"), 11.2)]
    direction: Annotated[
        Known,
        _figure(
            "wind_direction_deg", "°", "direction from which the mean wind blows; null when calm", direction(), 340.0
        ),
    ]
    n: Annotated[int, _count("wind_n", "ff")]


class Rainfall(msgspec.Struct, frozen=True):
    """Rain, mm: of (00 UTC, 24 UTC], where the reading of 00 UTC belongs to the day before, and climatological."""

    total: Annotated[Known, _climate("rain_total_mm", "mm", "what is known of the civil day", "civil_rr", 2.4)]
    max_3h: Annotated[Known, _figure("rain_max_3h_mm", "mm", "most in 3 hours", greatest("rr3"), 1.0)]
    trace: Annotated[bool, _figure("rain_trace", "", "whether a trace of rain was reported", traced("rr3"), False)]
    n: Annotated[int, _figure("rain_n", "", "3 h whose rain is known, of 8", _RAIN_SLOTS, 8)]
    rr: Annotated[Known, _climate("rain_rr_mm", "mm", "climatological rain of the day", "rr", 2.4)]
    rr_method: Annotated[str, _way("rain_rr_method", "rr")]
    rr_known: Annotated[
        Known, _climate("rain_rr_known_mm", "mm", "what fell at least where `rr` is missing", "rr_known", 2.4)
    ]


class Humidity(msgspec.Struct, frozen=True):
    """Relative humidity, %."""

    avg: Annotated[Known, _figure("humidity_avg_percent", "%", "mean of the readings", mean("u"), 71.5)]
    min: Annotated[Known, _figure("humidity_min_percent", "%", "lowest reading", least("u"), 54.0)]
    max: Annotated[Known, _figure("humidity_max_percent", "%", "highest reading", greatest("u"), 88.0)]
    n: Annotated[int, _count("humidity_n", "u")]


class SnowDepth(msgspec.Struct, frozen=True):
    """Depth of snow on the ground, cm; snow that does not cover the ground counts as 0."""

    max: Annotated[Known, _figure("snow_depth_max_cm", "cm", "deepest reading", greatest("ht_neige", floor=0), 3.0)]
    n: Annotated[int, _count("snow_depth_n", "ht_neige")]


class Metrics(msgspec.Struct, frozen=True):
    """What was measured on a day."""

    temperature: Temperature
    pressure: Pressure
    wind_speed: WindSpeed
    rainfall: Rainfall
    humidity: Humidity
    snow_depth: SnowDepth


class DayWindows(msgspec.Struct, frozen=True):
    """The hours (UTC) from and to which the climatological day runs; `18-18` ends on the day."""

    tn: Annotated[str, _window("tn")]
    tx: Annotated[str, _window("tx")]
    rr: Annotated[str, _window("rr")]
    supposed: Annotated[
        bool,
        _figure("windows_supposed", "", "whether they follow from longitude alone", _SUPPOSED, False),
    ]


class Flagged(msgspec.Struct, frozen=True):
    """How many values of the civil day quality control flagged."""

    erroneous: Annotated[int, _figure("erroneous", "", "values left out of all figures", _flags("erroneous"), 0)]
    suspect: Annotated[int, _figure("suspect", "", "values kept, and doubted", _flags("suspect"), 0)]


class Declared(NamedTuple):
    """A member of the document as the types declare it."""

    path: str
    """In attributes, ``metrics.temperature.avg``."""
    name: str
    type: type
    meaning: str
    figure: Figure | None


def declared(struct: type[msgspec.Struct], path: str = "") -> Iterator[Declared]:
    """The described members of a type and of the structs within it, in order."""
    for member in msgspec.structs.fields(struct):
        if isinstance(member.type, type) and issubclass(member.type, msgspec.Struct):
            yield from declared(member.type, f"{path}{member.name}.")
        else:
            kind, meta = member.type.__origin__, member.type.__metadata__[0]
            figure = (meta.extra or {}).get("figure")
            yield Declared(f"{path}{member.name}", member.name, kind, meta.description, figure)
