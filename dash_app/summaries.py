"""Texts about charts: sentences and key figures from frames."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import pandas as pd

from dash_app.climate_words import at_least
from dash_app.components import counted
from dash_app.figures.rose import Rose
from dash_app.measures import METRIC_OF_FIGURES, METRICS, READINGS_A_DAY
from dash_app.view import View
from weather_platform.domain.events import THRESHOLDS, Event, Threshold

_THRESHOLDS = {threshold.type: threshold for threshold in THRESHOLDS}
_WET_MM = 1.0
"""A day with rain has 1 mm at least (WMO's count of wet days, R1mm)."""


class Extreme(NamedTuple):
    """A value with its day and city."""

    value: float
    day: date
    city: str
    slug: str


def extreme(frame: pd.DataFrame, column: str, *, lowest: bool = False) -> Extreme | None:
    """The row with the highest (or lowest) value of a column, the earliest of equals; None where all are missing."""
    values = frame[column]
    if not values.notna().any():
        return None
    row = frame.iloc[values.argmin() if lowest else values.argmax()]
    day: Any = row["date"] if "date" in frame else row.name
    return Extreme(row[column], day.date(), row["city"], row["slug"])


def facts(view: View, frame: pd.DataFrame) -> Iterator[tuple[str, str, list[str]]]:
    """Label, value and details of the key figures of days that are compared with nothing."""
    word = view.word
    if frame["temperature_avg_c"].notna().any():
        low, high = extreme(frame, "temperature_tn_c", lowest=True), extreme(frame, "temperature_tx_c")
        detail = word("city.no_extremes")
        if low and high:
            detail = word("city.extremes", low=_one(view, low, "temperature"), high=_one(view, high, "temperature"))
        yield word("city.mean_temperature"), view.quantity(frame["temperature_avg_c"].mean(), "temperature"), [detail]
    if frame["rain_rr_mm"].notna().any():
        rain, wet = frame["rain_rr_mm"], int((frame["rain_rr_mm"] >= _WET_MM).sum())
        lacking = bool(rain.notna().sum() < view.days)
        none = "" if lacking else word("city.wet_days.none")
        detail = at_least(counted(word, "city.wet_days", wet), lacking) if wet else none
        yield word("city.rain_total"), at_least(view.quantity(rain.sum(), "rain"), lacking), [detail]
    if strongest := extreme(frame, "wind_gust_m_s"):
        yield word("city.gust"), view.quantity(strongest.value, "wind"), [word.day(strongest.day)]
    if lowest := extreme(frame, "pressure_min_hpa", lowest=True):
        detail = word("city.lowest_pressure", value=_one(view, lowest, "pressure"))
        yield word("city.pressure"), view.quantity(frame["pressure_avg_hpa"].mean(), "pressure"), [detail]


def of_city(view: View, metric: str, days: pd.DataFrame) -> list[str]:
    """A chart of a metric in sentences: mean and extremes with their days, and what is missing."""
    known = days[days[METRICS[metric].column].notna()]
    return [_SENTENCES[metric](view, known), *_missing(view, metric, days, known)]


def _temperature(view: View, known: pd.DataFrame) -> str:
    columns = ["temperature_tn_c", "temperature_tx_c"]
    if not known[columns].notna().any().all():
        mean = view.quantity(known["temperature_avg_c"].mean(), "temperature")
        return view.word("city.temperature_summary_mean", **_where(view), mean=mean)
    said = _mean_and_extremes(view, known, "temperature", *columns)
    of_readings = known[["temperature_tn_method", "temperature_tx_method"]].isin(["mixed", "readings"]).any(axis=1)
    return f"{said} {counted(view.word, 'city.estimated', n)}" if (n := int(of_readings.sum())) else said


def _pressure(view: View, known: pd.DataFrame) -> str:
    return _mean_and_extremes(view, known, "pressure", "pressure_min_hpa", "pressure_max_hpa")


def _mean_and_extremes(view: View, known: pd.DataFrame, metric: str, low_column: str, high_column: str) -> str:
    low, high = extreme(known, low_column, lowest=True), extreme(known, high_column)
    if low is None or high is None:
        raise ValueError(f"{metric} has a mean and no extremes")
    return view.word(
        f"city.{metric}_summary",
        **_where(view),
        mean=view.quantity(known[METRICS[metric].column].mean(), metric),
        low=_one(view, low, metric),
        low_date=view.word.day(low.day),
        high=_one(view, high, metric),
        high_date=view.word.day(high.day),
    )


def _wind(view: View, known: pd.DataFrame) -> str:
    mean = view.quantity(known["wind_avg_m_s"].mean(), "wind")
    strongest = extreme(known, "wind_gust_m_s")
    if strongest is None:
        return view.word("city.wind_summary_calm", **_where(view), mean=mean)
    high, day = view.quantity(strongest.value, "wind"), view.word.day(strongest.day)
    return view.word("city.wind_summary", **_where(view), mean=mean, high=high, high_date=day)


def _rain(view: View, known: pd.DataFrame) -> str:
    wettest, lacking = extreme(known, "rain_rr_mm"), int(known["rain_rr_mm"].notna().sum()) < view.days
    if wettest is None or not wettest.value:
        known_dry = "city.rain_summary_known_dry" if lacking else "city.rain_summary_dry"
        return view.word(known_dry, **_where(view))
    return view.word(
        "city.rain_summary",
        **_where(view),
        total=at_least(view.quantity(known["rain_rr_mm"].sum(), "rain"), lacking),
        high=_one(view, wettest, "rain"),
        high_date=view.word.day(wettest.day),
    )


_SENTENCES = {"temperature": _temperature, "pressure": _pressure, "wind": _wind, "rain": _rain}


def _missing(view: View, metric: str, days: pd.DataFrame, known: pd.DataFrame) -> Iterator[str]:
    if gaps := len(days) - len(known):
        yield counted(view.word, "city.gaps", gaps)
    if incomplete := int((known[METRICS[metric].readings] < READINGS_A_DAY).sum()):
        yield counted(view.word, "city.incomplete", incomplete)


def _where(view: View) -> dict[str, str]:
    period = view.period_text
    return {"period": period[:1].upper() + period[1:], "city": view.stations[0].display_name}


def _one(view: View, found: Extreme, metric: str) -> str:
    return view.quantity(found.value, metric)


def of_rose(view: View, found: Rose) -> list[str]:
    """The wind rose in a sentence."""
    word, by_sector = view.word, found.shares.sum(axis=0)
    n = word.number(found.readings)
    if not by_sector.any():
        return [word("city.rose_calm", n=n)]
    sector = int(by_sector.argmax())
    return [
        word(
            "city.rose_summary",
            n=n,
            calm=word.number(found.calm, 0),
            direction=word("city.directions").split(",")[sector],
            share=word.number(float(by_sector[sector]), 0),
        )
    ]


def of_event(view: View, event: Event) -> tuple[str, str, str]:
    """Name, value and threshold (``≥ 20.0 mm``) of an event of a document."""
    threshold = _THRESHOLDS[event.type]
    value = view.quantity(event.value, METRIC_OF_FIGURES[threshold.metric])
    return view.word(f"events.{threshold.type}"), value, reached(view, threshold, event.threshold)


def reached(view: View, threshold: Threshold, value: float) -> str:
    """``≥ 20.0 mm``: the condition on a day's figure."""
    return f"{view.word(f'city.{threshold.reached}')} {view.quantity(value, METRIC_OF_FIGURES[threshold.metric])}"


_RECORDS = (
    ("record_high", "temperature_tx_c", "temperature", False),
    ("record_low", "temperature_tn_c", "temperature", True),
    ("record_rain", "rain_rr_mm", "rain", False),
    ("record_gust", "wind_gust_m_s", "wind", False),
    ("record_pressure_low", "pressure_min_hpa", "pressure", True),
    ("record_pressure_high", "pressure_max_hpa", "pressure", False),
)


def of_records(view: View, history: pd.DataFrame) -> Iterator[tuple[str, str, date]]:
    """Name, value and day of each record of a city."""
    for key, column, metric, lowest in _RECORDS:
        if found := extreme(history, column, lowest=lowest):
            yield view.word(f"city.{key}"), view.quantity(found.value, metric), found.day


def withdraw_command(ingestion: str) -> str:
    """The command that withdraws the files of an ingestion."""
    return f'weather withdraw {ingestion} --reason "…"'
