"""The site as a Dash application, and the callbacks that make a page of an address."""

import logging
from threading import Thread
from typing import Any

import dash_mantine_components as dmc
import flask
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html

from dash_app import delivery, downloads, theme
from dash_app import state as states
from dash_app.language import LANGUAGES, language
from dash_app.pages import PAGES
from dash_app.reader import Reader, open_reader
from dash_app.shell import shell, synthetic_banner, trouble, unknown_page
from dash_app.view import View, look_of, resolve
from weather_platform.domain.errors import WeatherError
from weather_platform.settings import Settings

_log = logging.getLogger(__name__)


def create_app(reader: Reader, settings: Settings) -> Dash:
    """The site over a reader, which starts to read the latest months at once."""
    app = delivery.LightDash(
        __name__,
        title=language(LANGUAGES[0])("site.title"),
        update_title="",
        serve_locally=True,
        health_endpoint="health",
        suppress_callback_exceptions=True,
        assets_ignore=r".*\.(md|geojson)$",
        index_string=delivery.INDEX,
    )
    delivery.compress(app.server)
    app.layout = _layout
    _add_callbacks(app, reader)
    delivery.harden(app)
    downloads.add_routes(app.server, reader)
    Thread(target=reader.warm, args=[settings.site.warm_months], name="warm", daemon=True).start()
    return app


def server() -> flask.Flask:
    """The WSGI application of the settings in the environment, for gunicorn: ``gunicorn "dash_app.app:server()"``."""
    settings = Settings.from_environment()
    app: flask.Flask = create_app(open_reader(settings), settings).server
    return app


def _layout() -> Any:
    """What is there before the first answer: nothing but the places that answers go to."""
    return dmc.MantineProvider(
        [
            dcc.Location(id="url", refresh="callback-nav"),
            dcc.Store(id="system"),
            dcc.Store(id="view"),
            dcc.Store(id="answer"),
            html.Div(id="shell"),
        ],
        id="mantine",
        theme=theme.MANTINE,
        defaultColorScheme="auto",
    )


def _add_callbacks(app: Dash, reader: Reader) -> None:
    def in_browser(name: str, *parts: Any, **more: Any) -> None:
        app.clientside_callback(ClientsideFunction("site", name), *parts, **more)  # type: ignore[no-untyped-call]

    in_browser(
        "look", Output("view", "data"), Input("url", "pathname"), Input("url", "search"), Input("system", "data")
    )
    in_browser(
        "choose",
        Input({"control": ALL}, "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    in_browser("follow", Input({"chart": ALL}, "clickData"), State("url", "search"), prevent_initial_call=True)
    in_browser("save", Input({"save": ALL, "format": ALL}, "n_clicks"), prevent_initial_call=True)
    in_browser("copy", Input("copy", "n_clicks"), prevent_initial_call=True)
    in_browser(
        "place",
        Output("shell", "children"),
        Output("mantine", "forceColorScheme"),
        Input("answer", "data"),
        prevent_initial_call=True,
    )

    @app.callback(Output("answer", "data"), Input("view", "data"), prevent_initial_call=True)
    def show(asked: dict[str, Any]) -> dict[str, Any]:
        return render(reader, asked, flask.request.headers.get("Accept-Language"))


def render(reader: Reader, asked: dict[str, Any], accepted: str | None) -> dict[str, Any]:
    """A page as the browser places it: its components, colour scheme and title.

    `asked` is what the browser knows (`site.js`, look), `accepted` the languages that it asks for.
    """
    state = states.parse(asked["pathname"], asked["search"])
    known = state or states.State()
    look = look_of(known, accepted=accepted, system_scheme=asked["scheme"], width_px=asked["width"])
    view = None
    if state is None:
        content = unknown_page(look)
    else:
        try:
            view = resolve(state, reader, look)
            content = PAGES[state.page](view)
            if _is_synthetic(view):
                content.insert(0, synthetic_banner(look))
        except Exception as error:  # noqa: BLE001  (whatever it is, people get a page that says so)
            if not isinstance(error, WeatherError):
                _log.exception("The page %s%s could not be made.", asked["pathname"], asked["search"])
            content = trouble(look, state, error, view)
    return {
        "page": known.page,
        "tree": shell(look, known, content),
        "scheme": look.theme.scheme,
        "title": _title(view, look.language("site.title")),
    }


def _is_synthetic(view: View) -> bool:
    frame = view.reader.daily(view.station_ids or None, view.first, view.last)
    return bool(frame["synthetic"].any())


def _title(view: View | None, site: str) -> str:
    if view is None:
        return site
    return " – ".join([*(station.display_name for station in view.stations[:3]), view.period_text, site])
