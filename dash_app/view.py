"""The resolved request of a page: its state with all defaults filled in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pandas as pd

from dash_app import language as languages
from dash_app.figures.look import Look
from dash_app.frames import is_known
from dash_app.insets import is_at_home
from dash_app.language import Language
from dash_app.measures import METRICS, Metric, units_of
from dash_app.periods import Period, whole, within
from dash_app.reader import Reader
from dash_app.state import MOST_CITIES, Page, State, href, query
from dash_app.theme import THEMES
from weather_platform.domain.errors import NothingStored, UnknownCity, WeatherError
from weather_platform.domain.months import Month
from weather_platform.domain.search import nearest_stations
from weather_platform.domain.stations import Station
from weather_platform.domain.units import System

_PHONE_PX = 700
_ROOM: Final[Mapping[Page, int]] = {"overview": 0, "compare": MOST_CITIES, "table": MOST_CITIES, "data": 0}
"""How many cities a page shows, where it is not one."""
_NO_DAYS: Final = {"first": None, "last": None, "day": None, "whole": None}
_USUAL_CITIES = ("nice", "orly", "brest_guipavas")
"""Default cities, as many as the page has room for: Mediterranean, capital, Atlantic."""


class NoSuchDays(WeatherError):
    """Cities without a document in the period."""


class NoSuchCity(UnknownCity):
    """A city in the URL without documents, with the stations of similar names."""

    def __init__(self, asked: str, nearest: Sequence[Station], reason: UnknownCity) -> None:
        super().__init__(reason.cause, reason.cure)
        self.asked = asked
        self.nearest = nearest


@dataclass(frozen=True, kw_only=True)
class View:
    """Everything that renders one page; made for each request."""

    state: State
    look: Look
    loaded: Period
    known: Mapping[str, Station]
    """Every station that has documents, by WMO number."""
    keywords: Mapping[str, str]
    """By WMO number, other words by which a station is found."""
    stations: tuple[Station, ...]
    """The chosen cities; on the overview none."""
    dates: Sequence[date]
    """Days, in order, on which at least one of the chosen cities has a document; on the overview, any station."""
    first: date
    last: date

    @property
    def word(self) -> Language:
        return self.look.language

    @property
    def metric(self) -> Metric:
        return METRICS[self.state.metric]

    @property
    def period(self) -> Period:
        return self.first, self.last

    @property
    def period_text(self) -> str:
        return self.word.period(self.first, self.last)

    @property
    def station_ids(self) -> list[str]:
        return [station.station_id for station in self.stations]

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def home(self) -> bool:
        """Whether the (first) city is in metropolitan France."""
        return is_at_home(self.stations[0].longitude_deg, self.stations[0].latitude_deg)

    @property
    def month(self) -> Month:
        """The month of a sheet: that of the period's last day."""
        return Month.of(self.last)

    @property
    def bounds(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        return pd.Timestamp(self.first), pd.Timestamp(self.last)

    @property
    def resolved(self) -> State:
        """The state with the cities and days shown, chosen or default: the content of a link."""
        slugs = tuple(station.slug for station in self.stations)
        shown: dict[str, Any] = {
            "years": {},
            "day": {"day": self.first},
        }.get(self.state.page, {"first": self.first, "last": self.last, "whole": self.state.whole})
        return self.state.but(cities=slugs or self.state.cities, **{**_NO_DAYS, **shown})

    def href(self, **changes: Any) -> str:
        """The address of this view with some choices changed."""
        return href(self.state.but(**changes))

    def download(self, extension: str, **changes: Any) -> str:
        """The address of a page's data as a file."""
        state = self.resolved.but(scheme=None, **changes)
        return f"/download/{state.page}.{extension}{query(state)}"

    def number(self, value: float | None, metric: str) -> str:
        """A document's value in the units of the view, without the unit."""
        unit = self.look.unit(metric)
        return self.word.number(unit.exact(value) if is_known(value) else None, unit.decimals)

    def quantity(self, value: float | None, metric: str) -> str:
        """A stored value as text, in the units of the view."""
        unit = self.look.unit(metric)
        return self.word.quantity(unit.exact(value) if is_known(value) else None, unit.symbol, unit.decimals)

    def difference(self, value: float, metric: str) -> str:
        """``+0.9 °C``: a difference of two stored values, in the units of the view."""
        unit = self.look.unit(metric)
        shown = round(unit.difference(value), unit.decimals)
        return f"{'+' if shown > 0 else ''}{self.word.quantity(shown, unit.symbol, unit.decimals)}"

    def threshold(self, value: float, metric: str) -> str:
        """``1 mm``, ``58 km/h``, ``0.04 in``: a stored threshold in no more digits than it takes to name it."""
        unit = self.look.unit(metric)
        shown = unit.exact(value)
        decimals = 0 if shown >= 10 or shown == int(shown) else unit.decimals
        return self.word.quantity(shown, unit.symbol, decimals)


def look_of(state: State, *, accepted: str | None, system_scheme: str, width_px: int = 1280) -> Look:
    """Colours, units and language of the state, or else of the browser."""
    code = state.language or languages.preferred(accepted)
    theme = THEMES[state.scheme or ("dark" if system_scheme == "dark" else "light")]
    return Look(theme, units_of(System(state.units)), languages.language(code), width_px <= _PHONE_PX, width_px)


def resolve(state: State, reader: Reader, look: Look) -> View:
    """The view of a state.

    Without days, the month of the last loaded day; without cities, the usual ones. Days outside all loaded
    months are cut off, so no URL makes a page read or draw more than is loaded.

    Raises:
        NothingStored: no document is stored.
        NoSuchCity: a city of the state has no document.
        StoreUnavailable: the curated store does not answer.
    """
    loaded = reader.days()
    if loaded is None:
        raise NothingStored(look.language("trouble.empty"), look.language("trouble.empty_do"))
    stations = _chosen(state, reader)
    dates = reader.dates([station.station_id for station in stations] or None)
    first, last = _period(state, loaded, dates)
    return View(
        state=state.but(whole=_around(state, loaded, (first, last))),
        look=look,
        loaded=loaded,
        known=reader.stations(),
        keywords=reader.keywords(),
        stations=stations,
        dates=dates,
        first=first,
        last=last,
    )


def _period(state: State, loaded: Period, dates: Sequence[date]) -> Period:
    """The period of a page: a sheet's is a month, a day's the day, that of years all that is loaded."""
    if state.page == "years":
        return date(loaded[0].year, 1, 1), date(loaded[1].year, 12, 31)
    latest = _latest_whole(loaded) if state.page == "overview" else Month.of(loaded[1])
    first = state.first or (min(state.last, latest.first_day) if state.last else latest.first_day)
    last = state.last or max(first, latest.last_day)
    first, last = within((first, last), loaded)
    if state.page == "day":
        known = (day for day in dates if first <= day <= last)
        day = within((state.day, state.day), loaded)[0] if state.day else next(known, dates[-1])
        return day, day
    return whole(Month.of(last)) if state.page == "sheet" else (first, last)


def _around(state: State, loaded: Period, shown: Period) -> Period | None:
    """The period that a chart's days were chosen from; None where it is not a longer one."""
    found = within(state.whole, loaded) if state.whole else shown
    return found if found != shown and found[0] <= shown[0] and shown[1] <= found[1] else None


def _latest_whole(loaded: Period) -> Month:
    """The latest month that is loaded to its end; the only one, where none is."""
    latest = Month.of(loaded[1])
    whole = loaded[1] == latest.last_day or latest == Month.of(loaded[0])
    return latest if whole else latest.previous


def _chosen(state: State, reader: Reader) -> tuple[Station, ...]:
    room = _ROOM.get(state.page, 1)
    if state.cities and room:
        return tuple(_found(slug, reader) for slug in state.cities)[:room]
    return _usual(reader)[: min(room, 3 if state.page == "compare" else 1)]


def _found(slug: str, reader: Reader) -> Station:
    try:
        return reader.find(slug)
    except UnknownCity as error:
        raise NoSuchCity(slug, nearest_stations(slug, reader.stations()), error) from error


def _usual(reader: Reader) -> tuple[Station, ...]:
    by_slug = {station.slug: station for station in reader.stations().values()}
    found = [by_slug[slug] for slug in _USUAL_CITIES if slug in by_slug]
    found += [station for station in by_slug.values() if station not in found]
    return tuple(found)


Render = Callable[[View, Reader], Any]
"""A page: a view and where its figures are read in, components out."""
