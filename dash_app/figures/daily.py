"""A city's four metrics over days: temperature, pressure, wind and rain, before what is usual on these days.

In each function `days` has one row per day (`look.every_day`).
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from dash_app.figures.chart import Band, Chart, Kind, Layer
from dash_app.figures.look import Look, is_long
from dash_app.figures.usual import Usual
from dash_app.measures import READINGS_A_DAY
from weather_platform.domain.events import THRESHOLDS

_HEAVY_RAIN_MM = next(threshold.value for threshold in THRESHOLDS if threshold.type == "heavy_rain")
_A_FEW_DAYS, _TWO_MONTHS, _MOST_MONTHS = 12, 62, 14


def temperature(days: pd.DataFrame, look: Look, usual: Usual | None = None) -> Chart:
    """The mean of the readings between the lowest and the highest, and the climatological extremes Tn and Tx."""
    word = look.language
    low, high = _shown(days, look, "temperature", "temperature_min_c", "temperature_max_c")
    tx: Kind = "thin" if is_long(days) else "up"
    tn: Kind = "thin" if is_long(days) else "down"
    return of_days(
        days,
        look,
        "temperature",
        bands=[
            *_usual(look, usual, "temperature"),
            Band(word("chart.min_max"), "range", low, high),
        ],
        layers=[
            *_median(look, usual, "temperature"),
            *_extreme(days, look, "temperature_tx_c", tx, "Tx", "warm"),
            _mean(days, look, "temperature", "temperature_avg_c", "mean"),
            *_extreme(days, look, "temperature_tn_c", tn, "Tn", "cold"),
        ],
    )


def pressure(days: pd.DataFrame, look: Look, usual: Usual | None = None) -> Chart:
    """Mean sea-level pressure between the lowest and the highest reading."""
    low, high = _shown(days, look, "pressure", "pressure_min_hpa", "pressure_max_hpa")
    return of_days(
        days,
        look,
        "pressure",
        bands=[*_usual(look, usual, "pressure"), Band(look.language("chart.min_max"), "pressure", low, high)],
        layers=[*_median(look, usual, "pressure"), _mean(days, look, "pressure", "pressure_avg_hpa", "pressure")],
    )


def wind(days: pd.DataFrame, look: Look, usual: Usual | None = None) -> Chart:
    """Mean and highest 10-minute wind, and the strongest gust, which some stations never publish."""
    word, metric = look.language, "wind"
    highest, gusts = _shown(days, look, metric, "wind_max_m_s", "wind_gust_m_s")
    gust = [Layer("dashed", word("chart.gust"), "gust", gusts)] if any(v is not None for v in gusts) else []
    return of_days(
        days,
        look,
        metric,
        bands=_usual(look, usual, metric),
        layers=[
            *_median(look, usual, metric),
            *gust,
            Layer("thin", word("chart.wind_max"), "wind", highest),
            _mean(days, look, metric, "wind_avg_m_s", "wind"),
        ],
        from_zero=True,
    )


def rain(days: pd.DataFrame, look: Look, usual: Usual | None = None) -> Chart:
    """Bars of the climatological day, and the total since the first, before the totals of other years.

    The total breaks where a day is missing, and counts on.
    """
    word, unit = look.language, look.unit("rain")
    (bars,) = _shown(days, look, "rain", "rain_rr_mm")
    total = look.shown(days["rain_rr_mm"].cumsum(), "rain")
    heavy = word.quantity(unit.exact(_HEAVY_RAIN_MM), unit.symbol, unit.decimals - 1)
    return of_days(
        days,
        look,
        "rain",
        bands=_usual(look, usual, "rain", right=True),
        layers=[
            Layer("bars", word("chart.rain"), "rain", bars),
            *_median(look, usual, "rain", right=True),
            Layer("line", word("chart.running_total"), "total", total, right=True),
        ],
        right_title=f"{word('chart.running_total')} ({unit.symbol})",
        from_zero=True,
        threshold=(unit.exact(_HEAVY_RAIN_MM), f"{word('events.heavy_rain')} ≥ {heavy}"),
    )


CHARTS = {"temperature": temperature, "pressure": pressure, "wind": wind, "rain": rain}


def day_ticks(days: Sequence[date], look: Look) -> list[tuple[int, str]]:
    """Where the axis of days has a mark, and its text: every day, the 1st, 5th, 10th …, or months."""
    word, last = look.language, len(days) - 1
    if len(days) <= _A_FEW_DAYS:
        return [(place, f"{day.day} {word.short_month(day.month)}") for place, day in enumerate(days)]
    if len(days) <= _TWO_MONTHS:
        every = 10 if look.narrow or len(days) > 31 else 5
        marked = [place for place, day in enumerate(days) if day.day == 1 or (day.day % every == 0 and day.day < 30)]
        return [
            (place, f"{days[place].day} {word.short_month(days[place].month)}" if n == 0 else str(days[place].day))
            for n, place in enumerate(marked)
        ]
    firsts = [place for place, day in enumerate(days) if day.day == 1]
    every = -(-len(firsts) // (6 if look.narrow else _MOST_MONTHS))
    return [(place, word.short_month(days[place].month)) for place in firsts[::every] if place <= last]


def of_days(
    days: pd.DataFrame,
    look: Look,
    metric: str,
    *,
    bands: Sequence[Band],
    layers: Sequence[Layer],
    right_title: str = "",
    from_zero: bool = False,
    threshold: tuple[float, str] | None = None,
) -> Chart:
    """A chart whose places are the days of a frame."""
    dates = [day.date() for day in pd.DatetimeIndex(days.index)]
    return Chart(
        labels=[look.language.day(day) for day in dates],
        ticks=day_ticks(dates, look),
        bands=bands,
        layers=layers,
        unit=look.unit(metric),
        right_title=right_title,
        from_zero=from_zero,
        threshold=threshold,
        days=[day.isoformat() for day in dates],
    )


def _shown(days: pd.DataFrame, look: Look, metric: str, *columns: str) -> list[list[float | None]]:
    return [look.shown(days[column], metric) for column in columns]


def _mean(days: pd.DataFrame, look: Look, metric: str, column: str, css: str) -> Layer:
    """A line with a mark on every day: filled where all readings are there, hollow where some are missing."""
    values, counts = look.shown(days[column], metric), days[f"{metric}_n"].to_numpy(dtype=np.float64)
    hollow = frozenset(np.flatnonzero(counts < READINGS_A_DAY).tolist())
    return Layer("line", look.language("chart.mean"), css, values, hollow=hollow)


def _extreme(days: pd.DataFrame, look: Look, column: str, kind: Kind, name: str, css: str) -> list[Layer]:
    """A figure that many stations never report: nothing where it is missing."""
    (values,) = _shown(days, look, "temperature", column)
    return [Layer(kind, name, css, values)] if any(value is not None for value in values) else []


def _usual(look: Look, usual: Usual | None, metric: str, *, right: bool = False) -> list[Band]:
    if usual is None:
        return []
    name = look.language("chart.usual", n=usual.years, first=usual.first_year, last=usual.last_year)
    low, high = (look.shown(pd.Series(values), metric) for values in (usual.low, usual.high))
    return [Band(name, "usual", low, high, right=right)]


def _median(look: Look, usual: Usual | None, metric: str, *, right: bool = False) -> list[Layer]:
    if usual is None:
        return []
    return [
        Layer(
            "dashed", look.language("chart.median"), "usual", look.shown(pd.Series(usual.middle), metric), right=right
        )
    ]
