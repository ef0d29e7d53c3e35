"""One city over a period: its four metrics, its wind, its events and its records."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
from dash import html

from dash_app import components as ui
from dash_app import lead, scales, summaries
from dash_app.figures import daily, heat, longterm
from dash_app.figures.chart import Chart, drawn
from dash_app.figures.look import every_day
from dash_app.figures.rose import rose, wind_rose
from dash_app.figures.usual import usual_days, usual_totals
from dash_app.frames import records
from dash_app.measures import METRICS
from dash_app.reader import Reader
from dash_app.view import NoSuchDays, View
from weather_platform.domain.errors import StoreUnavailable
from weather_platform.domain.search import search

_MOST_EVENTS = 60
_A_YEAR = 366
_DEFINED = ("temperature", "rain")
"""Metrics whose days need a word."""


def page(view: View, reader: Reader) -> list[Any]:
    frame = reader.daily(view.station_ids, view.first, view.last)
    if frame.empty:
        raise NoSuchDays(view.stations[0].display_name, view.period_text)
    days, history = every_day(frame, *view.bounds), reader.history(view.stations[0].station_id)
    charts = _by_day(view, days, history) if view.days <= longterm.MOST_DAYS else _by_month(view, reader, days)
    return [
        ui.controls(view, ui.city_picker(view), ui.period_picker(view), below=ui.preset_links(view)),
        html.H1(f"{view.stations[0].display_name}, {view.period_text}"),
        _nearest(view),
        *_lead(view, reader, frame),
        html.Div(list(charts), className="grid"),
        html.Div(_from_readings(view, reader, days), className="grid"),
        html.Div([_events(view, frame), _records(view, history)], className="grid"),
    ]


def _nearest(view: View) -> Any:
    """Of a town without a station: how far away the one that is shown stands."""
    asked, station = view.state.cities[0] if view.state.cities else "", view.stations[0]
    match = next((match for match in search(asked, view.known) if match.station == station), None)
    if match is None or match.distance_km is None:
        return None
    text = view.word("city.nearest", town=match.matched, city=station.display_name, km=match.distance_km)
    return html.P(text, className="hint")


def _lead(view: View, reader: Reader, frame: pd.DataFrame) -> list[Any]:
    """The figures of the period: compared, where it is a month, a season or a year."""
    found = lead.compared(view, reader)
    if found is None:
        facts = [ui.fact(label, value, list(map(html.P, said))) for label, value, said in summaries.facts(view, frame)]
        return [lead.comparable(view), html.Div(facts, className="facts")]
    doubts = lead.doubts(view, found)
    return [
        html.P(lead.sentence(view, found), className="lead"),
        lead.cards(view, found),
        html.P(doubts, className="hint") if doubts else None,
    ]


def _by_day(view: View, days: pd.DataFrame, history: pd.DataFrame) -> Iterator[Any]:
    """Each metric before what is usual on these days, up to a year of them."""
    for metric, draw in daily.CHARTS.items():
        column, usual = METRICS[metric].column, None
        if not days[column].notna().any():
            yield _not_measured(view, metric)
            continue
        if view.days <= _A_YEAR:
            of = usual_totals if metric == "rain" else usual_days
            usual = of(history, column, view.period)
        yield _card(view, metric, draw(days, view.look, usual), summaries.of_city(view, metric, days))


def _by_month(view: View, reader: Reader, days: pd.DataFrame) -> Iterator[Any]:
    """Each metric by month or year: more days than that are a barcode."""
    number = view.stations[0].station_id
    of, years = longterm.steps(view.period, view.look), reader.climate.years(number)
    for metric in METRICS:
        found = longterm.chart(metric, years, number, of, view.look)
        if found is None:
            yield _not_measured(view, metric)
        else:
            summary = [view.word("city.by_month"), *summaries.of_city(view, metric, days)]
            yield _card(view, metric, found, summary)


def _card(view: View, metric: str, found: Chart, summary: Sequence[str]) -> Any:
    title, text = view.word(f"metrics.{metric}"), " ".join(summary)
    parts = [*summary, view.word(f"city.{metric}_defined")] if metric in _DEFINED else summary
    svg = drawn(found, view.look, title=f"{title}. {text}")
    return ui.drawing(view, metric, title, svg, parts, kind="by_day" if view.days <= longterm.MOST_DAYS else "still")


def _not_measured(view: View, metric: str) -> Any:
    text = view.word(f"city.no_{metric}", city=view.stations[0].display_name)
    notice = ui.notice(view.word("city.no_measure"), text, color="gray")
    return ui.card(view.word(f"metrics.{metric}"), notice, id=f"card-{metric}")


def _from_readings(view: View, reader: Reader, days: pd.DataFrame) -> list[Any]:
    """The parts with single readings; if staging does not answer, the page says so and shows the rest."""
    try:
        observations = reader.observations(view.stations[0], view.first, view.last)
    except StoreUnavailable as error:
        return [html.Div(ui.staging_notice(view, error)), _heat(view, None, days)]
    return [_rose(view, observations), _heat(view, observations, days)]


def _rose(view: View, observations: pd.DataFrame) -> Any:
    word, found = view.word, rose(observations)
    if found is None:
        text = word("city.no_wind", city=view.stations[0].display_name)
        return ui.card(word("city.rose"), ui.notice(word("city.no_measure"), text, color="gray"))
    warning = ui.notice(word("city.rose_few", n=word.number(found.readings))) if found.few else None
    summary = summaries.of_rose(view, found)
    svg = wind_rose(found, view.look, title=" ".join([word("city.rose"), *summary]))
    return ui.drawing(view, "wind-rose", word("city.rose"), svg, summary, above=warning)


def _heat(view: View, observations: pd.DataFrame | None, days: pd.DataFrame) -> Any:
    word, metric = view.word, view.metric
    name = word(f"metrics.{metric.key}")
    choices = [ui.choice(view, "heat")] if view.days <= longterm.MOST_DAYS else []
    switches = html.Div([ui.metric_choice(view), *choices], className="controls")
    if observations is not None and (view.state.heat == "hours" or not choices):
        key = "heat" if heat.by_day(observations) else "heat_months"
        title, known = word(f"city.{key}", metric=name), int(observations[metric.field].notna().sum())
        grid = heat.hours(observations, metric.key, view.look)
        summary = [word(f"city.{key}_summary", n=word.number(known))]
    else:
        title, known = word("city.calendar", metric=name), int(days[metric.column].notna().sum())
        grid = heat.calendar(days, metric.key, view.look)
        summary = [word("city.calendar_summary")]
    if not known:
        text = word(f"city.no_{metric.key}", city=view.stations[0].display_name)
        return ui.card(title, switches, ui.notice(word("city.no_measure"), text, color="gray"))
    scale, unit = scales.of_metric(metric.key, home=view.home), view.look.unit(metric.key)
    svg = heat.drawn(grid, scale, unit, view.look, title=" ".join([f"{title}.", *summary]))
    return ui.drawing(view, "heat", title, svg, summary, above=switches, kind="by_day" if grid.days else "still")


def _events(view: View, frame: pd.DataFrame) -> Any:
    word = view.word
    found = [(row["date"], event) for row in records(frame[["date", "events"]]) for event in row["events"]][::-1]
    if not found:
        return ui.card(word("city.events"), html.P(word("city.events_none")))
    head = [word(f"city.event_{name}") for name in ("date", "type", "value", "threshold")]
    rows = [
        [ui.link(word.day(day), href=ui.origin_href(view, day.date())), *summaries.of_event(view, event)]
        for day, event in found[:_MOST_EVENTS]
    ]
    more = (
        html.P(word("city.more_events", shown=_MOST_EVENTS, all=word.number(len(found))), className="hint")
        if len(found) > _MOST_EVENTS
        else None
    )
    return ui.card(word("city.events"), ui.table(head, rows, numbers_from=2, label=word("city.events")), more)


def _records(view: View, history: pd.DataFrame) -> Any:
    word = view.word
    rows = [
        [name, value, ui.link(word.day(day), href=ui.origin_href(view, day))]
        for name, value, day in summaries.of_records(view, history)
    ]
    span = word.period(history["date"].min().date(), history["date"].max().date())
    since = word("city.records_since", n=word.number(len(history)), period=span)
    head = ["", word("city.event_value"), word("city.event_date")]
    return ui.card(
        word("city.records"), ui.table(head, rows, label=word("city.records")), html.P(since, className="hint")
    )
