"""Several cities in one chart: by day, or over more than two years by month or year."""

from collections.abc import Mapping

import pandas as pd

from dash_app.figures import longterm
from dash_app.figures.chart import Chart, Layer
from dash_app.figures.daily import of_days
from dash_app.figures.look import Look
from dash_app.frames import numbers
from dash_app.measures import METRICS
from weather_platform.domain.climate.years import Years

Compared = Mapping[str, "pd.Series[float]"]
"""Values in the stored unit by city, for the same places."""


def by_day(by_city: Mapping[str, pd.DataFrame], metric: str, look: Look) -> tuple[Compared, Chart]:
    """A metric's daily figure, and the days to draw it over; of rain the total since the first day.

    Frames have one row per day, for the same days. The total breaks where a day is missing, and counts on.
    """
    column = METRICS[metric].column
    found = {name: days[column].cumsum() if metric == "rain" else days[column] for name, days in by_city.items()}
    return found, of_days(next(iter(by_city.values())), look, metric, bands=[], layers=[], from_zero=metric == "rain")


def by_step(
    by_city: Mapping[str, tuple[str, Years]], metric: str, of: longterm.Steps, look: Look
) -> tuple[Compared, Chart]:
    """A metric by month or year, from each city's WMO number and sheets, and the steps to draw it over."""
    found = {
        name: pd.Series(longterm.values(longterm.FIGURES[metric], years, station, of), dtype="float64")
        for name, (station, years) in by_city.items()
    }
    return found, Chart(of.labels, of.ticks, [], [], look.unit(metric), from_zero=metric in longterm.FROM_ZERO)


def side_by_side(found: Compared, base: Chart, metric: str, look: Look) -> list[Chart]:
    """A chart per city, its line in the city's colour."""
    return [
        base._replace(layers=[Layer("line", name, f"city-{number}", look.shown(values, metric))])
        for number, (name, values) in enumerate(found.items())
    ]


def together(charts: list[Chart]) -> Chart:
    """The lines of all cities on one axis."""
    return charts[0]._replace(layers=[layer for chart in charts for layer in chart.layers])


def differences(found: Compared, base: Chart, metric: str, look: Look) -> Chart:
    """Each city less the first, which is the line at zero; only where both have a value."""
    unit, (reference, *others) = look.unit(metric), found
    layers = [Layer("dashed", reference, "city-0", [0.0] * len(base.labels))]
    for number, name in enumerate(others, start=1):
        gaps = numbers(found[name] - found[reference])
        label = look.language("compare.minus", city=name, reference=reference)
        shown = [None if gap is None else round(unit.difference(gap), 4) for gap in gaps]
        layers.append(Layer("line", label, f"city-{number}", shown))
    return base._replace(layers=layers, from_zero=True)
