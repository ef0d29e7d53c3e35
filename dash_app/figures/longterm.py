"""A city over more than two years: its months, or over more than twelve years its years, from the monthly sheets."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import pandas as pd

from dash_app.figures.chart import Band, Chart, Kind, Layer
from dash_app.figures.look import Look
from dash_app.periods import Period
from weather_platform.domain.climate.years import MONTHS, YEAR, Years
from weather_platform.domain.months import Month, month_range

MOST_DAYS = 731
"""Longer periods are drawn by month."""
_MOST_MONTHS = 150
FIGURES: Final = {"temperature": "tm.mean", "pressure": "pmer.mean", "wind": "fxi.max", "rain": "rr.total"}
"""The figure of a sheet that stands for a metric."""
FROM_ZERO: Final = ("rain", "wind")


class Steps(NamedTuple):
    """The months, or years, of a period, as places in `Years`: year and period."""

    labels: Sequence[str]
    ticks: Sequence[tuple[int, str]]
    at: Sequence[tuple[int, str]]


def steps(period: Period, look: Look) -> Steps:
    months = list(month_range(Month.of(period[0]), Month.of(period[1])))
    most = 5 if look.narrow else 10
    if len(months) > _MOST_MONTHS:
        years = list(range(period[0].year, period[1].year + 1))
        every = -(-len(years) // most)
        ticks = [(place, str(year)) for place, year in enumerate(years) if place % every == 0]
        return Steps([str(year) for year in years], ticks, [(year, YEAR) for year in years])
    starts = [(place, str(month.year)) for place, month in enumerate(months) if month.number == 1]
    every = -(-len(starts) // most) if starts else 1
    labels = [f"{look.language.month(month.number)} {month.year}" for month in months]
    return Steps(labels, starts[::every], [(month.year, MONTHS[month.number - 1]) for month in months])


def values(figure: str, years: Years, station: str, of: Steps) -> list[float | None]:
    """A figure at each step, in the stored unit."""
    return [years.at(figure, station, year, period).value for year, period in of.at]


def chart(metric: str, years: Years, station: str, of: Steps, look: Look) -> Chart | None:
    """A metric's chart by month or year; None where the station has none of it."""
    word, unit = look.language, look.unit(metric)

    def shown(figure: str) -> list[float | None]:
        return look.shown(pd.Series(values(figure, years, station, of), dtype="float64"), metric)

    def partial(figure: str) -> frozenset[int]:
        whole = ("complete", "nearly") if figure == "rr.total" else ("complete",)
        return frozenset(
            place
            for place, (year, period) in enumerate(of.at)
            if years.at(figure, station, year, period).status not in whole
        )

    figure = FIGURES[metric]
    css = {"wind": "gust", "temperature": "mean"}.get(metric, metric)
    main = shown(figure)
    if all(value is None for value in main):
        return None
    name = {"rain": "chart.rain", "wind": "chart.gust"}.get(metric, "chart.mean")
    kind: Kind = "bars" if metric == "rain" else "line"
    bands = [Band("Tn–Tx", "range", shown("tn.mean"), shown("tx.mean"))] if metric == "temperature" else []
    layer = Layer(kind, word(name), css, main, hollow=partial(figure))
    return Chart(of.labels, of.ticks, bands, [layer], unit, from_zero=metric in FROM_ZERO)
