"""The building blocks of pages: controls, cards, charts with their texts, notices."""

from collections.abc import Container, Sequence
from datetime import date, timedelta
from typing import Any, Literal

import dash_mantine_components as dmc
from dash import html

from dash_app.language import Language
from dash_app.markup import markup
from dash_app.periods import PRESETS, Period, any_within, month_after, month_before, preset, whole
from dash_app.state import CHOICES, MOST_CITIES
from dash_app.view import View
from weather_platform.domain.errors import StoreUnavailable, WeatherError
from weather_platform.domain.stations import fold

Component = Any
"""Dash's components have no type annotations."""


def aria(**properties: str) -> dict[str, Any]:
    """ARIA properties for screen readers, ``aria(label="…")``."""
    return {f"aria-{name}": value for name, value in properties.items()}


def data(**properties: str) -> dict[str, Any]:
    """Properties that `site.js` reads, ``data(copied="…")``."""
    return {f"data-{name}": value for name, value in properties.items()}


def control_id(name: str) -> dict[str, str]:
    """The id of a control whose value `site.js` puts into the URL."""
    return {"control": name}


def link(text: Component, href: str, **more: Any) -> Component:
    """A link to another state of the site, without reloading the document."""
    return html.A(text, href=href, **data(go="here"), **more)


def city_picker(view: View) -> Component:
    """A picker of one city; case and accents are ignored."""
    return dmc.Select(
        id=control_id("city"),
        label=view.word("controls.city"),
        data=_city_options(view),
        value=view.stations[0].slug,
        searchable=True,
        allowDeselect=False,
        filter={"function": "folded"},
        nothingFoundMessage=view.word("controls.press_enter"),
        placeholder=view.word("controls.search"),
        className="control city",
    )


def town_search(view: View) -> Component:
    """The search of the first screen: a town, a postcode, a department or a station; leads to the city's page."""
    return dmc.Select(
        id=control_id("town"),
        data=_city_options(view),
        value=None,
        searchable=True,
        filter={"function": "folded"},
        nothingFoundMessage=view.word("controls.press_enter"),
        placeholder=view.word("controls.any_town"),
        label=view.word("controls.town"),
        className="control town",
    )


def cities_picker(view: View) -> Component:
    """Up to six cities."""
    return dmc.MultiSelect(
        id=control_id("cities"),
        label=view.word("controls.cities"),
        data=_city_options(view),
        value=[station.slug for station in view.stations],
        searchable=True,
        clearable=False,
        hidePickedOptions=True,
        maxValues=MOST_CITIES,
        filter={"function": "folded"},
        nothingFoundMessage=view.word("controls.nothing"),
        placeholder=view.word("controls.search"),
        className="control cities",
    )


def _city_options(view: View) -> list[dict[str, str]]:
    """Options by name; `keywords` are further search words of a station (`folded` in `site.js`)."""
    stations = sorted(view.known.values(), key=lambda station: fold(station.display_name))
    return [
        {
            "value": station.slug,
            "label": f"{station.display_name} ({station.station_id})",
            "keywords": view.keywords.get(station.station_id, ""),
        }
        for station in stations
    ]


def period_picker(view: View) -> Component:
    """Two days in a calendar in which days without data are grey, and links to preset periods."""
    return dmc.DatePickerInput(
        id=control_id("period"),
        label=view.word("controls.period"),
        type="range",
        value=[view.first.isoformat(), view.last.isoformat()],
        minDate=view.loaded[0].isoformat(),
        maxDate=view.loaded[1].isoformat(),
        disabledDates={"function": "withoutData", "options": {"loaded": _stretches(view.dates)}},
        valueFormat="D MMM YYYY",
        allowSingleDateInRange=True,
        numberOfColumns=1,
        className="control period",
    )


def day_picker(view: View, day: date) -> Component:
    return dmc.DatePickerInput(
        id=control_id("day"),
        label=view.word("controls.day"),
        value=day.isoformat(),
        minDate=view.loaded[0].isoformat(),
        maxDate=view.loaded[1].isoformat(),
        disabledDates={"function": "withoutData", "options": {"loaded": _stretches(view.dates)}},
        valueFormat="D MMMM YYYY",
        className="control period",
    )


def month_picker(view: View) -> Component:
    return dmc.MonthPickerInput(
        id=control_id("month"),
        label=view.word("data.month"),
        value=view.first.isoformat(),
        minDate=view.loaded[0].replace(day=1).isoformat(),
        maxDate=view.loaded[1].isoformat(),
        valueFormat="MMMM YYYY",
        className="control period",
    )


