"""Completeness by city and month."""

import pandas as pd

from dash_app import scales
from dash_app.figures.look import Figure, Look
from dash_app.frames import numbers
from weather_platform.domain.statistics import EXPECTED_OBSERVATIONS

_MOST_PARTED = 100
"""Gaps of a pixel between more columns would be as wide as the columns."""


def coverage(shares: pd.DataFrame, look: Look) -> Figure:
    """Percent of the expected observations by city (rows, by name) and month (columns, text)."""
    most = 3 if look.narrow else 12
    return look.figure(
        [
            {
                **scales.SHARE.on_plotly(None),
                "type": "heatmap",
                "xgap": 1 if len(shares.columns) <= _MOST_PARTED else 0,
                "ygap": 1,
                "hoverongaps": False,
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
