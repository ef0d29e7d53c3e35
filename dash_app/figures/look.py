"""The settings of a chart besides its data, and parts shared by all charts."""

from typing import Any, NamedTuple

import pandas as pd

from dash_app import theme as themes
from dash_app.frames import numbers
from dash_app.language import Language
from dash_app.measures import Units
from weather_platform.domain.units import Unit

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


def is_long(days: pd.DataFrame) -> bool:
    """Whether marks of single days would hide each other."""
    return len(days) > MOST_MARKED_DAYS


def every_day(frame: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """The frame with a row for each day from first to last; a day without a document is a row of nothing."""
    days = pd.date_range(first, last, freq="D", name="date")
    return frame.drop_duplicates("date").set_index("date").reindex(days)
