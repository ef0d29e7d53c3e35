"""Completeness by city and month."""

from typing import Final

import pandas as pd

from dash_app import scales
from dash_app.figures import heat
from dash_app.figures.look import Look
from dash_app.frames import numbers
from weather_platform.domain.months import Month
from weather_platform.domain.statistics import EXPECTED_OBSERVATIONS
from weather_platform.domain.units import Unit

_PERCENT: Final = Unit("%", "percent", 1)
_ROW_HEIGHT, _AROUND = 15, 100
_WIDTHS: Final = (700, 1_320)
_MARGIN_PX: Final = 90
"""Of the page, beside the chart."""


def coverage(shares: pd.DataFrame, look: Look, *, title: str) -> str:
    """Percent of the expected observations by city (rows, by name) and month (columns, text), as SVG."""
    months = [Month.parse(text) for text in shares.columns]
    word = look.language
    most = 3 if look.narrow else 12
    every = -(-len(months) // most)
    ticks = [
        (place, f"{word.short_month(month.number)} {month.year}")
        for place, month in enumerate(months)
        if place % every == 0
    ]
    grid = heat.Grid(
        rows=list(shares.index),
        columns=[f"{word.month(month.number)} {month.year}" for month in months],
        ticks=ticks,
        values=[numbers(row) for _, row in shares.iterrows()],
    )
    width = 366 if look.narrow else min(max(look.width_px - _MARGIN_PX, _WIDTHS[0]), _WIDTHS[1])
    size = width, _AROUND + _ROW_HEIGHT * len(shares)
    return heat.drawn(grid, scales.SHARE, _PERCENT, look, title=title, size=size)


def expected_in(month: str, last_loaded: pd.Timestamp) -> int:
    """Expected observations of a station in a month, up to the last loaded day of any station."""
    period = pd.Period(month)
    days = period.days_in_month
    if period == last_loaded.to_period("M"):
        days = last_loaded.day
    return int(days) * EXPECTED_OBSERVATIONS
