"""The climatological sheet of a city and month, to print and to cite: days, ten-day periods, counts, extremes."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import pandas as pd
from dash import html

from dash_app import climate_words as said
from dash_app import components as ui
from dash_app.frames import is_known, records
from dash_app.periods import whole
from dash_app.reader import Reader
from dash_app.summaries import of_event
from dash_app.view import NoSuchDays, View
from weather_platform.climatology import Comparison
from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.climate.figures import FIGURES
from weather_platform.domain.climate.reference import Reference, TooFewYears
from weather_platform.domain.climate.sheet import Decade
from weather_platform.domain.months import Month

_FIGURES: Final = (
    *("tm.mean", "tn.mean", "tx.mean", "tn.min", "tn.max", "tx.min", "tx.max"),
    *("rr.total", "rr.max", "fxi.max", "pmer.mean", "pmer.min", "u.mean", "snow.max"),
    *("tm.heating_18", "tm.growing_10"),
)
_DAYS: Final = (
    ("tn", "tn.min", "temperature_tn_c"),
    ("tx", "tx.max", "temperature_tx_c"),
    ("rr", "rr.total", "rain_rr_mm"),
    ("fxi", "fxi.max", "wind_gust_m_s"),
    ("pmer", "pmer.mean", "pressure_avg_hpa"),
    ("u", "u.mean", "humidity_avg_percent"),
    ("snow", "snow.max", "snow_depth_max_cm"),
)
"""The columns of the days: name, a figure that says unit and decimals, and the document's column."""
_OF_MONTH: Final = ("tn.mean", "tx.mean", "rr.total", "fxi.max", "pmer.mean", "u.mean", "snow.max")
"""What stands below each column in the row of the month."""
_SEEN: Final = ("fog", "thunder", "snow", "hail")
_ESTIMATED: Final = ("mixed", "readings")


def page(view: View, reader: Reader) -> list[Any]:
    word, station = view.word, view.stations[0]
    sheet = reader.sheet(station.station_id, view.month)
    if sheet is None:
        raise NoSuchDays(station.display_name, view.period_text)
    found = reader.climate.comparisons(station.station_id, view.month.year, f"{view.month.number:02d}")
    compared = {each.figure: each for each in found}
    days = reader.daily([station.station_id], *whole(view.month))
    return [
        ui.controls(view, ui.city_picker(view), ui.month_picker(view), below=_months(view)),
        html.H1(word("sheet.title", city=station.display_name, month=view.period_text)),
        html.P(_place(view), className="hint"),
        _figures(view, sheet, compared),
        html.Div([_counts(view, compared), _completeness(view, sheet)], className="grid"),
        _table(view, sheet, days, compared),
        _cite(view, sheet),
    ]


def _place(view: View) -> str:
    word, station = view.word, view.stations[0]
    parts = [word("sheet.station", number=station.station_id)]
    if station.department:
        parts.append(f"{station.department} ({station.department_code})")
    if station.latitude_deg is not None and station.longitude_deg is not None:
        latitude, longitude = (word.number(value, 3) for value in (station.latitude_deg, station.longitude_deg))
        parts.append(word("sheet.position", latitude=latitude, longitude=longitude))
    if station.altitude_m is not None:
        parts.append(word("sheet.altitude", metres=station.altitude_m))
    return " · ".join(parts)


def _months(view: View) -> Any:
    """The months with data before and after, and the same month of other years."""
    months = sorted({Month.of(day) for day in view.dates})
    place = months.index(view.month)
    near = [("‹ ", months[place - 1])] if place else []
    near += [("", month) for month in months if month.number == view.month.number and month != view.month][-12:]
    after = [("› ", months[place + 1])] if place + 1 < len(months) else []
    links = [
        ui.link(f"{sign}{view.word.period(*whole(month))}", said.sheet_href(view, *whole(month)), className="chip")
        for sign, month in (*near, *after)
    ]
    return html.Nav(links, className="presets", **ui.aria(label=view.word("sheet.months")))