def preset_links(view: View) -> Component:
    """Links to preset periods (grey if they have no data), and to the nearest months with data."""
    days = view.dates
    periods = {name: preset(name, view.period, view.loaded) for name in PRESETS}
    current = next((name for name, period in periods.items() if period == view.period), None)
    chips = []
    for name, month in (
        ("previous_month", month_before(view.first, days)),
        ("next_month", month_after(view.last, days)),
    ):
        if month:
            sign = "‹" if name == "previous_month" else "›"
            chips.append(_period_link(view, sign, whole(month), **aria(label=view.word(f"controls.{name}"))))
    for name, period in periods.items():
        text = view.word(f"controls.{name}")
        if name == current:
            chips.append(_period_link(view, text, period, kind="chip current", **aria(current="true")))
        elif any_within(days, period):
            chips.append(_period_link(view, text, period))
        else:
            chips.append(html.Span(text, className="chip absent", title=view.word("controls.no_data")))
    return html.Nav(chips, className="presets", **aria(label=view.word("controls.presets")))


def _period_link(view: View, text: str, period: Period, *, kind: str = "chip", **more: Any) -> Component:
    return link(text, href=view.href(first=period[0], last=period[1], whole=None), className=kind, **more)


def choice(view: View, name: str, *, words: str | None = None) -> Component:
    """One of the few values of a parameter of the state (`state.CHOICES`), as buttons side by side.

    `words` is what the texts' keys of its values begin with, ``controls.<name>_`` where it is not said.
    """
    label = view.word(f"controls.{name}")
    options = [(value, view.word(f"{words or f'controls.{name}_'}{value}")) for value in CHOICES[name]]
    return html.Div(
        [
            html.Span(label, className="label", id=f"label-{name}"),
            dmc.SegmentedControl(
                id=control_id(name),
                value=getattr(view.state, name),
                transitionDuration=0,  # the sliding mark was up to a fifth of the browser's work after a click
                data=[{"value": key, "label": text} for key, text in options],
                **aria(label=label),
            ),
        ],
        className="control",
    )


def metric_choice(view: View) -> Component:
    return choice(view, "metric", words="metrics.")


def controls(view: View, *parts: Component, below: Component = None) -> Component:
    """The bar of a page's controls; on a phone folded, so that the page begins with what it says."""
    bar = html.Div([html.Div(list(parts), className="controls"), below], className="control-bar")
    if not view.look.narrow:
        return bar
    change = html.Span(view.word("controls.change"), className="chip")
    return html.Details([html.Summary([html.Span(place_text(view)), change]), bar], className="folded")


def drawing(
    view: View,
    name: str,
    title: str,
    svg: str,
    summary: Sequence[str],
    *,
    above: Component = None,
    kind: Literal["still", "by_day", "wide"] = "still",
) -> Component:
    """A figure that the server drew, as SVG, with its title, its summary in words, and its menu.

    `name` names it on its page; its files are called by city, period and `name`. `above` are its own controls. One
    `by_day` leads to days and zooms into them; a `wide` one scrolls sideways on a phone, by keyboard too.
    """
    scrolled: dict[str, Any] = {"tabIndex": 0, "role": "region", **aria(label=title)} if kind == "wide" else {}
    sentences = " ".join(summary)
    has_values, hint = " data-points=" in svg, "chart.readout" if kind == "by_day" else "chart.readout_places"
    readout = html.P(view.word(hint), className="readout", **aria(live="polite")) if has_values else None
    return card(
        title,
        above,
        html.Figure(
            [
                html.Div(
                    className="drawing",
                    **scrolled,
                    **data(markup=svg, file=file_stem(view, name), title=f"{title}, {place_text(view)}"),
                ),
                readout,
                html.Figcaption(sentences, className="summary"),
            ]
        ),
        _values(view),
        menu=_tools(view, title, zooms=kind == "by_day"),
        id=f"card-{name}",
    )


def _values(view: View) -> Component:
    """The place of the values as a table, which `site.js` fills when it is opened."""
    name = view.word("chart.values")
    box = html.Div(className="table-scroll", tabIndex=0, role="region", **aria(label=name))
    return html.Details([html.Summary(name), box], className="values")


def _tools(view: View, title: str, *, zooms: bool) -> Component:
    """Of a chart: zoom, where it has days, and the menu."""
    menu = _chart_menu(view, title)
    return html.Div([*(_zoom(view, title) if zooms else []), menu], className="card-tools")


def _zoom(view: View, title: str) -> list[Component]:
    """The period is the zoom: half of its days, about those chosen in the chart (`site.js`), and the way back."""
    word, quarter, links = view.word, view.days // 4, []
    if quarter:
        first, last = view.first + timedelta(days=quarter), view.last - timedelta(days=quarter)
        href = view.href(first=first, last=last, whole=view.state.whole or view.period)
        label = aria(label=word("chart.zoom_in", title=title))
        links.append(link("+", href, className="chip", title=word("chart.zoom_in_title"), **label, **data(zoom="in")))
    if view.state.whole:
        first, last = view.state.whole
        label = aria(label=word("chart.zoom_out", title=title, period=word.period(first, last)))
        text = f"− {word.period(first, last)}"
        links.insert(
            0, link(text, view.href(first=first, last=last, whole=None), className="chip", **label, **data(zoom="out"))
        )
    return links


