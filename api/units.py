"""Units of the documents' figures, metric as stored or imperial for those who ask."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

Units = Literal["metric", "imperial"]


class Conversion(NamedTuple):
    """From a metric unit to another."""

    unit: str
    of: Callable[[float], float]


IMPERIAL: Mapping[str, Conversion] = {
    "°C": Conversion("°F", lambda value: value * 9 / 5 + 32),
    "hPa": Conversion("inHg", lambda value: value / 33.863_886_67),
    "m/s": Conversion("mph", lambda value: value / 0.447_04),
    "mm": Conversion("in", lambda value: value / 25.4),
}
METRIC: Mapping[str, str] = {"temperature": "°C", "pressure": "hPa", "wind_speed": "m/s", "rainfall": "mm"}
"""The unit of each metric of a document."""
_WITHOUT_UNIT = ("n", "direction", "trace")


_SUFFIXES = {"_c": "_f", "_hpa": "_inhg", "_m_s": "_mph", "_mm": "_in"}


def column_in_units(column: str, units: Units) -> str:
    """The name of a table's column, whose end is its unit: ``temperature_avg_c`` is ``temperature_avg_f``."""
    if units == "imperial":
        for metric, imperial in _SUFFIXES.items():
            if column.endswith(metric):
                return column.removesuffix(metric) + imperial
    return column


def units_of(units: Units) -> dict[str, str]:
    """The unit of each metric, as answers tell it."""
    return {metric: IMPERIAL[unit].unit if units == "imperial" else unit for metric, unit in METRIC.items()}


def decimals_of(unit: str) -> int:
    """How many decimals tell as much as the metric figure does."""
    return 3 if unit in ("in", "inHg") else 2


def converted(value: float, unit: str, units: Units) -> tuple[float, str]:
    """A value in a metric unit, and the unit, as asked for."""
    if units == "metric" or unit not in IMPERIAL:
        return value, unit
    conversion = IMPERIAL[unit]
    return round(conversion.of(value), decimals_of(conversion.unit)), conversion.unit


def in_units(document: dict[str, Any], units: Units) -> dict[str, Any]:
    """The document with its figures and events in the units."""
    if units == "metric":
        return document
    result = dict(document)
    if "metrics" in document:
        result["metrics"] = {
            name: {
                figure: value if value is None or figure in _WITHOUT_UNIT else converted(value, METRIC[name], units)[0]
                for figure, value in metric.items()
            }
            for name, metric in document["metrics"].items()
        }
    if "extreme_events" in document:
        result["extreme_events"] = [event_in_units(event, units) for event in document["extreme_events"]]
    return result


def event_in_units(event: dict[str, Any], units: Units) -> dict[str, Any]:
    """The event with its value, threshold and unit in the units."""
    if units == "metric" or "unit" not in event:
        return event
    result = dict(event)
    for part in ("value", "threshold"):
        if part in event:
            result[part], result["unit"] = converted(event[part], event["unit"], units)
    return result
