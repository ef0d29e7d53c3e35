"""A city's four metrics over days: temperature, pressure, wind and rain."""

from typing import Any

import pandas as pd

from dash_app.figures.look import (
    Figure,
    Look,
    band,
    counts,
    day_axis,
    is_long,
    line,
    mean_line,
    texts,
    thinned,
    unseen,
)
from dash_app.measures import METRICS, READINGS_A_DAY
from weather_platform.domain.events import THRESHOLDS

_HEAVY_RAIN_MM = next(threshold.value for threshold in THRESHOLDS if threshold.type == "heavy_rain")
_BAR_MS = 0.85 * 86_400_000
"""Said once: plotly would make a single hollow bar as wide as the chart."""
_OTHER_LOW, _OTHER_HIGH = "other_low", "other_high"

# In each function `days` has one row per day (`look.every_day`); `others` is None or `other_years`: extremes by day.


def temperature(days: pd.DataFrame, look: Look, others: pd.DataFrame | None = None) -> Figure:
    """Mean with the band from the lowest to the highest reading, and the climatological extremes Tn and Tx."""
    drawn, word, theme = _with_others(days, others), look.language, look.theme
    low, high = "temperature_min_c", "temperature_max_c"
    drawn = thinned(drawn, ["temperature_avg_c", low, high, "temperature_tn_c", "temperature_tx_c"])
    return look.figure(
        [
            *_other_years(look, drawn, "temperature"),
            band(look, drawn, low, high, "temperature", name=word("chart.min_max"), color=theme.band),
            unseen(look, drawn, high, "temperature", word("chart.max")),
            *_extreme(look, drawn, "temperature_tx_c", "Tx", theme.warm, "triangle-up"),
            *mean_line(
                look,
                drawn,
                "temperature_avg_c",
                "temperature_n",
                "temperature",
                name=word("chart.mean"),
                color=theme.mean,
            ),
            *_extreme(look, drawn, "temperature_tn_c", "Tn", theme.cold, "triangle-down"),
            unseen(look, drawn, low, "temperature", word("chart.min")),
        ],
        xaxis=day_axis(days),
        yaxis=look.axis_title("temperature"),
    )


def pressure(days: pd.DataFrame, look: Look, others: pd.DataFrame | None = None) -> Figure:
    """Mean sea-level pressure with the band from the lowest to the highest reading."""
    drawn, word, theme = _with_others(days, others), look.language, look.theme
    low, high = "pressure_min_hpa", "pressure_max_hpa"
    drawn = thinned(drawn, ["pressure_avg_hpa", low, high])
    return look.figure(
        [
            *_other_years(look, drawn, "pressure"),
            band(look, drawn, low, high, "pressure", name=word("chart.min_max"), color=_faint(theme.pressure)),
            unseen(look, drawn, high, "pressure", word("chart.max")),
            *mean_line(
                look,
                drawn,
                "pressure_avg_hpa",
                "pressure_n",
                "pressure",
                name=word("chart.mean"),
                color=theme.pressure,
            ),
            unseen(look, drawn, low, "pressure", word("chart.min")),
        ],
        xaxis=day_axis(days),
        yaxis=look.axis_title("pressure"),
    )


def wind(days: pd.DataFrame, look: Look, others: pd.DataFrame | None = None) -> Figure:
    """Mean and highest 10-minute wind, and the strongest gust."""
    word, theme = look.language, look.theme
    drawn = thinned(_with_others(days, others), ["wind_avg_m_s", "wind_max_m_s", "wind_gust_m_s"])
    return look.figure(
        [
            *_other_years(look, drawn, "wind"),
            *_gusts(look, drawn),
            line(
                look,
                drawn,
                "wind_max_m_s",
                "wind",
                name=word("chart.wind_max"),
                color=theme.wind,
                line={"color": theme.wind, "width": 1},
            ),
            *mean_line(look, drawn, "wind_avg_m_s", "wind_n", "wind", name=word("chart.mean"), color=theme.wind),
        ],
        xaxis=day_axis(days),
        yaxis={**look.axis_title("wind"), "rangemode": "tozero"},
    )


def _gusts(look: Look, days: pd.DataFrame) -> list[dict[str, Any]]:
    """Empty if no gust was published, as at LA DESIRADE."""
    if not days["wind_gust_m_s"].notna().any():
        return []
    drawn = line(look, days, "wind_gust_m_s", "wind", name=look.language("chart.gust"), color=look.theme.gust)
    drawn["line"] = {"color": look.theme.gust, "width": 1, "dash": "solid" if is_long(days) else "dot"}
    return [drawn if is_long(days) else drawn | {"mode": "lines+markers", "marker": {"size": 4}}]