def _chart_menu(view: View, title: str) -> Component:
    """The menu of a chart: downloads and origin. A native disclosure element, because no Mantine menu passes axe."""
    word = view.word
    items: list[Component] = [
        html.Button(word(f"chart.{kind}"), type="button", **data(save=kind)) for kind in ("png", "phone", "svg")
    ]
    items += [*file_links(view), link(word("chart.origin"), origin_href(view))]
    opener = html.Summary(word("chart.menu"), className="chip", **aria(label=word("chart.menu_of", title=title)))
    return html.Details([opener, html.Div(items, className="menu")], className="menu-of")


def file_links(view: View, kinds: Sequence[str] = ("csv", "xlsx", "parquet"), **more: Any) -> list[Component]:
    """The page's data as files."""
    return [html.A(view.word(f"chart.{kind}"), href=view.download(kind), download="", **more) for kind in kinds]


def place_text(view: View) -> str:
    """``Nice, décembre 2023``: what a picture must say where it stands alone."""
    names = ", ".join(station.display_name for station in view.stations) or view.word("controls.france")
    return f"{names}, {view.period_text}"


def origin_href(view: View, day: date | None = None) -> str:
    """The page of a day, or of the first of the period: its readings and the raw objects behind them."""
    cities = view.resolved.cities[:1] if view.stations else ()
    return view.href(page="day", cities=cities, first=view.first, last=view.last, day=day)


def file_stem(view: View, what: str) -> str:
    """``nice_2023-12-01_2023-12-31_temperature``."""
    cities = "-".join(station.slug for station in view.stations[:3]) or "france"
    more = f"-and-{len(view.stations) - 3}" if len(view.stations) > 3 else ""
    return f"{cities}{more}_{view.first}_{view.last}_{what}"


def card(title: str, *content: Component, menu: Component = None, **more: Any) -> Component:
    head = html.Div([dmc.Title(title, order=2, className="card-title"), menu], className="card-head")
    return html.Section([head, *content], className="card", **more)


def fact(label: str, value: str, detail: Component = None) -> Component:
    """A card with a key figure, its name above and a note below."""
    return html.Div(
        [
            html.Div(label, className="fact-label"),
            html.Div(value, className="fact-value"),
            html.Div(detail, className="fact-detail") if detail else None,
        ],
        className="fact",
    )


def notice(title: str, *content: Component, color: str = "yellow") -> Component:
    """A notice, announced at once by screen readers."""
    return dmc.Alert(list(content), title=title, color=color, variant="light", className="notice")


def staging_notice(view: View, error: StoreUnavailable) -> Component:
    """A notice that single readings are unavailable while daily figures are shown."""
    return notice(view.word("trouble.staging"), reason_of(error))


def reason_of(error: WeatherError) -> Component:
    """Cause and cure for the operator, in English."""
    return html.Code(f"{error.cause} {error.cure}", lang="en")


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[Component]],
    *,
    numbers_from: int = 1,
    label: str,
    strong: Container[int] = (),
) -> Component:
    """A plain table that scrolls sideways on a phone; columns from `numbers_from` on are numbers.

    `strong` are the numbers of rows that stand out, as a total does. It is markup: a component for each cell is
    most of what a page's scripts would do.
    """
    kinds = ["" if column < numbers_from else "number" for column in range(len(head))]
    heads = [
        html.Th(text, scope="col", className=kind) if text else html.Td()
        for text, kind in zip(head, kinds, strict=True)
    ]
    body = [_row(row, kinds, "total" if n in strong else "") for n, row in enumerate(rows)]
    shown = html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], **aria(label=label))
    return scrolled(shown, label)


def scrolled(shown: Component, label: str) -> Component:
    """A table in a box of its own, which scrolls by keyboard too."""
    return html.Div(
        className="table-scroll", tabIndex=0, role="region", **aria(label=label), **data(markup=markup(shown))
    )


def _row(row: Sequence[Component], kinds: Sequence[str], kind_of_row: str) -> Component:
    return html.Tr(
        [html.Td(cell, className=kind) for cell, kind in zip(row, kinds, strict=True)], className=kind_of_row
    )


def counted(word: Language, key: str, n: int, **values: object) -> str:
    """The singular or plural text, ``key.one`` or ``key.many``."""
    return word(f"{key}.{'one' if n == 1 else 'many'}", n=word.number(n), **values)


def _stretches(days: Sequence[date]) -> list[list[str]]:
    """Unbroken ranges of days as first and last, for the calendar in the browser."""
    found: list[list[date]] = []
    for day in days:
        if found and day - found[-1][1] == timedelta(days=1):
            found[-1][1] = day
        else:
            found.append([day, day])
    return [[first.isoformat(), last.isoformat()] for first, last in found]
