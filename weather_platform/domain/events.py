"""Days out of the ordinary: one table of thresholds with their sources, and the events of a day."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple


class Threshold(NamedTuple):
    """An event happens on a day whose figure reaches the value."""

    type: str
    metric: str
    figures: tuple[str, ...]
    """Keys of the metric; the first that has a value counts."""
    reached: Literal["at_least", "at_most", "above", "below"]
    value: float
    unit: str
    label: str
    source: str


_ETCCDI = "ETCCDI climate change indices (WMO/CLIVAR/JCOMM expert team)"
_FRENCH = "Météo-France, usual climatological thresholds"
_BEAUFORT = "WMO No. 8, Beaufort scale"

THRESHOLDS: tuple[Threshold, ...] = (
    Threshold("heavy_rain", "rainfall", ("total",), "at_least", 20.0, "mm", "heavy rain", f"{_ETCCDI}, R20mm"),
    Threshold("violent_gust", "wind_speed", ("gust",), "at_least", 28.0, "m/s", "violent gust", f"{_FRENCH}: 100 km/h"),
    Threshold("gale", "wind_speed", ("max",), "at_least", 17.2, "m/s", "gale", f"{_BEAUFORT}, force 8"),
    Threshold("heat", "temperature", ("tx", "max"), "at_least", 35.0, "°C", "very great heat", f"{_FRENCH}: 35 °C"),
    Threshold("tropical_night", "temperature", ("tn", "min"), "above", 20.0, "°C", "tropical night", f"{_ETCCDI}, TR"),
    Threshold("frost", "temperature", ("tn", "min"), "below", 0.0, "°C", "frost", f"{_ETCCDI}, FD"),
    Threshold("ice_day", "temperature", ("tx", "max"), "below", 0.0, "°C", "ice day", f"{_ETCCDI}, ID"),
    Threshold("great_cold", "temperature", ("tn", "min"), "at_most", -10.0, "°C", "great cold", f"{_FRENCH}: -10 °C"),
)

_COMPARE = {
    "at_least": float.__ge__,
    "at_most": float.__le__,
    "above": float.__gt__,
    "below": float.__lt__,
}


def events(metrics: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The `extreme_events` of a day's metrics, in the order of the table: type, value, unit, threshold."""
    found = []
    for threshold in THRESHOLDS:
        metric = metrics[threshold.metric]
        value = next((metric[figure] for figure in threshold.figures if metric[figure] is not None), None)
        if value is not None and _COMPARE[threshold.reached](float(value), threshold.value):
            found.append({"type": threshold.type, "value": value, "unit": threshold.unit, "threshold": threshold.value})
    return found