def rain(days: pd.DataFrame, look: Look, others: pd.DataFrame | None = None) -> Figure:
    """Bars with the running total, which breaks where a day is missing; hollow bars where readings are.

    `others` are running totals here.
    """
    word, theme, unit = look.language, look.theme, look.unit("rain")
    days = _with_others(days.assign(running=days["rain_total_mm"].cumsum()), others)
    drawn = thinned(days, ["rain_total_mm", "running"])
    known = drawn[drawn["rain_total_mm"].notna()]
    incomplete = known["rain_n"] < READINGS_A_DAY
    bars = [_bars(look, known[~incomplete], word("chart.rain"), hollow=False)]
    if incomplete.any():
        bars.append(_bars(look, known[incomplete], word("chart.incomplete"), hollow=True))
    total = line(look, drawn, "running", "rain", name=word("chart.running_total"), color=theme.rain_total, yaxis="y2")
    total["line"]["shape"] = "hv"
    heavy = unit.exact(_HEAVY_RAIN_MM)
    reached = bool((days["rain_total_mm"] >= _HEAVY_RAIN_MM / 2).any())
    mark = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": heavy, "y1": heavy}
    label = {
        "text": f"{word('events.heavy_rain')} ≥ {word.quantity(heavy, unit.symbol, unit.decimals - 1)}",
        "textposition": "end",
        "yanchor": "bottom",
        "font": {"size": 11, "color": theme.warm},
    }
    bands = [{**trace, "yaxis": "y2"} for trace in _other_years(look, drawn, "rain")]
    return look.figure(
        [*bands, *bars, total],
        barmode="overlay",
        xaxis=day_axis(days),
        yaxis={**look.axis_title("rain"), "rangemode": "tozero"},
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "rangemode": "tozero",
            "showgrid": False,
            "tickmode": "auto",
            "automargin": True,
            "title": {"text": word("chart.running_total"), "font": {"size": 12}},
        },
        shapes=[{**mark, "line": {"color": theme.warm, "width": 1, "dash": "dash"}, "label": label}] if reached else [],
    )


def _bars(look: Look, days: pd.DataFrame, name: str, *, hollow: bool) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": name,
        "x": texts(days.index),
        "y": look.shown(days["rain_total_mm"], "rain"),
        "customdata": counts(days["rain_n"]),
        "width": _BAR_MS,
        "marker": {
            "color": look.theme.surface if hollow else look.theme.rain,
            "line": {"color": look.theme.rain, "width": 1.4 if hollow else 0},
        },
        "hovertemplate": look.hover(look.language("chart.rain"), "rain", count=True),
    }


def other_years(same_days: list[pd.DataFrame], metric: str, index: pd.DatetimeIndex) -> pd.DataFrame | None:
    """The 10th and 90th percentile of other years, by day of `index`; of running totals for rain.

    None if no other year has data. Each frame of `same_days` has one row per day, as many as `index` or fewer,
    from the same day of its year.
    """
    column = METRICS[metric].column
    years = [frame[column].reset_index(drop=True) for frame in same_days if frame[column].notna().any()]
    if not years:
        return None
    if metric == "rain":
        years = [year.cumsum() for year in years]
    table = pd.concat(years, axis=1).reindex(range(len(index)))
    found = pd.DataFrame({_OTHER_LOW: table.quantile(0.1, axis=1), _OTHER_HIGH: table.quantile(0.9, axis=1)})
    return found.set_axis(index)


def _with_others(days: pd.DataFrame, others: pd.DataFrame | None) -> pd.DataFrame:
    return days if others is None else days.join(others)


def _other_years(look: Look, days: pd.DataFrame, metric: str) -> list[dict[str, Any]]:
    if _OTHER_LOW not in days:
        return []
    name = look.language("chart.other_years")
    return [band(look, days, _OTHER_LOW, _OTHER_HIGH, metric, name=name, color=look.theme.other_years)]


def _extreme(look: Look, days: pd.DataFrame, column: str, name: str, color: str, symbol: str) -> list[dict[str, Any]]:
    """A figure that many stations never report: marks, a thin line over long periods, nothing if missing."""
    if not days[column].notna().any():
        return []
    drawn = line(look, days, column, "temperature", name=name, color=color)
    drawn["line"]["width"] = 0.9
    return [
        drawn if is_long(days) else drawn | {"mode": "markers", "marker": {"symbol": symbol, "size": 6, "color": color}}
    ]


def _faint(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.22)"
