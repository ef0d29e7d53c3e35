"""What a link to a page shows elsewhere: title, description and a picture of its address, made by the server.

The picture holds what the licence asks for, so that it may be published alone: place, period, units and source.
"""

from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final, NamedTuple
from xml.sax.saxutils import escape

import flask
import pandas as pd

from dash_app import climate_words as said
from dash_app import lead, scales
from dash_app import state as states
from dash_app.frames import is_known
from dash_app.language import Language
from dash_app.reader import Reader
from dash_app.scales import Scale
from dash_app.summaries import Extreme, extreme
from dash_app.theme import LIGHT
from dash_app.view import View, look_of, resolve
from weather_platform.domain.errors import WeatherError

WIDTH, HEIGHT = 1_200, 630
"""The proportions that networks show in full."""
_MARGIN: Final = 60
_STRIP_TOP: Final = 440
_STRIP_HEIGHT: Final = 90
_FAMILY: Final = "DejaVu Sans"
_MOST_DAYS: Final = 366
"""More stripes than that are thinner than three pixels."""


class Preview(NamedTuple):
    """A page in words, before any script runs."""

    title: str
    facts: tuple[tuple[str, str], ...]
    """Label and value of the key figures."""
    daily_c: tuple[float | None, ...] = ()
    """Mean temperature by day, of one city."""
    home: bool = True
    """Whether the city is in metropolitan France."""
    sentence: str = ""
    """What the page says first; empty for days that are compared with nothing."""

    def description(self, word: Language) -> str:
        if self.sentence:
            return self.sentence
        thin = "\u00a0" if word.code == "fr" else ""
        return f"{thin}; ".join(f"{label}{thin}: {value}" for label, value in self.facts) or word("site.about")


def preview(reader: Reader, pathname: str, search: str, accepted: str | None) -> Preview:
    """Of the page of an address; of one that shows nothing, the name of the site."""
    state = states.parse(pathname, search)
    look = look_of(state or states.State(), accepted=accepted, system_scheme="light")
    site = look.language("site.title")
    if state is None:
        return Preview(site, ())
    try:
        view = resolve(state, reader, look)
        frame = reader.daily(view.station_ids or None, view.first, view.last)
    except WeatherError:
        return Preview(site, ())
    if len(view.stations) != 1:
        return Preview(title(view), tuple(_extremes(view, frame)))
    found = lead.compared(view, reader)
    of_city = lead.key_figures(view, found) if found else _key_figures(view, frame)
    return Preview(
        title(view),
        (*of_city, *_extremes(view, frame)),
        tuple(_daily(view, frame)) if view.days <= _MOST_DAYS else (),
        view.home,
        lead.sentence(view, found) if found else "",
    )


def title(view: View) -> str:
    """``Nice – décembre 2023 – La météo des villes de France``."""
    names = [station.display_name for station in view.stations[:3]]
    return " – ".join([*names, view.period_text, view.word("site.title")])


def _extremes(view: View, frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    word = view.word
    named = {number: station.display_name for number, station in view.known.items()}
    frame = frame.assign(city=frame["station_id"].map(named))
    for key, metric, column, lowest in (
        ("city.record_high", "temperature", "temperature_tx_c", False),
        ("city.record_low", "temperature", "temperature_tn_c", True),
        ("city.record_rain", "rain", "rain_rr_mm", False),
        ("city.record_gust", "wind", "wind_gust_m_s", False),
    ):
        found = None if frame.empty else extreme(frame, column, lowest=lowest)
        if found:
            yield word(key), _said(view, found, metric)


def _key_figures(view: View, frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Temperature and rain of days that are compared with nothing."""
    mean, rain = frame["temperature_avg_c"], frame["rain_rr_mm"]  # of 06 to 06 UTC, as rain is published
    if mean.notna().any():
        yield view.word("city.mean_temperature"), view.quantity(mean.mean(), "temperature")
    if rain.notna().any():
        lacking = bool(rain.notna().sum() < view.days)
        yield view.word("metrics.rain"), said.at_least(view.quantity(rain.sum(), "rain"), lacking)


def _said(view: View, found: Extreme, metric: str) -> str:
    value = view.quantity(found.value, metric)
    return f"{value} ({view.word.day(found.day) if len(view.stations) == 1 else found.city})"


def _daily(view: View, frame: pd.DataFrame) -> Iterator[float | None]:
    by_day = frame.set_index("date")["temperature_avg_c"].reindex(pd.date_range(*view.bounds))
    return (float(value) if is_known(value) else None for value in by_day.tolist())


def svg(shown: Preview, word: Language) -> str:
    """The picture: title, key figures, a stripe of colour per day, and the source."""
    size = 46 if len(shown.title) < 42 else 32
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{LIGHT.surface}"/>',
        _text(_MARGIN, 100, shown.title, size, weight="bold"),
    ]
    for number, (label, value) in enumerate(shown.facts[:6]):
        x, y = _MARGIN + (number % 2) * 560, 170 + (number // 2) * 90
        parts.append(_text(x, y, label, 22, color=LIGHT.muted))
        parts.append(_text(x, y + 38, value, 30, weight="bold"))
    parts += _stripes(shown.daily_c, scales.temperature(home=shown.home))
    parts.append(_text(_MARGIN, HEIGHT - 36, word("site.credit"), 20, color=LIGHT.muted))
    return "".join([*parts, "</svg>"])


def _text(x: float, y: float, text: str, size: int, *, weight: str = "normal", color: str = LIGHT.text) -> str:
    style = f'font-family="{_FAMILY}, sans-serif" font-size="{size}" font-weight="{weight}" fill="{color}"'
    return f'<text x="{x}" y="{y}" {style}>{escape(text)}</text>'


def _stripes(daily_c: tuple[float | None, ...], scale: Scale) -> Iterator[str]:
    width = (WIDTH - 2 * _MARGIN) / max(1, len(daily_c))
    for number, value in enumerate(daily_c):
        color = LIGHT.grid if value is None else scale.color(value)
        yield (
            f'<rect x="{_MARGIN + number * width:.2f}" y="{_STRIP_TOP}" width="{width + 0.3:.2f}"'
            f' height="{_STRIP_HEIGHT}" fill="{color}"/>'
        )


def png(drawn: str) -> bytes:
    """The same as PNG; the font is the site's own, because a container may have none."""
    import resvg_py  # only for pictures

    folder = files("dash_app").joinpath("assets", "vendor")
    fonts = [str(folder.joinpath(f"dejavu-sans{weight}.ttf")) for weight in ("", "-bold")]
    made: Any = resvg_py.svg_to_bytes(svg_string=drawn, font_files=fonts, skip_system_fonts=True, font_family=_FAMILY)
    return bytes(made)


def add_routes(server: flask.Flask, reader: Reader) -> None:
    """``/picture.png?of=/city&search=?city=nice``, and as ``.svg``."""

    @server.get("/picture.<extension>")
    def picture(extension: str) -> flask.Response:
        if extension not in ("png", "svg"):
            return flask.Response("File not found.", 404, mimetype="text/plain")
        of, search = flask.request.args.get("of", "/"), flask.request.args.get("search", "")
        accepted = flask.request.args.get("lang") or flask.request.headers.get("Accept-Language")
        state = states.parse(of, search) or states.State()
        word = look_of(state, accepted=accepted, system_scheme="light").language
        drawn = svg(preview(reader, of, search, accepted), word)
        body, kind = (drawn.encode(), "image/svg+xml") if extension == "svg" else (png(drawn), "image/png")
        return flask.Response(body, mimetype=kind, headers={"Cache-Control": "public, max-age=3600"})
