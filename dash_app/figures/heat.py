"""Cells in the colours of a scale, as SVG: hours of each day, days of each week."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

from dash_app.figures.daily import day_ticks
from dash_app.figures.legend import Bar, legend, tick
from dash_app.figures.look import Look
from dash_app.measures import METRICS
from dash_app.scales import Scale
from weather_platform.domain.climate.completeness import MEAN_MISSING
from weather_platform.domain.statistics import KELVIN_OFFSET
from weather_platform.domain.units import Unit

HOURS = tuple(range(0, 24, 3))
MOST_DAYS = 400
"""More columns than that are narrower than a pixel and a half: months instead."""
_PA_PER_HPA = 100
_LEFT, _TOP, _BOTTOM, _LEGEND, _CHARACTER = 44, 6, 26, 44, 6.6
_MANY_ROWS = 20


class Grid(NamedTuple):
    """Values by row and column, in the documents' unit."""

    rows: Sequence[str]
    columns: Sequence[str]
    """What each column is called."""
    ticks: Sequence[tuple[int, str]]
    values: Sequence[Sequence[float | None]]
    days: Sequence[str] = ()
    """ISO days, where each column is one."""


def hours(observations: pd.DataFrame, metric: str, look: Look) -> Grid:
    """A reading of the metric by day and synoptic hour (UTC), or over `MOST_DAYS` the mean by month and hour.

    A month that lacks more than ten readings of an hour has no mean of it.
    """
    field = METRICS[metric].field
    known = observations[["date", field]].dropna()
    times = pd.to_datetime(known["date"])
    by_month = not by_day(observations)
    start = times.dt.to_period("M").dt.start_time if by_month else times.dt.normalize()
    values = _in_document_units(known[field].astype("float64"), metric)
    table = pd.DataFrame({"start": start, "hour": times.dt.hour, "value": values})
    if by_month:
        there = table.groupby(["start", "hour"])["value"].transform("count")
        table = table[there >= table["start"].dt.days_in_month - MEAN_MISSING]
    table = table.pivot_table(index="hour", columns="start", values="value").reindex(HOURS)
    if len(table.columns):
        every = pd.date_range(table.columns.min(), table.columns.max(), freq="MS" if by_month else "D")
        table = table.reindex(columns=every)
    days = [day.date() for day in pd.DatetimeIndex(table.columns)]
    word = look.language
    if by_month:
        names = [f"{word.month(day.month)} {day.year}" for day in days]
        years = [(place, str(day.year)) for place, day in enumerate(days) if day.month == 1]
        ticks = years[:: -(-len(years) // 8) or 1]
    else:
        names, ticks = [word.day(day) for day in days], day_ticks(days, look)
    iso = [] if by_month else [day.isoformat() for day in days]
    return Grid([f"{hour:02d} h" for hour in HOURS], names, ticks, _cells(table), iso)


def calendar(days: pd.DataFrame, metric: str, look: Look) -> Grid:
    """The metric's daily figure by week and day of the week; `days` has one row per day."""
    word, index = look.language, pd.DatetimeIndex(days.index)
    monday = index - pd.to_timedelta(index.dayofweek, unit="D")
    values = days[METRICS[metric].column].to_numpy()
    table = pd.DataFrame({"week": monday, "weekday": index.dayofweek, "value": values})
    table = table.pivot(index="weekday", columns="week", values="value").reindex(range(7))
    weeks = [week.date() for week in pd.DatetimeIndex(table.columns)]
    names = [f"{word('chart.week_of')} {word.day(week)}" for week in weeks]
    every = -(-len(weeks) // 8)
    ticks = [(place, f"{week.day} {word.short_month(week.month)}") for place, week in enumerate(weeks)][::every]
    return Grid(word("calendar.weekdays").split(), names, ticks, _cells(table))


def by_day(observations: pd.DataFrame) -> bool:
    """Whether `hours` has one column per day."""
    times = pd.to_datetime(observations["date"])
    return times.empty or (times.max() - times.min()).days <= MOST_DAYS


def drawn(
    grid: Grid, scale: Scale, unit: Unit, look: Look, *, title: str, size: tuple[float, float] | None = None
) -> str:
    """The grid as SVG, with its legend below; where rows are many, what the columns are stands above them."""
    width, height = size or ((366, 270) if look.narrow else (640, 300))
    left = max(_LEFT, 14 + round(_CHARACTER * max(map(len, grid.rows))))
    bottom = height - _BOTTOM - _LEGEND
    above = len(grid.rows) > _MANY_ROWS
    top = _BOTTOM if above else _TOP
    step_x = (width - left - 6) / max(1, len(grid.columns))
    step_y = (bottom - top) / len(grid.rows)
    shown = [[None if v is None else round(unit.exact(v), 4) for v in row] for row in grid.values]
    points = {
        "left": left,
        "step": round(step_x, 4),
        "top": top,
        "row": round(step_y, 4),
        "labels": grid.columns,
        "days": grid.days,
        "unit": unit.symbol,
        "decimals": unit.decimals,
        "rows": grid.rows,
        "series": [{"name": name, "values": row} for name, row in zip(grid.rows, shown, strict=True)],
    }
    ticks_y = top - 8 if above else bottom + 17
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" tabindex="0"'
            f' aria-label={quoteattr(title)} class="chart-drawing grid-drawing"'
            f" data-points={quoteattr(json.dumps(points, ensure_ascii=False, separators=(',', ':')))}>"
        ),
        *_rectangles(grid, scale, (left, top), (step_x, step_y)),
        *(
            f'<text x="{left - 6}" y="{top + (n + 0.5) * step_y + 4:.1f}" class="tick end">{escape(name)}</text>'
            for n, name in enumerate(grid.rows)
        ),
        *(
            f'<text x="{left + (place + 0.5) * step_x:.1f}" y="{ticks_y}" class="tick">{escape(text)}</text>'
            for place, text in grid.ticks
        ),
        *_legend(scale, unit, look, (left, width - left - 60 if size is None else min(320, width - left - 60)), height),
        "</svg>",
    ]
    return "".join(parts)


def _rectangles(grid: Grid, scale: Scale, corner: tuple[float, float], step: tuple[float, float]) -> Iterator[str]:
    """One path for each colour."""
    (left, top), (step_x, step_y), (low, high) = corner, step, scale.bounds
    paths: dict[str, list[str]] = defaultdict(list)
    gap = 0.8 if step_x > 4 else 0
    for row, values in enumerate(grid.values):
        for column, value in enumerate(values):
            if value is not None:
                share = round((min(max(value, low), high) - low) / (high - low) * 60) / 60
                color = scale.color(value if scale.steps else low + share * (high - low))
                x, y = left + column * step_x, top + row * step_y
                paths[color].append(f"M{x:.1f} {y:.1f}h{step_x - gap:.2f}v{step_y - 0.8:.1f}h-{step_x - gap:.2f}Z")
    for color, pieces in paths.items():
        yield f'<path d="{"".join(pieces)}" fill="{color}"/>'


def _legend(scale: Scale, unit: Unit, look: Look, place: tuple[float, float], height: float) -> Iterator[str]:
    """From a place's left edge on, so long."""
    (left, length), y = place, height - _LEGEND + 8
    yield from legend(scale, Bar(left, y, length, 9, 12), partial(tick, look.language, unit, signed=False))
    yield f'<text x="{left + length + 10:.1f}" y="{y + 9:g}" class="tick start">{escape(unit.symbol)}</text>'


def _cells(table: pd.DataFrame) -> list[list[float | None]]:
    return [[None if pd.isna(value) else float(value) for value in row] for row in table.to_numpy()]


def _in_document_units(values: "pd.Series[float]", metric: str) -> "pd.Series[float]":
    """Readings (K, Pa, m/s, mm) in the units of the documents (°C, hPa, m/s, mm)."""
    if metric == "temperature":
        return values - KELVIN_OFFSET
    return values / _PA_PER_HPA if metric == "pressure" else values