def _figures(view: View, sheet: MonthDocument, compared: Mapping[str, Comparison]) -> Any:
    """Each figure with its days, what is usual, anomaly, rank, and the days that it rests on."""
    word, usual = view.word, _usual(compared)
    head = [word("sheet.figure"), word("sheet.value"), word("sheet.days")]
    if usual:
        head += [word("sheet.usual"), word("sheet.anomaly"), word("sheet.rank")]
    rows = []
    for figure in _FIGURES:
        of = compared[figure]
        row: list[Any] = [
            said.figure_name(view, figure),
            said.value(view, of, figure),
            said.day_links(view, _days_of(sheet, figure)),
        ]
        if usual:
            row += [
                said.usual(view, figure, of.reference),
                said.anomaly(view, figure, of.anomaly),
                said.rank(view, of.rank),
            ]
        rows.append([*row, _rests_on(view, sheet, figure)])
    return ui.card(
        word("sheet.figures"),
        ui.table([*head, word("sheet.rests_on")], rows, label=word("sheet.figures")),
        html.P(_note_on_usual(view, compared), className="hint"),
        id="figures",
    )


def _usual(compared: Mapping[str, Comparison]) -> list[Reference]:
    return [each.reference for each in compared.values() if isinstance(each.reference, Reference)]


def _note_on_usual(view: View, compared: Mapping[str, Comparison]) -> str:
    """Which years the usual values are of, or why there are none."""
    word, usual = view.word, _usual(compared)
    month = word.month(view.month.number)
    if not usual:
        few = compared["tm.mean"].reference
        years = few.n if isinstance(few, TooFewYears) else 0
        needed = few.needed if isinstance(few, TooFewYears) else 0
        return ui.counted(word, "sheet.no_usual", years, needed=needed, month=month)
    first, last = min(each.first_year for each in usual), max(each.last_year for each in usual)
    return word("sheet.usual_of", first=first, last=last, month=month)


def _days_of(sheet: MonthDocument, figure: str) -> tuple[date, ...]:
    element, _, field = figure.partition(".")
    days: tuple[date, ...] = getattr(getattr(sheet, element), f"{field}_days", ())
    return days


def _rests_on(view: View, sheet: MonthDocument, figure: str) -> str:
    """``31 / 31``, and what that means for the figure where it is not complete."""
    of = FIGURES[figure]
    element = getattr(sheet, of.element)
    status = getattr(element, of.status)
    text = f"{element.n} / {sheet.days}"
    return text if status == "complete" else f"{text}, {view.word(f'climate.status_{status}')}"


def _counts(view: View, compared: Mapping[str, Comparison]) -> Any:
    word, usual = view.word, bool(_usual(compared))
    head = [word("sheet.count"), word("climate.days"), *([word("sheet.usual")] if usual else [])]
    rows = [
        [
            said.figure_name(view, figure),
            said.value_alone(view, of, figure),
            *([said.usual(view, figure, of.reference)] if usual else []),
        ]
        for figure, of in compared.items()
        if figure in said.COUNTS
    ]
    return ui.card(word("sheet.counts"), ui.table(head, rows, label=word("sheet.counts")), id="counts")


def _completeness(view: View, sheet: MonthDocument) -> Any:
    """What the month rests on, and what was seen at the hours of observation."""
    word = view.word
    methods = Counter(sheet.tn.method) + Counter(sheet.tx.method)
    readings = sum(methods[name] for name in _ESTIMATED)
    texts = [
        word("sheet.methods", reported=methods["extremes"], readings=readings),
        word("sheet.flagged", erroneous=sheet.flagged["erroneous"], suspect=sheet.flagged["suspect"]),
        word("sheet.rules", tn=_hours(sheet.day_rule.tn), tx=_hours(sheet.day_rule.tx), rr=_hours(sheet.day_rule.rr)),
    ]
    if sheet.day_rule.supposed:
        texts.append(word("sheet.supposed"))
    head = [word("sheet.seen"), word("climate.days")]
    seen = sheet.seen_at_hours
    rows = [[word(f"day.{'snowfall' if name == 'snow' else name}"), str(getattr(seen, name))] for name in _SEEN]
    return ui.card(
        word("sheet.completeness"),
        *(html.P(text) for text in texts),
        ui.table(head, rows, label=word("sheet.seen")),
        html.P(word("sheet.seen_note", n=seen.n), className="hint"),
        html.P(word("sheet.not_here"), className="hint"),
        id="completeness",
    )


def _hours(window: str) -> str:
    return window.replace("-", "–")


