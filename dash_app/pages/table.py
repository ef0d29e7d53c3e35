"""The days as a table: sorted and turned over by address, with rows for ten days, the month and what is usual."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd
from dash import html

from dash_app import climate_words as said
from dash_app import components as ui
from dash_app.frames import records
from dash_app.measures import METRICS, READINGS_A_DAY
from dash_app.periods import whole
from dash_app.reader import Reader
from dash_app.state import COLUMNS
from dash_app.view import NoSuchDays, View
from weather_platform.climatology import Comparison
from weather_platform.domain.climate.reference import Reference
from weather_platform.domain.months import Month
from weather_platform.domain.units import STORED
from weather_platform.tables import Format

ROWS: Final = 93
"""Days of a page: three months of a city."""
_MONTHS_A_PAGE: Final = 3
_OVER_DAYS: Final = {
    "temperature_avg_c": "mean",
    "temperature_min_c": "min",
    "temperature_max_c": "max",
    "temperature_tn_c": "mean",
    "temperature_tx_c": "mean",
    "rain_rr_mm": "sum",
    "rain_max_3h_mm": "max",
    "wind_avg_m_s": "mean",
    "wind_max_m_s": "max",
    "wind_gust_m_s": "max",
    "pressure_avg_hpa": "mean",
}
"""How days become ten days or a month; directions cannot be averaged like this."""
_FIGURES: Final = {
    "temperature_avg_c": "tm.mean",
    "temperature_tn_c": "tn.mean",
    "temperature_tx_c": "tx.mean",
    "rain_rr_mm": "rr.total",
    "wind_gust_m_s": "fxi.max",
    "pressure_avg_hpa": "pmer.mean",
}
"""The figure of a sheet that the month of a column is."""
_LAST_DECADE: Final = 2


class Page(NamedTuple):
    """The days of one page of the table."""

    days: pd.DataFrame
    number: int
    of: int


def page(view: View, reader: Reader) -> list[Any]:
    word, frame = view.word, reader.daily(view.station_ids, view.first, view.last)
    if frame.empty:
        raise NoSuchDays(", ".join(station.display_name for station in view.stations), view.period_text)
    cities, shown = ", ".join(station.display_name for station in view.stations), cut(view, frame)
    title, kind = f"{cities}, {view.period_text}", "summary" if view.state.by == COLUMNS[0] else "sorted"
    return [
        ui.controls(view, ui.cities_picker(view), ui.period_picker(view), below=ui.preset_links(view)),
        html.H1(title),
        html.P(word(f"table.{kind}", days=word.number(len(frame)), cities=cities), className="hint"),
        html.Div(
            [html.Span(word("table.files")), *ui.file_links(view, tuple(Format), className="chip")], className="buttons"
        ),
        _turn(view, shown),
        html.Div(ui.scrolled(_table(view, reader, shown.days, title), title), className="card", id="days-table"),
        _turn(view, shown) if shown.of > 1 else None,
        html.P(word("table.hint"), className="hint"),
    ]


def cut(view: View, frame: pd.DataFrame) -> Page:
    """The days of the page that the address says, by city as chosen and month, or in the order of a column."""
    by = view.state.by
    if by == COLUMNS[0]:
        frame = pd.concat([frame[frame["station_id"] == number] for number in view.station_ids])
        months = frame["station_id"] + frame["date"].dt.strftime("%Y-%m")
        part = months.ne(months.shift()).cumsum().sub(1) // _MONTHS_A_PAGE
    else:
        frame = frame.sort_values(by, ascending=view.state.order == "up", kind="stable", na_position="last")
        part = pd.Series(range(len(frame)), index=frame.index) // ROWS
    of = int(part.iloc[-1]) + 1
    number = min(view.state.part, of)
    return Page(frame[part == number - 1], number, of)


def _turn(view: View, shown: Page) -> Any:
    """Links to the pages before and after."""
    if shown.of == 1:
        return None
    word, links = view.word, []
    for sign, name, number in (("‹", "previous", shown.number - 1), ("›", "next", shown.number + 1)):
        text, label = f"{sign} {number}", ui.aria(label=word(f"table.{name}", n=number))
        there = 1 <= number <= shown.of
        links.append(
            ui.link(text, view.href(part=number), className="chip", **label)
            if there
            else html.Span(sign, className="chip absent")
        )
    links.insert(1, html.Span(word("table.part", n=shown.number, all=shown.of), className="part"))
    return html.Nav(links, className="presets", **ui.aria(label=word("table.parts")))


def _table(view: View, reader: Reader, days: pd.DataFrame, title: str) -> Any:
    if view.state.by == COLUMNS[0]:
        body = list(_by_month(view, reader, days))
    else:
        body = [_day(view, row) for row in records(days)]
    return html.Table([html.Thead(html.Tr(list(_heads(view)))), html.Tbody(body)], **ui.aria(label=title))


def _heads(view: View) -> Iterator[Any]:
    """Headings that sort: by date from the first, by a figure from the highest, and then the other way."""
    state, word = view.state, view.word
    for column in (*COLUMNS, "observations", "events"):
        name = word(f"table.{_name(column)}")
        if column in COLUMNS:
            usual = "up" if column == COLUMNS[0] else "down"
            other = {"up": "down", "down": "up"}[state.order]
            order = other if state.by == column else usual
            sign = {"up": " ▲", "down": " ▼"}[state.order] if state.by == column else ""
            unit = "" if column == COLUMNS[0] else f" ({_symbol(view, column)})"
            text = f"{name}{unit}"
            # By date is in one direction: ten-day rows stand after their days.
            order = "up" if column == COLUMNS[0] else order
            inner: Any = [ui.link(text, view.href(by=column, order=order, part=1)), sign]
            sorted_by = {"up": "ascending", "down": "descending"}[state.order] if state.by == column else "none"
            more = ui.aria(sort=sorted_by)
        else:
            inner, more = name, {}
        kind = "number" if column not in (COLUMNS[0], "events") else ""
        yield html.Th(inner, scope="col", className=kind, **more)
        if column == COLUMNS[0] and len(view.stations) > 1:
            yield html.Th(word("table.city"), scope="col")


def _by_month(view: View, reader: Reader, days: pd.DataFrame) -> Iterator[Any]:
    """Days, ten-day rows and, of months that are whole in the period, the month and what is usual."""
    decade = ((days["date"].dt.day - 1) // 10).clip(upper=_LAST_DECADE)
    for (station_id, month), group in days.groupby([days["station_id"], days["date"].dt.to_period("M")], sort=False):
        for number, part in group.groupby(decade.loc[group.index]):
            yield from (_day(view, row) for row in records(part))
            yield _total(view, view.word(f"table.decade_{int(number) + 1}"), part)
        found = Month.parse(str(month))
        if view.first <= found.first_day and found.last_day <= view.last:
            yield from _month(view, reader, str(station_id), found, group)


def _month(view: View, reader: Reader, station_id: str, month: Month, days: pd.DataFrame) -> Iterator[Any]:
    compared = {
        each.figure: each
        for each in reader.climate.comparisons(station_id, month.year, f"{month.number:02d}", tuple(_FIGURES.values()))
    }
    yield _total(view, view.word.period(*whole(month)), days, compared)
    if any(isinstance(each.reference, Reference) for each in compared.values()):
        for name, shown in (("usual", _usual), ("anomaly", _anomaly)):
            cells = [shown(view, compared[_FIGURES[column]]) if column in _FIGURES else "" for column in COLUMNS[1:]]
            yield _row(view, view.word(f"sheet.{name}"), station_id, [*cells, "", ""], "total")


def _usual(view: View, of: Comparison) -> str:
    return said.usual_alone(view, of.figure, of.reference)


def _anomaly(view: View, of: Comparison) -> str:
    return said.anomaly(view, of.figure, of.anomaly)


def _day(view: View, row: dict[str, Any]) -> Any:
    word, day = view.word, row["date"].date()
    text = f"{day.day} {word.short_month(day.month)} {day.year}" if view.look.narrow else word.day(day)
    link = ui.link(text, view.href(page="day", cities=(row["slug"],), day=day))
    events = ", ".join(word(f"events.{event.type}") for event in row["events"])
    cells = [_shown(view, column, row[column]) for column in COLUMNS[1:]]
    return _row(view, link, row["station_id"], [*cells, f"{row['observations']} / {row['expected']}", events])


def _total(view: View, name: str, days: pd.DataFrame, compared: dict[str, Comparison] | None = None) -> Any:
    """Ten days or, where it is compared, a month: what its sheet says, ``≥`` before a total that lacks days."""
    cells = []
    for column in COLUMNS[1:]:
        known, of = days[column].dropna(), (compared or {}).get(_FIGURES.get(column, ""))
        if of is not None:
            cells.append(said.value_alone(view, of, of.figure))
        elif column in _OVER_DAYS and not known.empty:
            bound = _OVER_DAYS[column] == "sum" and len(known) < len(days)
            cells.append(said.at_least(_shown(view, column, float(known.agg(_OVER_DAYS[column]))), bound))
        else:
            cells.append("–" if column in _OVER_DAYS else "")
    readings = f"{int(days['observations'].sum())} / {READINGS_A_DAY * len(days)}"
    return _row(view, name, days["station_id"].iloc[0], [*cells, readings, ""], "total")


def _row(view: View, head: Any, station_id: str, cells: Sequence[str], kind: str = "") -> Any:
    *numbers, events = cells
    return html.Tr(
        [
            html.Th(head, scope="row"),
            *([html.Td(view.known[station_id].display_name)] if len(view.stations) > 1 else []),
            *(html.Td(cell, className="number") for cell in numbers),
            html.Td(events),
        ],
        className=kind,
    )


def _shown(view: View, column: str, value: float | None) -> str:
    if column == "wind_direction_deg":
        return view.word.number(value)
    return view.number(value, column.partition("_")[0])


def _name(column: str) -> str:
    """``temperature_avg`` of ``temperature_avg_c``: the key of its words."""
    metric = METRICS.get(column.partition("_")[0])
    suffix = STORED[metric.unit].suffix if metric else ""
    return column.removesuffix("_deg").removesuffix(f"_{suffix}")


def _symbol(view: View, column: str) -> str:
    return "°" if column == "wind_direction_deg" else view.look.unit(column.partition("_")[0]).symbol
