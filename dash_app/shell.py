"""The frame of every page (header, navigation, settings, footer), and the error page."""

from typing import Any

import dash_mantine_components as dmc
from dash import html

from dash_app import components as ui
from dash_app.figures.look import Look
from dash_app.state import CHOICES, MENU, State, href
from dash_app.theme import THEMES
from dash_app.view import NoSuchCity, NoSuchDays, View
from weather_platform.domain.errors import NothingStored, WeatherError

MAIN = "main"


def shell(look: Look, state: State, content: list[Any]) -> Any:
    """A whole page."""
    word = look.language
    dates = {"locale": word.code, "firstDayOfWeek": 1}
    return dmc.DatesProvider(
        [
            html.A(word("site.skip"), href=f"#{MAIN}", className="skip"),
            _header(look, state),
            html.Main(content, id=MAIN, tabIndex=-1),
            _footer(look, state),
        ],
        settings=dates,
    )


def _header(look: Look, state: State) -> Any:
    word = look.language
    links = [
        ui.link(
            word(f"pages.{page}"),
            href=href(state.but(page=page, day=None)),
            className="current" if page == state.page else "",
            **(ui.aria(current="page") if page == state.page else {}),
        )
        for page in MENU
    ]
    return html.Header(
        [
            html.Div(
                [
                    ui.link(word("site.title"), href=href(state.but(page="overview", day=None)), className="title"),
                    _settings(look, state),
                ],
                className="header-top",
            ),
            html.Nav(links, className="pages", **ui.aria(label=word("site.menu"))),
        ]
    )


def _settings(look: Look, state: State) -> Any:
    word = look.language
    other = "en" if word.code == "fr" else "fr"
    scheme = "light" if look.theme is THEMES["dark"] else "dark"
    chips = html.Div(
        [
            *(
                ui.link(word(f"site.units_{units}"), href=href(state.but(units=units)), className="chip")
                for units in CHOICES["units"]
                if units != state.units
            ),
            html.A(
                word(f"site.theme_{scheme}"),
                href=href(state.but(scheme=scheme)),
                className="chip",
                **ui.data(go="theme"),
            ),
            ui.link(
                word("site.other_language"),
                href=href(state.but(language=other)),
                className="chip",
                lang=other,
                title=word("site.other_language_title"),
            ),
            html.Button(
                word("site.copy"),
                id="copy",
                className="chip",
                type="button",
                **ui.data(copied=word("site.copied"), copy=word("site.copy")),
            ),
        ],
        className="menu" if look.narrow else "settings",
        role="group",
        **ui.aria(label=word("site.settings")),
    )
    if not look.narrow:
        return chips
    return html.Details([html.Summary(word("site.settings"), className="chip"), chips], className="menu-of")


def _footer(look: Look, state: State) -> Any:
    word = look.language
    how = ui.link(word("site.how"), href=href(state.but(page="data", day=None)))
    return html.Footer([html.Span(word("site.credit")), " ", how])


def synthetic_banner(look: Look) -> Any:
    """The banner for synthetic data."""
    word = look.language
    return ui.notice(word("site.synthetic"), word("site.synthetic_why"), color="orange")


def trouble(look: Look, state: State, error: Exception, view: View | None) -> list[Any]:
    """An error page: cause and cure, without a traceback."""
    word = look.language
    again = html.A(word("trouble.again"), href=href(state), className="chip")
    match error:
        case NothingStored():
            return [_message(word("trouble.empty"), word("trouble.empty_do"), color="blue")]
        case NoSuchDays() if view is not None:
            return [_controls(view), _no_days(view)]
        case NoSuchCity():
            return [_no_city(look, state, error)]
        case WeatherError():
            detail = ui.reason_of(error)
            return [_message(word("trouble.store"), word("trouble.store_do"), detail, again, color="red")]
    return [_message(word("trouble.failed"), word("trouble.failed_do"), again, color="red")]


def unknown_page(look: Look) -> list[Any]:
    word = look.language
    return [_message(word("trouble.unknown_page"), word("trouble.unknown_page_do"))]


def _controls(view: View) -> Any:
    pickers = {"overview": None, "compare": ui.cities_picker, "table": ui.cities_picker}
    picker = pickers.get(view.state.page, ui.city_picker)
    parts = [ui.period_picker(view)] if picker is None else [picker(view), ui.period_picker(view)]
    return ui.controls(view, *parts, below=ui.preset_links(view))


def _no_city(look: Look, state: State, error: NoSuchCity) -> Any:
    """The nearest cities, as links to this page."""
    word = look.language
    others = [slug for slug in state.cities if slug != error.asked]
    links = [
        ui.link(station.display_name, href=href(state.but(cities=(*others, station.slug))), className="chip")
        for station in error.nearest
    ]
    text = word("trouble.unknown_city_do" if links else "trouble.unknown_city_list")
    return _message(word("trouble.unknown_city", city=error.asked), text, html.Div(links, className="buttons"))


def _no_days(view: View) -> Any:
    word = view.word
    names = ", ".join(station.display_name for station in view.stations) or word("pages.overview").lower()
    loaded = (view.dates[0], view.dates[-1]) if view.dates else view.loaded
    text = word("trouble.no_days", cities=names, period=view.period_text)
    link = ui.link(
        word("trouble.show_loaded", period=word.period(*loaded)),
        href=view.href(first=loaded[0], last=loaded[1]),
        className="chip",
    )
    return _message(text, word("trouble.no_days_do", loaded=word.period(*loaded)), link)


def _message(title: str, text: str, *more: Any, color: str = "yellow") -> Any:
    return html.Div(
        [html.H1(title, className="visually-hidden"), ui.notice(title, html.P(text), *more, color=color)],
        className="message",
    )