def _table(view: View, sheet: MonthDocument, days: pd.DataFrame, compared: Mapping[str, Comparison]) -> Any:
    word = view.word
    head = [
        word("sheet.day"),
        *(f"{word(f'sheet.column_{name}')} ({said.symbol_of(view, figure)})" for name, figure, _ in _DAYS),
        word("city.events"),
    ]
    by_day = {row["date"].date(): row for row in records(days)}
    rows: list[list[Any]] = []
    totals = []
    for number, decade in enumerate(sheet.decades):
        dates = pd.date_range(decade.first, decade.last)
        rows += [_day(view, sheet, stamp.date(), by_day.get(stamp.date())) for stamp in dates]
        totals.append(len(rows))
        rows.append(_decade(view, number, decade))
    totals += range(len(rows), len(rows) + 3)
    rows += _month_rows(view, compared)
    return ui.card(
        word("sheet.table"),
        ui.table(head, rows, label=word("sheet.table"), strong=totals),
        html.P(word("sheet.marks"), className="hint"),
        id="days",
    )


def _day(view: View, sheet: MonthDocument, day: date, row: dict[str, Any] | None) -> list[Any]:
    if row is None:
        return [html.Span(str(day.day)), *["–"] * len(_DAYS), view.word("sheet.absent")]
    cells = [_mark(sheet, day, row, column) + said.number(view, figure, row[column]) for _, figure, column in _DAYS]
    if not is_known(row["rain_rr_mm"]) and is_known(row["rain_rr_known_mm"]):
        cells[2] = said.at_least(said.number(view, "rr.total", row["rain_rr_known_mm"]), True)
    link = ui.link(str(day.day), said.day_href(view, day), title=view.word.day(day))
    events = ", ".join(of_event(view, event)[0] for event in row["events"])
    return [link, *cells, events]


def _mark(sheet: MonthDocument, day: date, row: dict[str, Any], column: str) -> str:
    """``~`` before a value that rests on readings, ``?`` before a suspect one."""
    element = {"temperature_tn_c": "tn", "temperature_tx_c": "tx", "rain_rr_mm": "rr"}.get(column)
    if element is None or not is_known(row[column]):
        return ""
    suspect = "? " if day in getattr(sheet, element).suspect_days else ""
    return suspect + ("~ " if row[f"{column.rpartition('_')[0]}_method"] in _ESTIMATED else "")


def _decade(view: View, number: int, decade: Decade) -> list[Any]:
    cells = [
        said.at_least(said.number(view, figure, value), lacking)
        for figure, value, lacking in (
            ("tn.mean", decade.tn, False),
            ("tx.mean", decade.tx, False),
            ("rr.total", decade.rr, decade.rr_missing > 0),
        )
    ]
    most = max(decade.tn_missing, decade.tx_missing, decade.rr_missing)
    note = ui.counted(view.word, "sheet.lacking", most) if most else ""
    return [view.word(f"table.decade_{number + 1}"), *cells, *[""] * 4, note]


def _month_rows(view: View, compared: Mapping[str, Comparison]) -> Iterator[list[Any]]:
    word = view.word
    of = [compared[figure] for figure in _OF_MONTH]
    yield [word("sheet.month"), *(said.value_alone(view, each, each.figure) for each in of), ""]
    if _usual(compared):
        yield [word("sheet.usual"), *(said.usual_alone(view, each.figure, each.reference) for each in of), ""]
        yield [word("sheet.anomaly"), *(said.anomaly(view, each.figure, each.anomaly) for each in of), ""]


def _cite(view: View, sheet: MonthDocument) -> Any:
    word, station = view.word, view.stations[0]
    made = sheet.updated_at
    citation = word(
        "sheet.citation",
        city=station.display_name,
        number=station.station_id,
        month=view.period_text,
        revision=sheet.revision,
        rules=sheet.code_version,
        made=word.day(made.date()),
    )
    files = [
        html.A(word(f"chart.{kind}"), href=view.download(kind), download="", className="chip")
        for kind in ("csv", "parquet")
    ]
    return ui.card(
        word("sheet.cite"),
        html.P(citation),
        html.P(word("data.licence_text"), className="hint"),
        html.Div(files, className="buttons"),
        id="cite",
    )
