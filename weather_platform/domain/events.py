"""Extreme events: one table of thresholds with their sources, and the events of a day."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from weather_platform.domain.metrics import Metrics


class EventType(StrEnum):
    """Types of extreme events."""

    HEAVY_RAIN = "heavy_rain"
    VIOLENT_GUST = "violent_gust"
    GALE = "gale"
    HEAT = "heat"
    TROPICAL_NIGHT = "tropical_night"
    FROST = "frost"
    ICE_DAY = "ice_day"
    GREAT_COLD = "great_cold"


def _member(meaning: str, example: Any, *, moment: bool = False) -> msgspec.Meta:
    return msgspec.Meta(description=meaning, examples=[example], tz=True if moment else None)


class Event(msgspec.Struct, frozen=True):
    """A day's figure that reached a threshold."""

    type: Annotated[EventType, _member("what happened", "heavy_rain")]
    value: Annotated[float, _member("figure of the day, in `unit`", 25.4)]
    unit: Annotated[str, _member("unit of value and threshold", "mm")]
    threshold: Annotated[float, _member("what the figure had to reach, in `unit`", 20.0)]


class StationEvent(msgspec.Struct, frozen=True, kw_only=True, rename={"event_id": "_id"}):
    """An event with its station and day."""

    event_id: Annotated[str, _member("document and type", "07690:2023-12-01:heavy_rain")]
    station_id: Annotated[str, _member("WMO station number", "07690")]
    city: Annotated[str, _member("name of the station", "NICE")]
    slug: Annotated[str, _member("name of the station in addresses", "nice")]
    period: Annotated[str, _member("the day (UTC) as text", "2023-12-01")]
    date: Annotated[datetime, _member("the day (UTC)", "2023-12-01T00:00:00Z", moment=True)]
    type: Annotated[EventType, _member("what happened", "heavy_rain")]
    value: Annotated[float, _member("figure of the day, in `unit`", 25.4)]
    unit: Annotated[str, _member("unit of value and threshold", "mm")]
    threshold: Annotated[float, _member("what the figure had to reach, in `unit`", 20.0)]


class Threshold(NamedTuple):
    """A day has the event if its figure reaches the value."""

    type: EventType
    metric: str
    figure: str
    """Of the metric; temperature and rain are those of the climatological day."""
    reached: Literal["at_least", "at_most"]
    value: float
    unit: str
    label: str
    source: str


_ETCCDI = "ETCCDI climate change indices (WMO/CLIVAR/JCOMM expert team)"
_FRENCH = "Météo-France, usual climatological thresholds"
_BEAUFORT = "WMO No. 8, Beaufort scale"
_E = EventType

THRESHOLDS: tuple[Threshold, ...] = (
    Threshold(_E.HEAVY_RAIN, "rainfall", "rr", "at_least", 20.0, "mm", "heavy rain", f"{_ETCCDI}, R20mm"),
    Threshold(_E.VIOLENT_GUST, "wind_speed", "gust", "at_least", 28.0, "m/s", "violent gust", f"{_FRENCH}: 100 km/h"),
    Threshold(_E.GALE, "wind_speed", "max", "at_least", 17.2, "m/s", "gale", f"{_BEAUFORT}, force 8"),
    Threshold(_E.HEAT, "temperature", "tx", "at_least", 35.0, "°C", "very great heat", f"{_FRENCH}: 35 °C"),
    Threshold(_E.TROPICAL_NIGHT, "temperature", "tn", "at_least", 20.0, "°C", "tropical night", f"{_FRENCH}: 20 °C"),
    Threshold(_E.FROST, "temperature", "tn", "at_most", 0.0, "°C", "frost", f"{_FRENCH}: 0 °C"),
    Threshold(_E.ICE_DAY, "temperature", "tx", "at_most", 0.0, "°C", "ice day", f"{_FRENCH}: 0 °C"),
    Threshold(_E.GREAT_COLD, "temperature", "tn", "at_most", -10.0, "°C", "great cold", f"{_FRENCH}: -10 °C"),
)

_COMPARE = {
    "at_least": float.__ge__,
    "at_most": float.__le__,
}
_FIGURES: tuple[tuple[Threshold, Callable[[Metrics], float | None]], ...] = tuple(
    (threshold, attrgetter(f"{threshold.metric}.{threshold.figure}")) for threshold in THRESHOLDS
)


def events(metrics: Metrics) -> list[Event]:
    """The events of a day's metrics, in the order of the table."""
    found = []
    for threshold, figure in _FIGURES:
        value = figure(metrics)
        if value is not None and _COMPARE[threshold.reached](value, threshold.value):
            found.append(Event(threshold.type, value, threshold.unit, threshold.value))
    return found
