"""The WeatherStats document: one per station and UTC day with at least one observation.

The types below are its only description: stored JSON, the API's schema, columns of tables, the sums computed by the
database and the data dictionary are derived from them (`domain.tabular`, `storage.aggregation`).
A new figure is one line here: its column, unit, meaning and the rule that makes it (`domain.statistics`).
"""

import hashlib
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, time
from typing import Annotated, Any, NamedTuple

import msgspec

from weather_platform.domain.climate.columns import BEHIND, GRID_FIELDS
from weather_platform.domain.events import Event, events
from weather_platform.domain.stations import Station
from weather_platform.domain.statistics import (
    EXPECTED_OBSERVATIONS,
    DailyAggregate,
    Rule,
    Scale,
    Sum,
    Sums,
    climatological,
    count,
    direction,
    greatest,
    least,
    mean,
    traced,
)

CODE_VERSION = "3"
"""Increased when the rules or the shape change: documents of another version are rebuilt from raw."""


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


def _member(meaning: str, example: Any, column: str | None = None, *, moment: bool = False) -> msgspec.Meta:
    extra = {"figure": Figure(column)} if column else None
    return msgspec.Meta(description=meaning, examples=[example], extra=extra, tz=True if moment else None)


def _climate(column: str, unit: str, meaning: str, name: str, example: float) -> msgspec.Meta:
    return _figure(column, unit, meaning, climatological(name, BEHIND[name.removesuffix("_known")]), example)


def _way(column: str, name: str) -> msgspec.Meta:
    return _figure(column, "", "how it was found", climatological(f"{name}_method", BEHIND[name], "missing"))


def _window(name: str, otherwise: str) -> msgspec.Meta:
    return _figure(f"{name}_window", "", f"hours of {name}", climatological(f"{name}_window", (), otherwise))


def _flags(name: str) -> Rule:
    return climatological(name, GRID_FIELDS, 0)


_RAIN_SLOTS = climatological("civil_rr_slots", BEHIND["civil_rr"], 0)
_SUPPOSED = climatological("windows_supposed", (), otherwise=False)

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
    n: Annotated[
        int,
        _figure(
            "rain_n", "", "3 h whose rain is known, of 8", climatological("civil_rr_slots", BEHIND["civil_rr"], 0), 8
        ),
    ]
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

    tn: Annotated[str, _window("tn", "18-18")]
    tx: Annotated[str, _window("tx", "06-06")]
    rr: Annotated[str, _window("rr", "06-06")]
    supposed: Annotated[
        bool,
        _figure("windows_supposed", "", "whether they follow from longitude alone", _SUPPOSED, False),
    ]


class Flagged(msgspec.Struct, frozen=True):
    """How many values of the civil day quality control flagged."""

    erroneous: Annotated[int, _figure("erroneous", "", "values left out of all figures", _flags("erroneous"), 0)]
    suspect: Annotated[int, _figure("suspect", "", "values kept, and doubted", _flags("suspect"), 0)]


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Provenance of a document."""

    raw_objects: Annotated[list[str], _member("raw objects behind the figures", ["3f2a9c0d1b4e5f67"])]
    synthetic: Annotated[bool, _member("whether a raw object behind it is synthetic", False, "synthetic")]
    code_version: Annotated[str, _member("version of the rules", CODE_VERSION)]
    revision: Annotated[str, _member("hash of all but updated_at", "9b1deb4d3b7d4bad")]
    updated_at: Annotated[datetime, _member("when it was made (UTC)", "2024-01-02T03:04:05Z", moment=True)]


class WeatherStats(msgspec.Struct, frozen=True, kw_only=True, rename={"document_id": "_id"}):
    """The daily document of one station."""

    document_id: Annotated[str, _member("station and day", "07690:2023-12-01")]
    station_id: Annotated[str, _member("WMO station number", "07690", "station_id")]
    city: Annotated[str, _member("name of the station", "NICE", "city")]
    slug: Annotated[str, _member("name of the station in addresses", "nice")]
    period: Annotated[str, _member("the day (UTC) as text", "2023-12-01")]
    date: Annotated[datetime, _member("the day (UTC)", "2023-12-01T00:00:00Z", "date", moment=True)]
    metrics: Metrics
    extreme_events: Annotated[list[Event], _member("types of the day's events", [], "extreme_events")]
    observations: Annotated[int, _member("observations of the day", 8, "observations")]
    expected: Annotated[int, _member("observations that a complete day has", EXPECTED_OBSERVATIONS, "expected")]
    day_rule: Annotated[str, _member("day of the figures, but for tn, tx and rr", "utc")]
    windows: DayWindows
    flagged: Flagged
    provenance: Provenance


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


MEMBERS: tuple[Declared, ...] = tuple(declared(WeatherStats))


class _Metric(NamedTuple):
    """Rule and scale of each member of a metric."""

    struct: type[msgspec.Struct]
    rules: tuple[tuple[str, Rule, Scale], ...]

    @classmethod
    def of(cls, metric: type[msgspec.Struct]) -> "_Metric":
        made = [(one.name, one.figure.rule, one.figure.unit) for one in declared(metric) if one.figure]
        return cls(metric, tuple((name, rule, rule.scale(unit)) for name, rule, unit in made if rule))

    def made_of(self, sums: Sums) -> msgspec.Struct:
        return self.struct(**{name: rule.figure(sums, scale) for name, rule, scale in self.rules})


_METRICS = tuple(_Metric.of(member.type) for member in msgspec.structs.fields(Metrics))
_WINDOWS, _FLAGGED = _Metric.of(DayWindows), _Metric.of(Flagged)
SUMS: tuple[Sum, ...] = tuple(
    dict.fromkeys(need for metric in _METRICS for _, rule, _ in metric.rules for need in rule.needs)
)
"""The sums that the figures need from the database."""


def document(station: Station, day: DailyAggregate, synthetic: Collection[str], now: datetime) -> WeatherStats:
    """The document of one station and day, made `now`.

    `synthetic` names the synthetic raw objects. `provenance.revision` is a hash of all but `updated_at`, which shows
    whether a day has changed.
    """
    made_of: Any = (metric.made_of(day.sums) for metric in _METRICS)
    metrics = Metrics(*made_of)
    windows: Any = _WINDOWS.made_of(day.sums)
    flagged: Any = _FLAGGED.made_of(day.sums)
    unsigned = Provenance(
        raw_objects=list(day.raw_objects),
        synthetic=not set(day.raw_objects).isdisjoint(synthetic),
        code_version=CODE_VERSION,
        revision="",
        updated_at=_NEVER,
    )
    made = WeatherStats(
        document_id=f"{station.station_id}:{day.day.isoformat()}",
        station_id=station.station_id,
        city=station.name,
        slug=station.slug,
        period=day.day.isoformat(),
        date=datetime.combine(day.day, time(), UTC),
        metrics=metrics,
        extreme_events=events(metrics),
        observations=day.observations,
        expected=EXPECTED_OBSERVATIONS,
        day_rule="utc",
        windows=windows,
        flagged=flagged,
        provenance=unsigned,
    )
    revision = hashlib.sha256(msgspec.json.encode(made)).hexdigest()[:16]
    whole_ms = now.replace(microsecond=now.microsecond // 1000 * 1000)  # MongoDB's precision
    signed = msgspec.structs.replace(unsigned, revision=revision, updated_at=whole_ms)
    return msgspec.structs.replace(made, provenance=signed)


_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
