"""The WeatherStats document: one per station and UTC day with at least one observation.

The types below and those of `domain.metrics` are its only description: stored JSON, the API's schema, columns of
tables, the sums of a day and the data dictionary are derived from them (`domain.tabular`, `domain.documents`,
`climate.daily`).
A new figure is one line in `domain.metrics`: its column, unit, meaning and the rule that makes it.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from weather_platform.domain.events import Event
from weather_platform.domain.metrics import DayWindows, Declared, Figure, Flagged, Metrics, declared
from weather_platform.domain.statistics import EXPECTED_OBSERVATIONS, Sum

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


SUMS: tuple[Sum, ...] = tuple(
    dict.fromkeys(
        need for member in MEMBERS if member.figure and member.figure.rule for need in member.figure.rule.needs
    )
)
"""The sums that the figures need."""
