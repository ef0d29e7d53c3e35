"""One day of a city: its figures, the readings behind them, what quality control says, and the files they came in."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, Final, NamedTuple

import pandas as pd
from dash import html

from dash_app import climate_words as said
from dash_app import components as ui
from dash_app.frames import is_known
from dash_app.measures import METRICS
from dash_app.reader import DayReading, Reader
from dash_app.summaries import of_event, withdraw_command
from dash_app.view import NoSuchDays, View
from weather_platform.domain.climate.rules import HAND
from weather_platform.domain.climate.screening import Flag
from weather_platform.domain.climate.thresholds import FOG_CODES, HAIL_CODES, SNOW_CODES, THUNDER_CODES
from weather_platform.domain.errors import StoreUnavailable
from weather_platform.domain.statistics import KELVIN_OFFSET
from weather_platform.storage.staging import StagedObject

_RAIN_FIELDS: Final = ("rr3",)


class _Shown(NamedTuple):
    """A column of the readings: its fields, the unit they are stored in, and how SYNOP's value becomes that."""

    name: str
    fields: tuple[str, ...]
    unit: str
    factor: float = 1.0
    offset: float = 0.0


_COLUMNS: Final = (
    _Shown("temperature", ("t",), "°C", offset=-KELVIN_OFFSET),
    _Shown("dew_point", ("td",), "°C", offset=-KELVIN_OFFSET),
    _Shown("humidity", ("u",), "%"),
    _Shown("pressure", ("pmer",), "hPa", factor=0.01),
    _Shown("direction", ("dd",), "°"),
    _Shown("wind", ("ff",), "m/s"),
    _Shown("gust", ("raf10", "rafper"), "m/s"),
    _Shown("rain", ("rr3",), "mm"),
    _Shown("visibility", ("vv",), "km", factor=0.001),
    _Shown("snow", ("ht_neige",), "cm", factor=100),
)
_DECIMALS: Final = {"°": 0, "%": 0, "cm": 0}
_SEEN: Final = (
    ("thunder", THUNDER_CODES),
    ("hail", HAIL_CODES),
    ("snowfall", SNOW_CODES),
    ("fog", FOG_CODES),
    ("drizzle", frozenset(range(50, 60))),
    ("rainfall", frozenset(range(60, 68))),
    ("showers", frozenset(range(80, 83))),
    ("mist", frozenset({10})),
    ("haze", frozenset({5})),
    ("nothing", frozenset({0, 1, 2, 3, 100, 508})),
)
"""Groups of WMO 4677 (100 and 508 are of BUFR 0 20 003), in the order of precedence."""


def page(view: View, reader: Reader) -> list[Any]:
    word, station, day = view.word, view.stations[0], view.first
    frame = reader.daily([station.station_id], day, day)
    if frame.empty:
        raise NoSuchDays(station.display_name, word.day(day))
    row = frame.iloc[0]
    parts = [
        ui.controls(view, ui.city_picker(view), ui.day_picker(view, day), below=_neighbours(view)),
        html.H1(f"{station.display_name}, {word.day(day)}"),
        html.Div([*_facts(view, row)], className="facts"),
        _civil(view, row),
        _events(view, row),
    ]
    try:
        readings = reader.readings(station, day)
        objects = reader.raw_objects()
    except StoreUnavailable as error:
        return [*parts, ui.staging_notice(view, error)]
    names = _objects_of(row, readings)
    return [
        *parts,
        _readings(view, readings, names),
        _flags(view, readings),
        _files(view, reader, names, objects),
    ]


def _neighbours(view: View) -> Any:
    """The days with data before and after, and the sheet of the month."""
    word, day = view.word, view.first
    place = view.dates.index(day) if day in view.dates else None
    links = []
    if place:
        links.append(_day_link(view, view.dates[place - 1], "‹ "))
    if place is not None and place + 1 < len(view.dates):
        links.append(_day_link(view, view.dates[place + 1], after=" ›"))
    month = word.period(day.replace(day=1), view.month.last_day)
    links.append(ui.link(word("day.sheet", month=month), said.sheet_href(view, day, day), className="chip"))
    return html.Nav(links, className="presets", **ui.aria(label=word("day.neighbours")))


