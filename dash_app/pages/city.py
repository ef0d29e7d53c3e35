"""One city over a period: its four metrics, its wind, its events and its records."""

from collections.abc import Callable
from typing import Any

import pandas as pd
from dash import html

from dash_app import components as ui
from dash_app import lead, summaries
from dash_app.figures import daily, heat
from dash_app.figures.look import Figure, every_day
from dash_app.figures.rose import rose, wind_rose
from dash_app.frames import records
from dash_app.measures import METRICS
from dash_app.periods import years_before
from dash_app.reader import Reader
from dash_app.view import NoSuchDays, View
from weather_platform.domain.errors import StoreUnavailable

_CHARTS: dict[str, Callable[..., Figure]] = {
    "temperature": daily.temperature,
    "pressure": daily.pressure,
    "wind": daily.wind,
    "rain": daily.rain,
}
_MOST_EVENTS = 60


def page(view: View, reader: Reader) -> list[Any]:
    frame = reader.daily(view.station_ids, view.first, view.last)
    if frame.empty:
        raise NoSuchDays(view.stations[0].display_name, view.period_text)
    days = every_day(frame, *view.bounds)
    history = reader.history(view.stations[0].station_id)
    others = _other_years(view, history)
    return [
        _controls(view),
        html.H1(f"{view.stations[0].display_name}, {view.period_text}"),
        *_lead(view, reader, frame),
        html.Div([_chart(view, metric, days, others) for metric in _CHARTS], className="grid"),
        html.Div(_from_readings(view, reader, days), className="grid"),
        html.Div([_events(view, frame), _records(view, history)], className="grid"),
    ]


def _controls(view: View) -> Any:
    years = {day.year for day in view.dates}
    switch = [ui.choice(view, "years")] if len(years) > 1 else []
    return ui.controls(view, ui.city_picker(view), ui.period_picker(view), *switch, below=ui.preset_links(view))


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


def _other_years(view: View, history: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """The city's same days in other years, one row per day, keyed by the number of years before."""
    if view.state.years == "off" or view.days > 366:
        return {}
    found = {}
    for year in sorted({day.year for day in history["date"]}):
        before = view.first.year - year
        first, last = years_before(view.period, before)
        same = history[history["date"].between(pd.Timestamp(first), pd.Timestamp(last))]
        if before and not same.empty:
            found[before] = every_day(same, pd.Timestamp(first), pd.Timestamp(last))
    return found


def _chart(view: View, metric: str, days: pd.DataFrame, others: dict[int, pd.DataFrame]) -> Any:
    title = view.word(f"metrics.{metric}")
    if not days[METRICS[metric].column].notna().any():
        text = view.word(f"city.no_{metric}", city=view.stations[0].display_name)
        return ui.card(title, ui.notice(view.word("city.no_measure"), text, color="gray"), id=f"card-{metric}")
    band = daily.other_years(list(others.values()), metric, pd.DatetimeIndex(days.index))
    figure = _CHARTS[metric](days, view.look, band)
    return ui.chart(view, metric, title, figure, summaries.of_city(view, metric, days))


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
    switches = html.Div([ui.metric_choice(view), ui.choice(view, "heat")], className="controls")
    if observations is not None and view.state.heat == "hours":
        key = "heat" if heat.by_day(observations) else "heat_months"
        title, known = word(f"city.{key}", metric=name), int(observations[metric.field].notna().sum())
        figure = heat.hours(observations, metric.key, view.look)
        summary = [word(f"city.{key}_summary", n=word.number(known))]
    else:
        title, known = word("city.calendar", metric=name), int(days[metric.column].notna().sum())
        figure = heat.calendar(days, metric.key, view.look)
        summary = [word("city.calendar_summary")]
    if not known:
        text = word(f"city.no_{metric.key}", city=view.stations[0].display_name)
        return ui.card(title, switches, ui.notice(word("city.no_measure"), text, color="gray"))
    return ui.chart(view, "heat", title, figure, summary, above=switches)


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
