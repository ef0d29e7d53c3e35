"""Up to six cities side by side."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from dash import html

from dash_app import components as ui
from dash_app.climate_words import at_least
from dash_app.figures import compare, longterm
from dash_app.figures.chart import Chart, drawn
from dash_app.figures.look import every_day
from dash_app.reader import Reader
from dash_app.view import NoSuchDays, View


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
        html.Div([_chart(view, reader, by_city), _table(view, by_city)], className="chart-and-table"),
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


def _chart(view: View, reader: Reader, by_city: dict[str, pd.DataFrame]) -> Any:
    word, metric = view.word, view.metric.key
    difference = view.state.view == "difference"
    if difference and len(by_city) < 2:
        return ui.notice(word("controls.view_difference"), word("compare.one"))
    found, base = _compared(view, reader, by_city)
    if difference:
        charts = [compare.differences(found, base, metric, view.look)]
    else:
        charts = compare.side_by_side(found, base, metric, view.look)
        charts = charts if view.state.axis == "own" else [compare.together(charts)]
    title, summary = _title(view, by_city), _summary(view, by_city)
    svg = drawn(charts, view.look, title=" ".join([f"{title}.", *summary]))
    return ui.drawing(view, metric, title, svg, summary, kind="by_day" if view.days <= longterm.MOST_DAYS else "still")


def _compared(view: View, reader: Reader, by_city: dict[str, pd.DataFrame]) -> tuple[compare.Compared, Chart]:
    """By day, or over more than two years by month or year."""
    metric = view.metric.key
    if view.days <= longterm.MOST_DAYS:
        return compare.by_day(by_city, metric, view.look)
    numbers = {station.display_name: station.station_id for station in view.stations}
    sheets = {name: (number, reader.climate.years(number)) for name, number in numbers.items()}
    return compare.by_step(sheets, metric, longterm.steps(view.period, view.look), view.look)


def _title(view: View, by_city: dict[str, pd.DataFrame]) -> str:
    """What is drawn: days, running totals of rain, or figures of months."""
    kind = "by_step" if view.days > longterm.MOST_DAYS else "total_by_day" if view.metric.key == "rain" else "by_day"
    if view.state.view == "difference":
        return view.word(f"compare.difference_{kind}", reference=next(iter(by_city)))
    return view.word(f"compare.{kind}")


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
        listed = ", ".join(f"{name} {_said(view, by_city[name], view.quantity)}" for name in known)
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


def _said(view: View, days: pd.DataFrame, write: Callable[[float | None, str], str]) -> str:
    """The metric of a city over all days; a total that lacks days as a lower bound."""
    lacking = view.metric.over_period == "sum" and int(days[view.metric.column].notna().sum()) < view.days
    value = over_period(view, days)
    return at_least(write(value, view.metric.key), lacking and value is not None)


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
        swatch = html.Span(className=f"swatch city-{number}")
        link = ui.link(name, href=view.href(page="city", cities=(view.stations[number].slug,)))
        low = days[metric.low or metric.column].min()
        rows.append(
            [
                [swatch, link],
                _said(view, days, view.number),
                *(view.number(v, metric.key) for v in (low, days[metric.high].max())),
            ]
        )
        rows[-1].append(f"{int(days['observations'].notna().sum())}/{view.days}")
    return ui.card(
        word("compare.table"), ui.table([*head, word("compare.days")], rows, label=word("compare.table")), id="compared"
    )
