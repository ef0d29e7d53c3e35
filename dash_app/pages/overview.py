"""All stations over a period: the map, an equivalent list, and the extremes in sentences."""

from collections import Counter
from typing import Any

import pandas as pd
from dash import html

from dash_app import components as ui
from dash_app.figures.stations_map import stations_map
from dash_app.frames import is_known, records
from dash_app.insets import WIDE, is_at_home
from dash_app.reader import Reader
from dash_app.summaries import Extreme, extreme
from dash_app.view import NoSuchDays, View
from weather_platform.domain.stations import STATIONS, fold

_EXTREMES = (
    ("warmest", "temperature", "temperature_tx_c"),
    ("wettest", "rain", "rain_total_mm"),
    ("windiest", "wind", "wind_gust_m_s"),
    ("lowest", "pressure", "pressure_min_hpa"),
)
_MOST_NAMES = 12


def page(view: View, reader: Reader) -> list[Any]:
    frame = reader.daily(None, view.first, view.last)
    if frame.empty:
        raise NoSuchDays("", view.period_text)
    names = {number: station.display_name for number, station in view.known.items()}
    frame = frame.assign(city=frame["station_id"].map(names))  # documents have the names used in SYNOP files
    places = by_station(view, frame)
    return [
        ui.controls(ui.metric_choice(view), ui.period_picker(view), below=ui.preset_links(view)),
        html.H1(f"{view.word('metrics.' + view.metric.key)}, {view.period_text}"),
        _cards(view, frame),
        html.Div([_map(view, places), _list(view, places)], className="map-and-list"),
        _silent(view, frame),
    ]


def by_station(view: View, frame: pd.DataFrame) -> pd.DataFrame:
    """One row per station with documents, by name.

    Columns: slug, city, position, days, and the metric over the period as value, low and high, in the documents' units.
    """
    metric = view.metric
    groups = frame.groupby("station_id")
    table = pd.DataFrame(
        {
            "slug": groups["slug"].last(),
            "city": groups["city"].last(),
            "days": groups.size(),
            # The sum of no values is missing, not 0.
            "value": groups[metric.column].sum(min_count=1)
            if metric.over_period == "sum"
            else groups[metric.column].mean(),
            "high": groups[metric.high].max(),
        }
    )
    table["low"] = groups[metric.low].min() if metric.low else float("nan")
    stations = view.known
    table["latitude_deg"] = [stations[number].latitude_deg for number in table.index]
    table["longitude_deg"] = [stations[number].longitude_deg for number in table.index]
    return table.sort_values("city", key=lambda names: names.map(fold), ignore_index=True)


def _cards(view: View, frame: pd.DataFrame) -> Any:
    """The extremes of all stations, and those of metropolitan France too: the tropics are always warmest."""
    stations = view.known.values()
    home = {s.station_id for s in stations if is_at_home(s.longitude_deg, s.latitude_deg)}
    at_home = frame[frame["station_id"].isin(home)]
    cards = []
    for key, metric, column in _EXTREMES:
        best = extreme(frame, column, lowest=key == "lowest")
        nearer = extreme(at_home, column, lowest=key == "lowest")
        if best:
            sentences = [_sentence(view, key, metric, best)]
            if nearer and nearer != best:
                sentences.append(_sentence(view, "at_home", metric, nearer))
            details = [html.P(sentence) for sentence in sentences]
            cards.append(ui.fact(view.word(f"overview.{key}_title"), _extreme_value(view, metric, best), details))
    return html.Div(cards, className="facts")


def _sentence(view: View, key: str, metric: str, found: Extreme) -> list[Any]:
    """A sentence in which the city is a link."""
    value, day = _extreme_value(view, metric, found), view.word.day(found.day)
    before, _, after = view.word(f"overview.{key}", value=value, city="\0", date=day).partition("\0")
    return [before, ui.link(found.city, href=_city_href(view, found.slug)), after]


def _extreme_value(view: View, metric: str, found: Extreme) -> str:
    return view.quantity(found.value, metric)


def _city_href(view: View, slug: str) -> str:
    return view.href(page="city", cities=(slug,), first=view.first, last=view.last)


def _map(view: View, places: pd.DataFrame) -> Any:
    word = view.word
    name = f"{word('metrics.' + view.metric.key)}, {view.period_text}"
    heard = _days_heard(view)
    places = places.assign(
        text=[_hover(view, place, heard) for place in records(places)],
        href=[_city_href(view, place["slug"]) for place in records(places)],
    )
    svg = stations_map(places, view.metric.key, view.look, title=name, days=view.days)
    spots = zip(places["city"], places["longitude_deg"], places["latitude_deg"], strict=True)
    outside = [
        city for city, longitude_deg, latitude_deg in spots if WIDE.drawn_at(longitude_deg, latitude_deg) is None
    ]
    summary = [*_map_summary(view, places), word("overview.map_hint")]
    if outside:
        names = ", ".join(outside[:_MOST_NAMES])
        summary.append(word("overview.outside", count=word.number(len(outside)), names=names))
    return html.Div(ui.drawing(view, "map", word("overview.map"), svg, summary), className="map")


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
            low=view.quantity(low["value"], view.metric.key),
            low_city=low["city"],
            high=view.quantity(high["value"], view.metric.key),
            high_city=high["city"],
        )
    ]


def _days_heard(view: View) -> int:
    """Days of the period that have a document of any station: the most a station can have."""
    return sum(view.first <= day <= view.last for day in view.dates)


def _hover(view: View, place: dict[str, Any], heard: int) -> str:
    if not is_known(place["value"]):
        return view.word("overview.no_value", city=place["city"])
    days = view.word("overview.days", n=place["days"], all=heard)
    return f"{place['city']}\n{view.quantity(place['value'], view.metric.key)}\n{days}"


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
        for place in records(_sorted(view, places))
    ]
    sort = html.Div(ui.choice(view, "sort"), className="controls")
    return ui.card(word("overview.list"), sort, ui.table(head, rows, label=word("overview.list")), id="station-list")


def _sorted(view: View, places: pd.DataFrame) -> pd.DataFrame:
    """Sorted by name or by value; stations without a value come last."""
    if view.state.sort == "name":
        return places
    return places.sort_values("value", ascending=view.state.sort == "lowest", kind="stable", na_position="last")


def _silent(view: View, frame: pd.DataFrame) -> Any:
    word = view.word
    known = {number: station.display_name for number, station in {**STATIONS, **view.known}.items()}
    heard = Counter(frame["station_id"].tolist())
    expected = _days_heard(view)
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
