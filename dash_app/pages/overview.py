"""All stations over a period: a search, the map, an equivalent list, and the extremes of the metric in sentences."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd
from dash import html

from dash_app import climate_words as said
from dash_app import components as ui
from dash_app import lead, scales
from dash_app.figures.stations_map import stations_map
from dash_app.frames import is_known, records
from dash_app.insets import WIDE
from dash_app.measures import SUMMARIES
from dash_app.periods import span
from dash_app.places import places
from dash_app.reader import Reader
from dash_app.summaries import extreme
from dash_app.view import NoSuchDays, View
from weather_platform.domain.stations import STATIONS

_MOST_NAMES = 12


def page(view: View, reader: Reader) -> list[Any]:
    frame = reader.daily(None, view.first, view.last)
    if frame.empty:
        raise NoSuchDays("", view.period_text)
    found = places(view, reader, frame)
    against = _is_compared(view, found)
    title = "overview.title_anomaly" if against else "overview.title"
    return [
        *_controls(view, found),
        html.H1(view.word(title, metric=view.word(f"metrics.{view.metric.key}"), period=view.period_text)),
        html.P(" ".join(_lead(view, found, against=against)), className="lead"),
        html.Div([_map(view, found, frame, against=against), _list(view, found)], className="map-and-list"),
        _silent(view, frame),
    ]


def _controls(view: View, found: pd.DataFrame) -> list[Any]:
    """The search stands first; on a phone, only the search is not folded."""
    compared = [ui.choice(view, "map")] if found["anomaly"].notna().any() else []
    search, others = ui.town_search(view), [ui.metric_choice(view), *compared, ui.period_picker(view)]
    presets = ui.preset_links(view)
    if view.look.narrow:
        return [html.Div([search], className="town-search"), ui.controls(view, *others, below=presets)]
    return [ui.controls(view, search, *others, below=presets)]


def _is_compared(view: View, found: pd.DataFrame) -> bool:
    """Whether the map shows anomalies."""
    return view.state.map == "anomaly" and bool(found["anomaly"].notna().any())


def _lead(view: View, found: pd.DataFrame, *, against: bool) -> Iterator[str]:
    """Between which values the stations lie: France first, overseas beside it."""
    column = "anomaly" if against else "value"
    known = found[found[column].notna() & found["ranked"]]
    for area, rows in (("home", known[known["home"]]), ("overseas", known[~known["home"]])):
        if not rows.empty:
            yield _range(view, area, rows.sort_values(column, kind="stable"), column)
        whole = rows[~rows["bound"]]
        if area == "home" and against and len(whole) > 1:
            average = _shown(view, float(whole[column].mean()), column)
            yield view.word("overview.mean_anomaly", n=len(whole), value=average)
    if not against:
        yield from _why_values(view)


def _usual(view: View, found: pd.DataFrame) -> str:
    """The years that the anomalies are against."""
    usual = found["usual"][found["anomaly"].notna()].tolist()
    first, last = min(each.first_year for each in usual), max(each.last_year for each in usual)
    of = span(view.period)
    spans = view.word.spans(of.period) if of else ""
    return view.word("overview.usual", spans=spans, first=first, last=last, n=min(each.n for each in usual))


def _range(view: View, area: str, rows: pd.DataFrame, column: str) -> str:
    """From the lowest to the highest; a lower bound may be the highest, never the lowest."""
    whole, high = records(rows[~rows["bound"]]), records(rows)[-1]
    name = view.word(f"overview.{area}")
    most = said.at_least(_shown(view, high[column], column), high["bound"])
    if len(rows) == 1:
        return view.word("overview.one", area=name, value=most, city=high["city"])
    if not whole:
        return view.word("overview.most", area=name, high=most, high_city=high["city"])
    low = whole[0]
    return view.word(
        "overview.range",
        area=name,
        low=_shown(view, low[column], column),
        low_city=low["city"],
        high=most,
        high_city=high["city"],
    )


def _why_values(view: View) -> Iterator[str]:
    if view.metric.key not in scales.COMPARED:
        yield view.word("overview.no_anomaly")
    elif span(view.period) is None:
        yield view.word("overview.no_span")
    elif view.state.map == "anomaly":
        yield view.word("overview.no_usual")


def _extremes(view: View, found: pd.DataFrame, frame: pd.DataFrame) -> Iterator[str]:
    """The days that stand out in metropolitan France, or overseas where nothing else is loaded."""
    summary, names = SUMMARIES[view.metric.key], dict(zip(found["slug"], found["city"], strict=True))
    home = set(found["slug"][found["home"]]) or set(found["slug"])
    days = frame[frame["slug"].isin(home)]
    for kind, column in (("high", summary.high or summary.column), ("low", summary.low)):
        best = extreme(days, column, lowest=kind == "low") if column else None
        if best:
            value, day = view.quantity(best.value, view.metric.key), view.word.day(best.day)
            yield view.word(f"overview.extreme_{kind}_{view.metric.key}", value=value, city=names[best.slug], date=day)


def _shown(view: View, value: float, column: str) -> str:
    """A value, or an anomaly with its sign; of rain in percent of the usual."""
    if column == "value":
        return view.quantity(value, view.metric.key)
    if view.metric.key == "rain":
        return f"{view.word.number(value)} {view.word('overview.percent_of_usual')}"
    return view.difference(value, view.metric.key)


def _city_href(view: View, slug: str) -> str:
    return view.href(page="city", cities=(slug,), first=view.first, last=view.last)


def _map(view: View, found: pd.DataFrame, frame: pd.DataFrame, *, against: bool) -> Any:
    word, column = view.word, "anomaly" if against else "value"
    shown = found.assign(
        shown=found[column].where(found["ranked"]),
        text=[_hover(view, place) for place in records(found)],
        href=[_city_href(view, place["slug"]) for place in records(found)],
    )
    title = f"{word('metrics.' + view.metric.key)}, {view.period_text}"
    svg = stations_map(shown, view.metric.key, view.look, title=title, days=view.days, anomaly=against)
    spots = zip(found["city"], found["longitude_deg"], found["latitude_deg"], strict=True)
    outside = [
        city for city, longitude_deg, latitude_deg in spots if WIDE.drawn_at(longitude_deg, latitude_deg) is None
    ]
    summary = [*([_usual(view, found)] if against else []), *_extremes(view, found, frame), word("overview.map_hint")]
    if outside:
        names = ", ".join(outside[:_MOST_NAMES])
        summary.append(word("overview.outside", count=word.number(len(outside)), names=names))
    return html.Div(ui.drawing(view, "map", word("overview.map"), svg, summary), className="map")


def _hover(view: View, place: dict[str, Any]) -> str:
    if not is_known(place["value"]):
        return view.word("overview.no_value", city=place["city"])
    lines = [place["city"], said.at_least(view.quantity(place["value"], view.metric.key), place["bound"])]
    if is_known(place["anomaly"]):
        lines.append(said.at_least(_shown(view, place["anomaly"], "anomaly"), place["bound"]))
    if place["days"] < view.days:
        lines.append(view.word("overview.days", n=place["days"], all=view.days))
    return "\n".join(lines)


def _list(view: View, found: pd.DataFrame) -> Any:
    word, summary = view.word, SUMMARIES[view.metric.key]
    symbol, compared = view.look.unit(view.metric.key).symbol, bool(found["anomaly"].notna().any())
    high = "high_rain" if view.metric.key == "rain" else "high"
    columns = [name for name, there in (("low", summary.low), ("high", summary.high)) if there and not compared]
    head = [word("overview.station"), f"{word(f'overview.figure_{view.metric.key}')} ({symbol})"]
    if compared:
        head += [f"{word('overview.anomaly')} ({'%' if view.metric.key == 'rain' else symbol})"]
    if found["rank"].notna().any():
        head += [word("overview.rank")]
    head += [f"{word('overview.' + (high if name == 'high' else name))} ({symbol})" for name in columns]
    rows = []
    for place in records(_sorted(view, found)):
        row = [ui.link(place["city"], href=_city_href(view, place["slug"])), _list_value(view, place)]
        if compared:
            row.append(said.at_least(_list_anomaly(view, place["anomaly"]), place["bound"] and place["ranked"]))
        if found["rank"].notna().any():
            row.append(lead.short_rank(view, SUMMARIES[view.metric.key].figure, place["rank"]))
        rows.append([*row, *(view.number(place[column], view.metric.key) for column in columns)])
    sort = html.Div(ui.choice(view, "sort"), className="controls")
    return ui.card(word("overview.list"), sort, ui.table(head, rows, label=word("overview.list")), id="station-list")


def _list_value(view: View, place: dict[str, Any]) -> Any:
    """The figure; of an incomplete station with its days, and marked."""
    if not is_known(place["value"]):
        return "–"
    value = said.at_least(view.number(place["value"], view.metric.key), place["bound"])
    if place["ranked"]:
        return value
    days = view.word("overview.days", n=place["days"], all=view.days)
    return html.Span([value, html.Small(f" ({days})")], className="incomplete")


def _list_anomaly(view: View, value: float | None) -> str:
    if not is_known(value):
        return "–"
    unit = view.look.unit(view.metric.key)
    if view.metric.key == "rain":
        return view.word.number(value)
    return view.difference(value, view.metric.key).removesuffix(f"\u00a0{unit.symbol}")


def _sorted(view: View, found: pd.DataFrame) -> pd.DataFrame:
    """Sorted by name, or by what the map shows; stations without it, or with an incomplete one, come last.

    From the lowest on, a lower bound is incomplete: it may be the wettest, never the driest.
    """
    if view.state.sort == "name":
        return found
    column, lowest = "anomaly" if _is_compared(view, found) else "value", view.state.sort == "lowest"
    ranked = found["ranked"] & ~found["bound"] if lowest else found["ranked"]
    shown = found.assign(shown=found[column].where(ranked))
    return shown.sort_values("shown", ascending=lowest, kind="stable", na_position="last")


def _silent(view: View, frame: pd.DataFrame) -> Any:
    word = view.word
    known = {number: station.display_name for number, station in {**STATIONS, **view.known}.items()}
    heard = Counter(frame["station_id"].tolist())
    expected = sum(view.first <= day <= view.last for day in view.dates)
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
