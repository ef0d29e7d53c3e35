"""The state of a page, stored only in the URL. Pure functions from a URL to a state and back."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal, get_args
from urllib.parse import parse_qs, urlencode

import msgspec

from dash_app.language import LANGUAGES
from dash_app.measures import METRICS
from weather_platform.domain.climate.years import MONTHS, SEASONS, YEAR
from weather_platform.domain.stations import slugify
from weather_platform.domain.units import System

Page = Literal["overview", "city", "sheet", "years", "compare", "table", "data", "day"]
PAGES: Final[tuple[Page, ...]] = get_args(Page)
MENU: Final = tuple(page for page in PAGES if page != "day")
"""Pages in the menu; a day is reached from its figures."""
MOST_CITIES: Final = 6
COLUMNS: Final = (
    *("date", "temperature_avg_c", "temperature_min_c", "temperature_max_c", "temperature_tn_c", "temperature_tx_c"),
    *("rain_rr_mm", "rain_max_3h_mm", "wind_avg_m_s", "wind_max_m_s", "wind_gust_m_s", "wind_direction_deg"),
    "pressure_avg_hpa",
)
"""Columns of the table; it can be sorted by each."""
_SCHEMES = ("light", "dark")
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "metric": tuple(METRICS),
    "units": (System.METRIC_KM_H, System.METRIC, System.IMPERIAL),
    "view": ("values", "difference"),
    "axis": ("shared", "own"),
    "heat": ("hours", "calendar"),
    "map": ("anomaly", "value"),
    "sort": ("name", "highest", "lowest"),
    "figure": (
        *("tm.mean", "tn.mean", "tx.mean", "rr.total", "pmer.mean", "u.mean"),
        *("tn.min", "tx.max", "rr.max", "fxi.max", "snow.max"),
        *("tn.days_le_0", "tn.days_ge_20", "tx.days_ge_25", "tx.days_ge_30", "rr.days_ge_1", "rr.days_ge_10"),
    ),
    "span": (YEAR, *SEASONS, *MONTHS),
    "by": COLUMNS,
    "order": ("up", "down"),
}
"""Parameters with a few values each; the first is the default."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """All choices of a user. None and empty mean "not chosen": the page decides."""

    page: Page = "overview"
    cities: tuple[str, ...] = ()
    """Slugs."""
    first: date | None = None
    last: date | None = None
    day: date | None = None
    whole: tuple[date, date] | None = None
    """The period that was there before days of a chart were chosen: the way back."""
    metric: str = "temperature"
    units: str = System.METRIC_KM_H
    view: str = "values"
    axis: str = "shared"
    heat: str = "hours"
    map: str = "anomaly"
    sort: str = "name"
    figure: str = "tm.mean"
    """Of `domain.climate.figures`, on the page of years."""
    span: str = YEAR
    """Month, season or year that the page of years puts in order."""
    by: str = COLUMNS[0]
    """The column that the table is sorted by."""
    order: str = "up"
    part: int = 1
    """Of the table, from 1."""
    language: str | None = None
    scheme: str | None = None

    def but(self, **changes: Any) -> "State":
        """The same choices, some of them changed."""
        return msgspec.structs.replace(self, **changes)


def parse(pathname: str, search: str) -> State | None:
    """The state of a URL; unreadable values count as not chosen. None for an unknown page."""
    name = pathname.strip("/") or "overview"
    page = next((page for page in PAGES if page == name), None)
    if page is None:
        return None
    said = {key: values[-1] for key, values in parse_qs(search.removeprefix("?")).items()}
    first, last = _date(said.get("from")), _date(said.get("to"))
    if first is not None and last is not None and first > last:
        first, last = last, first
    chosen = {key: value for key, allowed in CHOICES.items() if (value := said.get(key)) in allowed}
    return State(
        page=page,
        cities=_slugs(said.get("city", "")),
        first=first,
        last=last,
        day=_date(said.get("day")),
        whole=_days(said.get("whole", "")),
        part=int(said["part"]) if re.fullmatch("[1-9][0-9]{0,5}", said.get("part", "")) else 1,
        language=_one_of(said.get("lang"), LANGUAGES),
        scheme=_one_of(said.get("theme"), _SCHEMES),
        **chosen,
    )


def query(state: State) -> str:
    """The query string of a state, with its question mark; without defaults."""
    said = {
        "city": ",".join(state.cities),
        "from": state.first,
        "to": state.last,
        "day": state.day,
        "whole": ",".join(map(str, state.whole or ())),
        **{key: value for key, (usual, *_) in CHOICES.items() if (value := getattr(state, key)) != usual},
        "part": state.part if state.part > 1 else None,
        "lang": state.language,
        "theme": state.scheme,
    }
    text = urlencode({key: str(value) for key, value in said.items() if value}, safe=",")
    return f"?{text}" if text else ""


def href(state: State) -> str:
    """The address of a state, without the host."""
    return ("/" if state.page == "overview" else f"/{state.page}") + query(state)


def _slugs(text: str) -> tuple[str, ...]:
    slugs = dict.fromkeys(slugify(part) for part in text.split(",") if part.strip())
    return tuple(slugs)[:MOST_CITIES]


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _days(text: str) -> tuple[date, date] | None:
    first, _, last = text.partition(",")
    days = _date(first), _date(last)
    return None if days[0] is None or days[1] is None or days[0] > days[1] else (days[0], days[1])


def _one_of(text: str | None, allowed: tuple[str, ...]) -> str | None:
    return text if text in allowed else None
