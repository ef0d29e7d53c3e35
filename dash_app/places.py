"""What the overview shows of every station: a metric over the period, against what is usual there where that is known.

A month, a season or a year has the figures of the monthly sheets; other days have those of their documents.
"""

from typing import Any

import pandas as pd

from dash_app import scales
from dash_app.insets import is_at_home
from dash_app.measures import SUMMARIES
from dash_app.periods import Span, span
from dash_app.reader import Reader
from dash_app.view import View
from weather_platform.climatology import months_of
from weather_platform.domain.climate.figures import FIGURES, is_lower_bound
from weather_platform.domain.climate.ranks import Rank
from weather_platform.domain.climate.reference import Anomaly, Reference
from weather_platform.domain.stations import fold
from weather_platform.storage.monthly import MonthQuery

_RANKED = ("complete", "nearly")


def places(view: View, reader: Reader, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per station with documents, by name; figures are in the documents' units.

    Columns: slug, city, position, home, days; the metric's value, low and high over the period; whether the value is
    ranked (complete enough), and whether it is a lower bound; anomaly (a difference, of rain percent), usual and rank
    where there is a reference.
    `frame` are the documents of the period.
    """
    of = span(view.period)
    table = _of_days(view, frame) if of is None else _of_sheets(view, reader, of)
    stations = [view.known[number] for number in table.index]
    table["slug"] = [station.slug for station in stations]
    table["city"] = [station.display_name for station in stations]
    table["latitude_deg"] = [station.latitude_deg for station in stations]
    table["longitude_deg"] = [station.longitude_deg for station in stations]
    table["home"] = [is_at_home(station.longitude_deg, station.latitude_deg) for station in stations]
    return table.sort_values("city", key=lambda names: names.map(fold), ignore_index=True)


def _of_days(view: View, frame: pd.DataFrame) -> pd.DataFrame:
    summary, groups = SUMMARIES[view.metric.key], frame.groupby("station_id")
    days = groups[summary.column].count()
    # The sum of no values is missing, not 0.
    value = groups[summary.column].sum(min_count=1) if summary.how == "sum" else groups[summary.column].agg(summary.how)
    nothing = pd.Series(float("nan"), index=value.index)
    low = groups[summary.low].min() if summary.low else nothing
    high = groups[summary.high].max() if summary.high else nothing
    table = pd.DataFrame({"days": days, "value": value, "low": low, "high": high})
    table["ranked"] = table["days"] == table["days"].max()
    table["bound"] = (summary.how == "sum") & (table["days"] < view.days)
    table["anomaly"], table["usual"], table["rank"] = float("nan"), None, None
    return table


def _of_sheets(view: View, reader: Reader, of: Span) -> pd.DataFrame:
    summary, climate = SUMMARIES[view.metric.key], reader.climate
    element = FIGURES[summary.figure].element
    first, last = months_of(of.year, of.period)
    days: dict[str, int] = {}
    for sheet in climate.months(MonthQuery(first=first, last=last)):
        days[sheet.station_id] = days.get(sheet.station_id, 0) + getattr(sheet, element).n
    rows = []
    for number in (number for number in days if number in view.known):
        found, years = climate.compared(number, of.year, of.period, summary.figure), climate.years(number)

        def other(name: str | None, number: str = number, years: Any = years) -> float | None:
            return years.at(name, number, of.year, of.period).value if name else None

        rows.append(
            {
                "days": days[number],
                "value": found.value,
                "low": other(summary.low_figure),
                "high": other(summary.high_figure),
                "ranked": found.status in _RANKED,
                "bound": is_lower_bound(found.figure, found.status),
                "anomaly": _anomaly(view, found.anomaly),
                "usual": found.reference if isinstance(found.reference, Reference) else None,
                "rank": found.rank if isinstance(found.rank, Rank) else None,
            }
        )
    table = pd.DataFrame(rows, index=[number for number in days if number in view.known])
    return table.astype(dict.fromkeys(("value", "low", "high", "anomaly"), "float64"))


def _anomaly(view: View, found: Anomaly | None) -> float | None:
    if found is None or view.metric.key not in scales.COMPARED:
        return None
    shown: float | None = found.ratio_percent if view.metric.key == "rain" else found.difference
    return shown