def _day_link(view: View, day: date, before: str = "", after: str = "") -> Any:
    return ui.link(f"{before}{view.word.day(day)}{after}", said.day_href(view, day), className="chip")


def _facts(view: View, row: "pd.Series[Any]") -> Iterator[Any]:
    """The day's climatological figures with the way in which each was found."""
    word = view.word
    for name, figure, column, kind in (
        ("tn", "tn.min", "temperature_tn", "c"),
        ("tx", "tx.max", "temperature_tx", "c"),
        ("rr", "rr.total", "rain_rr", "mm"),
    ):
        value, method = row[f"{column}_{kind}"], row[f"{column}_method"]
        least = name == "rr" and not is_known(value) and is_known(row["rain_rr_known_mm"])
        shown = said.quantity(view, figure, row["rain_rr_known_mm"] if least else value)
        start, _, end = str(row[f"{name}_window"]).partition("-")
        yield ui.fact(
            word(f"day.{name}"),
            said.at_least(shown, least),
            [html.P(word(f"day.method_{method}")), html.P(word(f"day.window_{name}", start=start, end=end))],
        )
    gust = row["wind_gust_m_s"]
    yield ui.fact(word("day.fxi"), said.quantity(view, "fxi.max", gust), html.P(word("day.utc")))
    known = f"{row['observations']} / {row['expected']}"
    flagged = {verdict: int(row[verdict]) for verdict in ("erroneous", "suspect")}
    counts = {verdict: ui.counted(word, f"day.{verdict}_values", n) for verdict, n in flagged.items()}
    text = word("day.flagged", **counts) if any(flagged.values()) else word("day.none_flagged")
    yield ui.fact(word("day.observations"), known, html.P(text))


def _civil(view: View, row: "pd.Series[Any]") -> Any:
    """The figures of the civil day, which charts and tables show."""
    word = view.word
    figures = [f"{word(f'metrics.{m.key}').lower()} {view.quantity(row[m.civil], m.key)}" for m in METRICS.values()]
    return html.P(word("day.civil", figures=", ".join(figures)), id="civil")


def _events(view: View, row: "pd.Series[Any]") -> Any:
    if not row["events"]:
        return None
    texts = [" ".join((name, value, f"({limit})")) for name, value, limit in (of_event(view, e) for e in row["events"])]
    return html.P([html.Strong(view.word("city.events")), " : " if view.word.code == "fr" else ": ", "; ".join(texts)])


def _objects_of(row: "pd.Series[Any]", readings: Sequence[DayReading]) -> Mapping[str, str]:
    """A letter for each raw object behind the day, by name."""
    of_readings = chain.from_iterable((each.row["raw_object"], *each.sources.values()) for each in readings)
    names = dict.fromkeys((*row["raw_objects"], *of_readings))
    return {name: chr(ord("A") + place) if place < 26 else f"{place + 1}" for place, name in enumerate(names)}


def _readings(view: View, readings: Sequence[DayReading], names: Mapping[str, str]) -> Any:
    word = view.word
    head = [word("day.time"), *(_heading(view, column) for column in _COLUMNS), word("day.weather"), word("day.file")]
    midnight = datetime.combine(view.first, datetime.min.time())
    rows = [_reading(view, each, midnight, names) for each in readings]
    if not rows:
        return ui.card(word("day.readings"), ui.notice(word("day.no_readings")), id="readings")
    table = ui.table(head, rows, label=word("day.readings"))
    return ui.card(word("day.readings"), table, html.P(word("day.rule"), className="hint"), id="readings")


def _heading(view: View, column: _Shown) -> str:
    symbol = column.unit if column.unit in ("%", "km", "°") else said.unit_of(view, column.unit).symbol
    return f"{view.word(f'day.{column.name}')} ({symbol})"


