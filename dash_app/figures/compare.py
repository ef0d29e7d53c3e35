"""Several cities side by side."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from dash_app.figures.look import Figure, Look, day_axis, line, thinned
from dash_app.frames import numbers
from dash_app.measures import METRICS

_GAP = 0.06
_MOST_MARKED_DAYS = 62
"""Six cities' marks are crowded sooner than those of one."""


def cities(by_city: Mapping[str, pd.DataFrame], metric: str, look: Look, *, own_axes: bool = False) -> Figure:
    """A metric's daily figure, one line and colour per city; on a shared axis, or on separate ones below each other.

    Frames have one row per day, for the same days.
    """
    column, unit = METRICS[metric].column, look.unit(metric)
    names, days = list(by_city), day_axis(next(iter(by_city.values())))
    lines = [
        _line(look, by_city[name], column, metric, name, number) | ({"yaxis": _axis(number)} if own_axes else {})
        for number, name in enumerate(names)
    ]
    if not own_axes or len(names) < 2:
        return look.figure(lines, xaxis=days, yaxis=look.axis_title(metric))
    height = (1 - _GAP * (len(names) - 1)) / len(names)
    axes: dict[str, Any] = {}
    for number in range(len(names)):
        top = 1 - number * (height + _GAP)
        axes[_axis(number).replace("y", "yaxis")] = {
            "domain": [max(0.0, top - height), top],
            "title": {"text": unit.symbol, "font": {"size": 11}},
            "gridcolor": look.theme.grid,
            "zerolinecolor": look.theme.grid,
            "automargin": True,
            "nticks": 4,
        }
    return look.figure(lines, xaxis={**days, "anchor": _axis(len(names) - 1)}, **axes)


def differences(by_city: Mapping[str, pd.DataFrame], metric: str, look: Look) -> Figure:
    """Differences of each city's daily figure from the first city's."""
    word, unit, column = look.language, look.unit(metric), METRICS[metric].column
    reference, *others = by_city
    lines = []
    for number, name in enumerate(others, start=1):
        difference = by_city[name][column] - by_city[reference][column]
        drawn = thinned(pd.DataFrame({column: difference}), [column])
        label = word("compare.minus", city=name, reference=reference)
        trace = line(look, drawn, column, metric, name=label, color=look.theme.cities[number])
        trace["y"] = [None if v is None else round(unit.difference(v), 4) for v in numbers(drawn[column])]
        trace["hovertemplate"] = f"{label} %{{y:+.{unit.decimals}f}} {unit.symbol}<extra></extra>"
        lines.append(trace)
    return look.figure(
        lines,
        xaxis=day_axis(by_city[reference]),
        yaxis={**look.axis_title(metric), "zerolinecolor": look.theme.text, "zerolinewidth": 1.5, "tickformat": "+"},
        showlegend=True,
    )


def _line(look: Look, days: pd.DataFrame, column: str, metric: str, name: str, number: int) -> dict[str, Any]:
    drawn = thinned(days, [column])
    trace = line(look, drawn, column, metric, name=name, color=look.theme.cities[number])
    if len(days) <= _MOST_MARKED_DAYS:
        trace |= {"mode": "lines+markers", "marker": {"size": 5, "color": look.theme.cities[number]}}
    return trace


def _axis(number: int) -> str:
    return "y" if number == 0 else f"y{number + 1}"
