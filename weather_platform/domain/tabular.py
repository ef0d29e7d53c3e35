"""WeatherStats documents as rows: one flat column a figure, its unit in its name."""

from datetime import date
from typing import Any

from weather_platform.domain.weather_stats import Document

FIGURES = {
    "temperature_avg_c": ("temperature", "avg"),
    "temperature_min_c": ("temperature", "min"),
    "temperature_max_c": ("temperature", "max"),
    "temperature_tn_c": ("temperature", "tn"),
    "temperature_tx_c": ("temperature", "tx"),
    "temperature_n": ("temperature", "n"),
    "pressure_avg_hpa": ("pressure", "avg"),
    "pressure_min_hpa": ("pressure", "min"),
    "pressure_max_hpa": ("pressure", "max"),
    "pressure_n": ("pressure", "n"),
    "wind_avg_m_s": ("wind_speed", "avg"),
    "wind_max_m_s": ("wind_speed", "max"),
    "wind_gust_m_s": ("wind_speed", "gust"),
    "wind_direction_deg": ("wind_speed", "direction"),
    "wind_n": ("wind_speed", "n"),
    "rain_total_mm": ("rainfall", "total"),
    "rain_max_3h_mm": ("rainfall", "max_3h"),
    "rain_trace": ("rainfall", "trace"),
    "rain_n": ("rainfall", "n"),
}
"""Metric and figure of a document by column."""
COLUMNS = ("station_id", "city", "date", *FIGURES, "extreme_events", "observations", "expected", "synthetic")
"""Column names in order; every row of `flat` has exactly these."""

TYPES: dict[str, type] = {
    **dict.fromkeys(COLUMNS, float),
    **dict.fromkeys(("station_id", "city", "extreme_events"), str),
    **dict.fromkeys(("rain_trace", "synthetic"), bool),
    **dict.fromkeys((*(column for column in COLUMNS if column.endswith("_n")), "observations", "expected"), int),
    "date": date,
}
"""What the columns hold, null where a figure is missing; `flat` writes the date as text."""


def flat(document: Document) -> dict[str, Any]:
    """A document as one row: dates as text, events as their types with a space between, missing figures None."""
    metrics = document["metrics"]
    return {
        "station_id": document["station_id"],
        "city": document["city"],
        "date": document["period"],
        **{column: metrics[metric][figure] for column, (metric, figure) in FIGURES.items()},
        "extreme_events": " ".join(event["type"] for event in document["extreme_events"]),
        "observations": document["observations"],
        "expected": document["expected"],
        "synthetic": document["provenance"]["synthetic"],
    }