def _reading(view: View, reading: DayReading, midnight: datetime, names: Mapping[str, str]) -> list[Any]:
    """The cells of a reading; of 00 UTC of the next day only the rain, which belongs to this one."""
    time = reading.row["date"]
    after = time >= midnight + timedelta(days=1)
    cells = [
        _cell(view, reading, column, names)
        if (column.fields == _RAIN_FIELDS and time > midnight) or not (after or column.fields == _RAIN_FIELDS)
        else "–"
        for column in _COLUMNS
    ]
    when = f"{time:%H:%M}" + (f" ({view.word.day(time.date())})" if after else "")
    return [when, *cells, "–" if after else _weather(view, reading.row["ww"]), names[reading.row["raw_object"]]]


def _cell(view: View, reading: DayReading, column: _Shown, names: Mapping[str, str]) -> Any:
    """The greatest of the fields, with a mark where it is flagged, and the letter of another file it came from."""
    known = {field: reading.row[field] for field in column.fields if is_known(reading.row[field])}
    if not known:
        return "–"
    field = max(known, key=lambda name: known[name])
    text = _shown(view, column, known[field])
    marks: list[Any] = [
        html.Abbr(
            view.word(f"day.mark_{flag.verdict}"),
            title=_why(view, flag),
            className=f"flag {flag.verdict}",
        )
        for flag in reading.flags
        if flag.field == field
    ]
    if field in reading.sources:
        marks.append(html.Sup(names[reading.sources[field]]))
    return [text, *marks] if marks else text


def _shown(view: View, column: _Shown, value: float) -> str:
    stored = value * column.factor + column.offset
    if column.unit in ("%", "km", "°"):
        return view.word.number(stored, _DECIMALS.get(column.unit, 1))
    unit = said.unit_of(view, column.unit)
    if column.name == "snow" and stored < 0:
        return view.word("day.trace")
    return view.word.number(unit.exact(stored), said.decimals_of(unit))


def _weather(view: View, code: float | None) -> str:
    """The group of a code of present weather; the code itself where it is in none."""
    if not is_known(code):
        return "–"
    group = next((name for name, codes in _SEEN if int(code) in codes), None)
    return view.word(f"day.{group}") if group else view.word("day.code", code=int(code))


def _flags(view: View, readings: Sequence[DayReading]) -> Any:
    """Every flag of the day with its rule."""
    word = view.word
    flags = [(each.row["date"], flag) for each in readings for flag in each.flags]
    if not flags:
        return None
    head = [word("day.time"), word("day.field"), word("day.verdict"), word("day.reason")]
    rows = [[f"{time:%H:%M}", flag.field, word(f"day.{flag.verdict}"), _why(view, flag)] for time, flag in flags]
    return ui.card(word("day.flags"), ui.table(head, rows, numbers_from=len(head), label=word("day.flags")), id="flags")


def _why(view: View, flag: Flag) -> str:
    """The rule of a flag in the reader's language."""
    rule = view.word(f"rules.{flag.rule.replace('-', '_')}") + ("" if flag.rule == HAND else f" ({flag.rule})")
    return f"{rule} {flag.reason}".strip()


def _files(view: View, reader: Reader, names: Mapping[str, str], known: Mapping[str, StagedObject]) -> Any:
    word = view.word
    head = ["", *(word(f"day.{name}") for name in ("object", "received", "source", "name", "read", "licence"))]
    head.append(word("data.withdraw"))
    rows: list[list[Any]] = []
    for name, letter in names.items():
        obj = known.get(name)
        if obj is None:
            rows.append([letter, html.Code(name), *"––––––"])
            continue
        ingestion = reader.ingestion_of(obj.month, name)
        rows.append(
            [
                letter,
                html.Code(f"{obj.month}/{name}"),
                f"{word.day(obj.received.date())}, {obj.received:%H:%M} UTC",
                obj.source,
                obj.name,
                word.number(obj.counts.read),
                obj.licence,
                html.Code(withdraw_command(ingestion)) if ingestion else "–",
            ]
        )
    table = ui.table(head, rows, numbers_from=len(head), label=word("day.files"))
    return ui.card(word("day.files"), table, html.P(word("data.withdraw_rule"), className="hint"), id="files")
