"""The WeatherStats document: one per station and UTC day with at least one observation.

The types below and those of `domain.metrics` are its only description: stored JSON, the API's schema, columns of
tables, the sums computed by the database and the data dictionary are derived from them (`domain.tabular`,
`storage.aggregation`).
A new figure is one line in `domain.metrics`: its column, unit, meaning and the rule that makes it.
"""

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime, time
from typing import Annotated, Any, NamedTuple

import msgspec

from weather_platform.domain.events import Event, events
from weather_platform.domain.metrics import DayWindows, Declared, Figure, Flagged, Metrics, declared
from weather_platform.domain.stations import Station
from weather_platform.domain.statistics import EXPECTED_OBSERVATIONS, DailyAggregate, Rule, Scale, Sum, Sums

CODE_VERSION = "4"
"""Increased when the rules or the shape change: documents of another version are rebuilt from raw."""


def _member(meaning: str, example: Any, column: str | None = None, *, moment: bool = False) -> msgspec.Meta:
    extra = {"figure": Figure(column)} if column else None
    return msgspec.Meta(description=meaning, examples=[example], extra=extra, tz=True if moment else None)


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
