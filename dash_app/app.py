"""The site as a Dash application, and the callbacks that turn a URL into a page."""

import logging
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any

import dash_mantine_components as dmc
import flask
import msgspec
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html

from dash_app import delivery, downloads, pictures, theme
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
    """The site on top of a reader, which starts reading the latest months at once."""
    app = delivery.LightDash(
        __name__,
        title=language(LANGUAGES[0])("site.title"),
        update_title="",
        serve_locally=True,
        health_endpoint="health",
        suppress_callback_exceptions=True,
        assets_ignore=r".*\.(md|svg|txt)$",
        index_string=delivery.INDEX,
    )
    delivery.compress(app.server)
    app.layout = _layout
    _add_callbacks(app)
    _add_pages(app.server, reader)
    delivery.harden(app, partial(_described, reader))
    pictures.add_routes(app.server, reader)
    downloads.add_routes(app.server, reader)
    Thread(target=reader.warm, args=[settings.site.warm_months], name="warm", daemon=True).start()
    return app


def server() -> flask.Flask:
    """The WSGI application of the settings in the environment, for gunicorn: ``gunicorn "dash_app.app:server()"``."""
    settings = Settings.from_environment()
    app: flask.Flask = create_app(open_reader(settings), settings).server
    return app


def _layout() -> Any:
    """The layout before the first answer: only the container for answers, as first element (`site.js`, ROOT)."""
    return dmc.MantineProvider(
        [html.Div(id="shell"), dcc.Location(id="url", refresh="callback-nav"), dcc.Store(id="system")],
        id="mantine",
        theme=theme.MANTINE,
        defaultColorScheme="auto",
    )


def _add_callbacks(app: Dash) -> None:
    def in_browser(name: str, *parts: Any, **more: Any) -> None:
        app.clientside_callback(ClientsideFunction("site", name), *parts, **more)  # type: ignore[no-untyped-call]

    in_browser(
        "show",
        Output("shell", "children"),
        Output("mantine", "forceColorScheme"),
        Input("url", "pathname"),
        Input("url", "search"),
        Input("system", "data"),
    )
    in_browser(
        "choose",
        Input({"control": ALL}, "value"),
        State("url", "search"),
        prevent_initial_call=True,
    )
    in_browser("copy", Input("copy", "n_clicks"), prevent_initial_call=True)


def _add_pages(server: flask.Flask, reader: Reader) -> None:
    """``/page.json?of=/city&search=?city=nice&scheme=dark&width=390``: a page as requested and placed by `site.js`.

    A route instead of a Dash callback, so that the user who clicked sees a missing or failed answer.
    """

    @server.get("/page.json")
    def page() -> flask.Response:
        asked = flask.request.args
        width = asked.get("width", "")
        answer = render(
            reader,
            Asked(
                pathname=asked.get("of", "/"),
                search=asked.get("search", ""),
                scheme=asked.get("scheme", "light"),
                width_px=int(width) if width.isdecimal() else Asked.width_px,
            ),
            flask.request.headers.get("Accept-Language"),
        )
        return flask.Response(written(answer), mimetype="application/json", headers={"Cache-Control": "no-cache"})


def written(answer: dict[str, Any]) -> bytes:
    """JSON of an answer of `render`; a component writes itself as Dash asks for it."""
    return msgspec.json.encode(answer, enc_hook=lambda component: component.to_plotly_json())


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The browser's request for a page: the URL and the properties of the screen."""

    pathname: str
    search: str = ""
    scheme: str = "light"
    width_px: int = 1280


def render(reader: Reader, asked: Asked, accepted: str | None) -> dict[str, Any]:
    """A page for the browser: components, colour scheme, title, and the complete URL.

    `accepted` is the languages that the browser asks for.
    """
    state = states.parse(asked.pathname, asked.search)
    known = state or states.State()
    look = look_of(known, accepted=accepted, system_scheme=asked.scheme, width_px=asked.width_px)
    # Links do not say the theme, the browser carries it on (`site.js`, go): another one changes nothing of a page.
    scheme, known = known.scheme, known.but(scheme=None)
    site, view = look.language("site.title"), None
    title, link = site, asked.pathname + asked.search
    if state is None:
        content = unknown_page(look)
    else:
        try:
            view = resolve(known, reader, look)
            content = PAGES[known.page](view, reader)
            if _is_synthetic(view, reader):
                content.insert(0, synthetic_banner(look))
            title, link = pictures.title(view), states.href(view.resolved.but(scheme=scheme))
        except Exception as error:  # noqa: BLE001  (users get a page for any error)
            if not isinstance(error, WeatherError):
                _log.exception("The page %s%s could not be created.", asked.pathname, asked.search)
            content = trouble(look, known, error, view)
    return {
        "page": known.page,
        "tree": shell(look, known, content),
        "scheme": look.theme.scheme,
        "language": look.language.code,
        "no_answer": [look.language(f"trouble.{name}") for name in ("no_answer", "no_answer_do", "again")],
        "title": title,
        "link": link,
    }


def _described(reader: Reader, pathname: str, search: str, accepted: str | None) -> pictures.Preview:
    """What a page is, in words; the name of the site where that fails, so that the page itself can say why."""
    try:
        return pictures.preview(reader, pathname, search, accepted)
    except Exception:  # noqa: BLE001  (as in `render`)
        _log.exception("No words for the page %s?%s.", pathname, search)
        return pictures.Preview(language(LANGUAGES[0])("site.title"), ())


def _is_synthetic(view: View, reader: Reader) -> bool:
    frame = reader.daily(view.station_ids or None, view.first, view.last)
    return bool(frame["synthetic"].any())
