"""Heat maps: hours of each day, days of each week, and completeness by city and month."""

from typing import Any

import pandas as pd

from dash_app import scales
from dash_app.figures.look import Figure, Look, texts
from dash_app.frames import numbers
from dash_app.measures import METRICS
from dash_app.scales import Scale
from weather_platform.domain.statistics import EXPECTED_OBSERVATIONS, KELVIN_OFFSET

HOURS = tuple(range(0, 24, 3))
MOST_DAYS = 400
"""More columns than that are narrower than a pixel and a half."""
_MOST_PARTED = 100
"""Gaps of a pixel between more columns would be as wide as the columns."""
_PA_PER_HPA = 100


def hours(observations: pd.DataFrame, metric: str, look: Look) -> Figure:
    """A reading of the metric by day and synoptic hour (UTC), or over `MOST_DAYS` the mean by month and hour.

    Missing values stay empty.
    """
    field = METRICS[metric].field
    known = observations[["date", field]].dropna()
    values = _in_document_units(known[field].astype("float64"), metric)
    times = pd.to_datetime(known["date"])
    by_month = not by_day(observations)
    start = times.dt.to_period("M").dt.start_time if by_month else times.dt.normalize()
    table = pd.DataFrame({"start": start, "hour": times.dt.hour, "value": values})
    table = table.pivot_table(index="hour", columns="start", values="value").reindex(HOURS)
    if len(table.columns):
        every = pd.date_range(table.columns.min(), table.columns.max(), freq="MS" if by_month else "D")
        table = table.reindex(columns=every)
    unit, when = look.unit(metric), "%b %Y" if by_month else "%-d %b %Y"
    return look.figure(
        [
            {
                **_cells(look, metric, scales.of_metric(metric), len(table.columns)),
                "x": texts(table.columns),
                "y": [f"{hour:02d} h" for hour in HOURS],
                "z": [look.shown(row, metric) for _, row in table.iterrows()],
                "hovertemplate": f"%{{x|{when}}}, %{{y}} UTC<br>%{{z:.{unit.decimals}f}} {unit.symbol}<extra></extra>",
            }
        ],
        hovermode="closest",
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False},
    )


def calendar(days: pd.DataFrame, metric: str, look: Look) -> Figure:
    """The metric's daily figure by week and day of the week; `days` has one row per day."""
    word, column, unit = look.language, METRICS[metric].column, look.unit(metric)
    index = pd.DatetimeIndex(days.index)
    monday = index - pd.to_timedelta(index.dayofweek, unit="D")
    table = pd.DataFrame({"week": monday, "weekday": index.dayofweek, "value": days[column].to_numpy()})
    table = table.pivot(index="weekday", columns="week", values="value").reindex(range(7))
    names = word("calendar.weekdays").split()
    return look.figure(
        [
            {
                **_cells(look, metric, scales.of_metric(metric), len(table.columns)),
                "x": texts(table.columns),
                "y": names,
                "z": [look.shown(row, metric) for _, row in table.iterrows()],
                "hovertemplate": f"%{{y}}, {word('chart.week_of')} %{{x|%-d %b %Y}}<br>"
                f"%{{z:.{unit.decimals}f}} {unit.symbol}<extra></extra>",
            }
        ],
        hovermode="closest",
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False},
    )


def coverage(shares: pd.DataFrame, look: Look) -> Figure:
    """Percent of the expected observations by city (rows, by name) and month (columns, text)."""
    most = 3 if look.narrow else 12
    return look.figure(
        [
            {
                **_cells(look, "share", scales.SHARE, len(shares.columns)),
                "x": list(shares.columns),
                "y": list(shares.index),
                "z": [numbers(row.round(1)) for _, row in shares.iterrows()],
                "hovertemplate": "%{y}, %{x}<br>%{z:.1f} %<extra></extra>",
                "colorbar": {
                    "thickness": 10,
                    "outlinewidth": 0,
                    "ticksuffix": " %",
                    "len": 0.4,
                    "y": 1,
                    "yanchor": "top",
                },
            }
        ],
        hovermode="closest",
        xaxis={"type": "category", "side": "top", "tickangle": -90 if len(shares.columns) > most else 0},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False, "dtick": 1, "tickfont": {"size": 10}},
    )


def expected_in(month: str, last_loaded: pd.Timestamp) -> int:
    """Expected observations of a station in a month, up to the last loaded day of any station."""
    period = pd.Period(month)
    days = period.days_in_month
    if period == last_loaded.to_period("M"):
        days = last_loaded.day
    return int(days) * EXPECTED_OBSERVATIONS


def by_day(observations: pd.DataFrame) -> bool:
    """Whether `hours` has one column per day."""
    times = pd.to_datetime(observations["date"])
    return times.empty or (times.max() - times.min()).days <= MOST_DAYS


def _cells(look: Look, metric: str, scale: Scale, columns: int) -> dict[str, Any]:
    unit = look.units.get(metric)
    symbol = unit.symbol if unit else "%"
    return {
        "type": "heatmap",
        **scale.on_plotly(unit),
        "xgap": 1 if columns <= _MOST_PARTED else 0,
        "ygap": 1,
        "hoverongaps": False,
        "colorbar": {"thickness": 10, "outlinewidth": 0, "title": {"text": symbol, "side": "top"}},
    }


def _in_document_units(values: "pd.Series[Any]", metric: str) -> "pd.Series[Any]":
    """Readings (K, Pa, m/s, mm) in the units of the documents (°C, hPa, m/s, mm)."""
    if metric == "temperature":
        return values - KELVIN_OFFSET
    return values / _PA_PER_HPA if metric == "pressure" else values
