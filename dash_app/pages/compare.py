"""Up to six cities side by side."""

from typing import Any

import pandas as pd
from dash import html

from dash_app import components as ui
from dash_app.figures import compare
from dash_app.figures.look import every_day
from dash_app.reader import Reader
from dash_app.view import NoSuchDays, View

_OWN_AXIS_HEIGHT_PX = 150


def page(view: View, reader: Reader) -> list[Any]:
    word = view.word
    frame = reader.daily(view.station_ids, view.first, view.last)
    if frame.empty:
        raise NoSuchDays(", ".join(station.display_name for station in view.stations), view.period_text)
    by_city = {
        station.display_name: every_day(frame[frame["station_id"] == station.station_id], *view.bounds)
        for station in view.stations
    }
    return [
        _controls(view),
        html.H1(word("compare.title", metric=word(f"metrics.{view.metric.key}"), period=view.period_text)),
        html.Div([_chart(view, by_city), _table(view, by_city)], className="chart-and-table"),
    ]


def _controls(view: View) -> Any:
    choices = [ui.choice(view, "view")]
    if view.state.view == "values":
        choices.append(ui.choice(view, "axis"))
    return ui.controls(
        view,
        ui.cities_picker(view),
        ui.period_picker(view),
        ui.metric_choice(view),
        *choices,
        below=ui.preset_links(view),
    )


def _chart(view: View, by_city: dict[str, pd.DataFrame]) -> Any:
    word, metric, height_px = view.word, view.metric.key, 460
    title = word("compare.by_day")
    if view.state.view == "difference":
        title = word("compare.difference_by_day", reference=next(iter(by_city)))
        if len(by_city) < 2:
            return ui.notice(word("controls.view_difference"), word("compare.one"))
        figure = compare.differences(by_city, metric, view.look)
    else:
        own = view.state.axis == "own"
        figure = compare.cities(by_city, metric, view.look, own_axes=own)
        height_px = max(height_px, _OWN_AXIS_HEIGHT_PX * len(by_city)) if own else height_px
    return ui.chart(view, metric, title, figure, _summary(view, by_city), height_px=height_px)


def _summary(view: View, by_city: dict[str, pd.DataFrame]) -> list[str]:
    word, metric = view.word, view.metric
    figures = {name: over_period(view, days) for name, days in by_city.items()}
    silent = [name for name, value in figures.items() if value is None]
    known = {name: value for name, value in figures.items() if value is not None}
    sentences = []
    if view.state.view == "difference":
        reference, *others = by_city
        found = [_difference(view, name, by_city[name], by_city[reference]) for name in others if name in known]
        text = ", ".join(filter(None, found)) or "–"
        sentences.append(word("compare.summary_difference", reference=reference, list=text))
    elif known:
        listed = ", ".join(f"{name} {view.quantity(value, metric.key)}" for name, value in known.items())
        key = "compare.summary_rain" if metric.key == "rain" else "compare.summary"
        sentences.append(word(key, metric=word(f"metrics.{metric.key}").lower(), list=listed))
    if silent:
        sentences.append(word("compare.no_data", names=", ".join(silent)))
    return [sentence[:1].upper() + sentence[1:] for sentence in sentences]


def _difference(view: View, name: str, days: pd.DataFrame, reference: pd.DataFrame) -> str | None:
    """``ORLY −2.94 °C``, over the days that both have; missing days are left out."""
    metric = view.metric
    gaps = (days[metric.column] - reference[metric.column]).dropna()
    if gaps.empty:
        return None
    gap = float(gaps.sum() if metric.over_period == "sum" else gaps.mean())
    return f"{name} {view.difference(gap, metric.key)}"


def over_period(view: View, days: pd.DataFrame) -> float | None:
    """The metric of a city over all days; None without values."""
    known = days[view.metric.column].dropna()
    if known.empty:
        return None
    return float(known.sum() if view.metric.over_period == "sum" else known.mean())


def _table(view: View, by_city: dict[str, pd.DataFrame]) -> Any:
    word, metric = view.word, view.metric
    symbol = view.look.unit(metric.key).symbol
    first = word("compare.total") if metric.over_period == "sum" else word("compare.mean")
    head = [
        word("compare.city"),
        *(f"{text} ({symbol})" for text in (first, word("compare.low"), word("compare.high"))),
    ]
    rows = []
    for number, (name, days) in enumerate(by_city.items()):
        swatch = html.Span(className="swatch", style={"background": view.look.theme.cities[number]})
        link = ui.link(name, href=view.href(page="city", cities=(view.stations[number].slug,)))
        low = days[metric.low or metric.column].min()
        rows.append(
            [
                [swatch, link],
                *(view.number(v, metric.key) for v in (over_period(view, days), low, days[metric.high].max())),
            ]
        )
        rows[-1].append(f"{int(days['observations'].notna().sum())}/{view.days}")
    return ui.card(word("compare.table"), ui.table([*head, word("compare.days")], rows, label=word("compare.table")))
