"""All stations over a period: the map, the list that is its equal, and the extremes in sentences."""

from collections import Counter
from typing import Any

import pandas as pd
from dash import html

from dash_app import components as ui
from dash_app.figures.stations_map import stations_map
from dash_app.frames import is_known, records
from dash_app.insets import drawn_at
from dash_app.summaries import Extreme, extreme, gust
from dash_app.view import NoSuchDays, View
from weather_platform.domain.stations import STATIONS

_MOST_NAMES = 12
_ONE_COLUMN_PX = 900


def page(view: View) -> list[Any]:
    frame = view.reader.daily(None, view.first, view.last)
    bar = ui.controls(ui.metric_choice(view), ui.period_picker(view), below=ui.preset_links(view))
    if frame.empty:
        raise NoSuchDays("", view.period_text)
    places = by_station(view, frame)
    return [
        bar,
        html.H1(f"{view.word('metrics.' + view.metric.key)}, {view.period_text}"),
        _cards(view, frame),
        html.Div([_map(view, places), _list(view, places)], className="map-and-list"),
        _silent(view, frame),
    ]


def by_station(view: View, frame: pd.DataFrame) -> pd.DataFrame:
    """A row a station that has documents, by name.

    Columns: slug, city, position, days, and the metric over the period as value, low and high, in the documents' units.
    """
    metric = view.metric
    groups = frame.groupby("station_id")
    table = pd.DataFrame(
        {
            "slug": groups["slug"].last(),
            "city": groups["city"].last(),
            "days": groups.size(),
            # A sum of nothing is nothing, not 0.
            "value": groups[metric.column].sum(min_count=1)
            if metric.over_period == "sum"
            else groups[metric.column].mean(),
            "high": groups[metric.high].max(),
        }
    )
    table["low"] = groups[metric.low].min() if metric.low else float("nan")
    stations = view.reader.stations()
    table["latitude_deg"] = [stations[number].latitude_deg for number in table.index]
    table["longitude_deg"] = [stations[number].longitude_deg for number in table.index]
    return table.sort_values("city", ignore_index=True)


def _cards(view: View, frame: pd.DataFrame) -> Any:
    found = (
        ("warmest", extreme(frame, "temperature_high_c"), "temperature"),
        ("wettest", extreme(frame, "rain_total_mm"), "rain"),
        ("windiest", extreme(frame, "wind_gust_m_s"), "wind"),
        ("lowest", extreme(frame, "pressure_min_hpa", lowest=True), "pressure"),
    )
    return html.Div([_card(view, key, best, metric) for key, best, metric in found if best], className="facts")


def _card(view: View, key: str, best: Extreme, metric: str) -> Any:
    word = view.word
    value = gust(view, best.value) if metric == "wind" else view.quantity(best.value, metric, 1)
    before, _, after = word(f"overview.{key}", value=value, city="\0", date=word.day(best.day)).partition("\0")
    link = ui.link(best.city, href=_city_href(view, best.slug))
    return ui.fact(word(f"overview.{key}_title"), value, [before, link, after])


def _city_href(view: View, slug: str) -> str:
    return view.href(page="city", cities=(slug,), first=view.first, last=view.last)


def _map(view: View, places: pd.DataFrame) -> Any:
    word = view.word
    name = f"{word('metrics.' + view.metric.key)}, {view.period_text}"
    places = places.assign(text=[_hover(view, place) for place in records(places)])
    figure = stations_map(places, view.metric.key, view.look, width_px=_map_width_px(view.look.width_px))
    spots = zip(places["city"], places["longitude_deg"], places["latitude_deg"], strict=True)
    outside = [city for city, longitude_deg, latitude_deg in spots if drawn_at(longitude_deg, latitude_deg) is None]
    summary = [*_map_summary(view, places), word("overview.map_hint")]
    if outside:
        names = ", ".join(outside[:_MOST_NAMES])
        summary.append(word("overview.outside", count=word.number(len(outside)), names=names))
    chart = ui.chart(view, "map", word("overview.map"), figure, summary, height_px=figure["layout"]["height"])
    return html.Div(chart, title=name, className="map")


def _map_width_px(screen_px: int) -> int:
    """How wide the map's card is inside, as `site.css` lays it out."""
    if screen_px <= _ONE_COLUMN_PX:
        return screen_px - 52
    return int((min(screen_px, 1400) - 40 - 16) * 3 / 5) - 34


def _map_summary(view: View, places: pd.DataFrame) -> list[str]:
    known = records(places[places["value"].notna()].sort_values("value"))
    if not known:
        return []
    low, high = known[0], known[-1]
    return [
        view.word(
            "overview.map_summary",
            count=view.word.number(len(places)),
            period=view.period_text,
            low=view.quantity(low["value"], view.metric.key, 1),
            low_city=low["city"],
            high=view.quantity(high["value"], view.metric.key, 1),
            high_city=high["city"],
        )
    ]


def _hover(view: View, place: dict[str, Any]) -> str:
    if not is_known(place["value"]):
        return view.word("overview.no_value", city=place["city"])
    days = view.word("overview.days", n=place["days"], all=view.days)
    return f"<b>{place['city']}</b><br>{view.quantity(place['value'], view.metric.key)}<br>{days}"


def _list(view: View, places: pd.DataFrame) -> Any:
    word, metric = view.word, view.metric
    symbol = view.look.unit(metric.key).symbol
    high = {"wind": "high_wind", "rain": "high_rain"}.get(metric.key, "high")
    names = [f"figure_{metric.key}", *(["low"] if metric.low else []), high]
    head = [word("overview.station"), *(f"{word('overview.' + name)} ({symbol})" for name in names)]
    columns = ["value", *(["low"] if metric.low else []), "high"]
    rows = [
        [
            ui.link(place["city"], href=_city_href(view, place["slug"])),
            *(view.number(place[column], metric.key) for column in columns),
        ]
        for place in records(places)
    ]
    return ui.card(word("overview.list"), ui.table(head, rows, label=word("overview.list")), id="station-list")


def _silent(view: View, frame: pd.DataFrame) -> Any:
    word = view.word
    known = {number: station.name for number, station in (dict(STATIONS) | view.reader.stations()).items()}
    heard = Counter(frame["station_id"].tolist())
    expected = (min(view.last, view.loaded[1]) - max(view.first, view.loaded[0])).days + 1
    silent = sorted(name for number, name in known.items() if number not in heard)
    partial = sorted(
        f"{known[number]} ({word('overview.days', n=days, all=expected)})"
        for number, days in heard.items()
        if days < expected
    )
    sentences = []
    if silent:
        sentences.append(word("overview.silent_some", count=word.number(len(silent)), names=", ".join(silent)))
    if partial:
        sentences.append(word("overview.silent_partial", count=word.number(len(partial)), names=", ".join(partial)))
    texts = [html.P(sentence) for sentence in sentences] or [html.P(word("overview.silent_none"))]
    return ui.card(word("overview.silent_title"), *texts, id="silent")
