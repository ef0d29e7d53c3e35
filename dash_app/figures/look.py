"""The settings of a chart besides its data, and parts shared by all charts."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from dash_app import theme as themes
from dash_app.frames import numbers
from dash_app.language import Language
from dash_app.measures import Units
from weather_platform.domain.units import Unit

Figure = dict[str, Any]
"""A plotly chart as JSON: ``data`` and ``layout``. plotly.py's own objects cost 10 ms each to build."""
MOST_POINTS = 800
"""More than a screen has columns for a line; what is above is thinned, its extremes kept."""
MOST_MARKED_DAYS = 130
"""Above, only days that need a mark have one."""


class Look(NamedTuple):
    """Colours, units, language and screen width of a chart."""

    theme: themes.Theme
    units: Units
    language: Language
    narrow: bool = False
    width_px: int = 1280
    """Of the browser's window."""

    def unit(self, metric: str) -> Unit:
        return self.units[metric]

    def shown(self, values: "pd.Series[Any]", metric: str) -> list[float | None]:
        """Values of a document in the displayed unit; None if missing."""
        unit = self.unit(metric)
        return [None if value is None else round(unit.exact(value), 4) for value in numbers(values)]

    def figure(self, data: list[dict[str, Any]], **layout: Any) -> Figure:
        """A figure of traces, with the common layout below the one given."""
        base = themes.layout(self.theme, self.language.separators)
        for key, value in layout.items():
            own = base.get(key)
            base[key] = {**own, **value} if isinstance(own, dict) and isinstance(value, dict) else value
        return {"data": data, "layout": base}

    def axis_title(self, metric: str) -> dict[str, Any]:
        return {"title": {"text": self.unit(metric).symbol, "font": {"size": 12}}}

    def hover(self, name: str, metric: str) -> str:
        """Hover text of a point: name and value with its unit."""
        unit = self.unit(metric)
        return f"{name} %{{y:.{unit.decimals}f}} {unit.symbol}<extra></extra>"


def is_long(days: pd.DataFrame) -> bool:
    """Whether marks of single days would hide each other."""
    return len(days) > MOST_MARKED_DAYS


def day_axis(days: pd.DataFrame) -> dict[str, Any]:
    """The axis of days, the same below every chart of a page: plotly's own depends on the marks."""
    room = pd.Timedelta(days=0.6 + len(days) / 100)
    ends = [str(days.index[0] - room), str(days.index[-1] + room)]
    return {"type": "date", "range": ends, "ticklabeloverflow": "allow"}


def every_day(frame: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """The frame with a row for each day from first to last; a day without a document is a row of nothing."""
    days = pd.date_range(first, last, freq="D", name="date")
    return frame.drop_duplicates("date").set_index("date").reindex(days)


def thinned(days: pd.DataFrame, columns: Sequence[str], most: int = MOST_POINTS) -> pd.DataFrame:
    """At most about `most` of the rows, extremes and gaps kept.

    Of each stretch of days: the first, those of every column's lowest and highest value, and one without a value where
    there is one.
    """
    if len(days) <= most:
        return days
    stretches = max(1, most // (2 * len(columns) + 2))
    group = pd.Series(range(len(days)), index=days.index) * stretches // len(days)
    kept = set(group.drop_duplicates().index)
    for column in columns:
        known = days[column].dropna()
        grouped = known.groupby(group[known.index])
        kept.update(grouped.idxmin())
        kept.update(grouped.idxmax())
        empty = days.index[days[column].isna()]
        kept.update(pd.Series(empty, index=empty).groupby(group[empty]).first())
    return days.loc[sorted(kept)]


def texts(index: pd.Index) -> list[str]:
    """Days as plotly reads them."""
    return [day.strftime("%Y-%m-%d") for day in pd.DatetimeIndex(index)]


def line(
    look: Look, days: pd.DataFrame, column: str, metric: str, *, name: str, color: str, **more: Any
) -> dict[str, Any]:
    """A line that breaks at every day without a value."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": texts(days.index),
        "y": look.shown(days[column], metric),
        "connectgaps": False,
        "line": {"color": color, "width": 1.3 if is_long(days) else 2},
        "hovertemplate": look.hover(name, metric),
        **more,
    }
