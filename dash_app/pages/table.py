"""The documents as a table, with sub-totals for each ten days of a month."""

import json
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
import pandas as pd
from dash import html

from dash_app import components as ui
from dash_app.frames import is_known, records
from dash_app.measures import METRICS, READINGS_A_DAY
from dash_app.reader import Reader
from dash_app.view import NoSuchDays, View
from weather_platform.domain.units import STORED

FIGURES = (
    "temperature_avg_c",
    "temperature_min_c",
    "temperature_max_c",
    "temperature_tn_c",
    "temperature_tx_c",
    "rain_total_mm",
    "rain_max_3h_mm",
    "wind_avg_m_s",
    "wind_max_m_s",
    "wind_gust_m_s",
    "wind_direction_deg",
    "pressure_avg_hpa",
)
MOST_ROWS = 2_200
"""A year of six cities; more than this in one page would be slow to send and to scroll."""
_OVER_DECADE = {
    "temperature_avg_c": "mean",
    "temperature_min_c": "min",
    "temperature_max_c": "max",
    "temperature_tn_c": "min",
    "temperature_tx_c": "max",
    "rain_total_mm": "sum",
    "rain_max_3h_mm": "max",
    "wind_avg_m_s": "mean",
    "wind_max_m_s": "max",
    "wind_gust_m_s": "max",
    "pressure_avg_hpa": "mean",
}
_LAST_DECADE = 2


def page(view: View, reader: Reader) -> list[Any]:
    word, frame = view.word, reader.daily(view.station_ids, view.first, view.last)
    bar = ui.controls(view, ui.cities_picker(view), ui.period_picker(view), below=ui.preset_links(view))
    if frame.empty:
        raise NoSuchDays(", ".join(station.display_name for station in view.stations), view.period_text)
    cities = ", ".join(station.display_name for station in view.stations)
    shown = frame.head(MOST_ROWS)
    cut = (
        word("table.cut", shown=word.number(len(shown)), all=word.number(len(frame)))
        if len(frame) > MOST_ROWS
        else None
    )
    files = [
        dmc.Anchor(
            dmc.Button(word(f"chart.{kind}"), variant="default", size="sm"), href=view.download(kind), refresh=True
        )
        for kind in ("csv", "parquet")
    ]
    return [
        bar,
        html.H1(f"{cities}, {view.period_text}"),
        html.P(word("table.summary", days=word.number(len(frame)), cities=cities), className="hint"),
        ui.notice(cut) if cut else None,
        html.Div(files, className="buttons"),
        _grid(view, shown),
    ]


def _grid(view: View, frame: pd.DataFrame) -> Any:
    return dag.AgGrid(
        id="grid",
        rowData=rows(view, frame),
        columnDefs=columns(view),
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "filter": False,
            "minWidth": 84,
            "flex": 1,
            "comparator": {"function": "siteOrder"},
        },
        dashGridOptions={
            "rowHeight": 34,
            "headerHeight": 56,
            "animateRows": False,
            "suppressColumnVirtualisation": True,  # a header row without its cells fails axe
            "theme": {"function": _theme(view)},
            "ensureDomOrder": True,
            "enableCellTextSelection": True,
        },
        getRowStyle={"styleConditions": [{"condition": "params.data.subtotal", "style": {"fontWeight": 600}}]},
        style={"height": "640px"},
    )


def _theme(view: View) -> str:
    """AG Grid's theme in the colours of the page, as the expression that it reads."""
    theme = view.look.theme
    parameters = {
        "backgroundColor": theme.surface,
        "foregroundColor": theme.text,
        "browserColorScheme": theme.scheme,
        "fontFamily": "inherit",
        "fontSize": 13,
        "spacing": 6,
    }
    return f"themeQuartz.withParams({json.dumps(parameters)})"


def columns(view: View) -> list[dict[str, Any]]:
    """Column definitions; every header of a number has its unit."""
    word = view.word
    fixed: list[dict[str, Any]] = [
        {
            "field": "date",
            "comparator": {"function": "siteDayOrder"},
            "headerName": word("table.date"),
            "pinned": None if view.look.narrow else "left",
            "minWidth": 240,
            "cellRenderer": "SiteDay",
        },
        {"field": "city", "headerName": word("table.city"), "minWidth": 150, "hide": len(view.stations) == 1},
    ]
    figures = [
        {
            "field": column,
            "headerName": f"{word('table.' + _name(column))} ({_symbol(view, column)})",
            "type": "rightAligned",
            "wrapHeaderText": True,
            "minWidth": 96 if column.startswith("pressure") else 84,
            "valueFormatter": {"function": f"siteNumber(params.value, {_decimals(view, column)}, '{word.code}')"},
        }
        for column in FIGURES
    ]
    return [
        *fixed,
        *figures,
        {"field": "observations", "headerName": word("table.observations"), "minWidth": 100, "type": "rightAligned"},
        {"field": "events", "headerName": word("table.events"), "minWidth": 180},
    ]


def rows(view: View, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per document, by city and day, with a subtotal row after each ten days of a month."""
    decade = ((frame["date"].dt.day - 1) // 10).clip(upper=_LAST_DECADE).rename("decade")
    groups = frame.groupby([frame["station_id"], frame["date"].dt.to_period("M"), decade], sort=True)
    figures = groups[list(_OVER_DECADE)].agg(_OVER_DECADE)
    # The sum of no values is missing, not 0.
    figures["rain_total_mm"] = groups["rain_total_mm"].sum(min_count=1)
    found = []
    for (_, group), subtotal in zip(groups, records(figures), strict=True):
        days = records(group)
        found += [_row(view, day) for day in days]
        found.append(_subtotal(view, days, subtotal))
    return found


def _row(view: View, row: dict[str, Any]) -> dict[str, Any]:
    word = view.word
    return {
        "day": row["date"].strftime("%Y-%m-%d"),
        "date": word.day(row["date"].date()),
        "origin": view.href(page="day", cities=(row["slug"],), day=row["date"].date()),
        "city": row["city"],
        **{column: _shown(view, column, row[column]) for column in FIGURES},
        "observations": f"{row['observations']} / {row['expected']}",
        "events": ", ".join(word(f"events.{event.type}") for event in row["events"]),
    }


def _subtotal(view: View, days: list[dict[str, Any]], figures: dict[str, Any]) -> dict[str, Any]:
    word, last = view.word, days[-1]
    decade = min((last["date"].day - 1) // 10, _LAST_DECADE)
    return {
        "date": f"{word(f'table.decade_{decade + 1}')}, {word.month(last['date'].month)} {last['date'].year}",
        "city": last["city"],
        # Directions cannot be averaged like this.
        **{column: _shown(view, column, figures.get(column)) for column in FIGURES},
        "observations": f"{sum(day['observations'] for day in days)} / {READINGS_A_DAY * len(days)}",
        "events": "",
        "subtotal": True,
    }


def _shown(view: View, column: str, value: float | None) -> float | None:
    if not is_known(value):
        return None
    if column == "wind_direction_deg":
        return round(value)
    unit = view.look.unit(column.partition("_")[0])
    return unit.of(value)


def _name(column: str) -> str:
    suffix = STORED[METRICS[column.partition("_")[0]].unit].suffix
    return column.removesuffix("_deg").removesuffix(f"_{suffix}")


def _symbol(view: View, column: str) -> str:
    return "°" if column == "wind_direction_deg" else view.look.unit(column.partition("_")[0]).symbol


def _decimals(view: View, column: str) -> int:
    return 0 if column == "wind_direction_deg" else view.look.unit(column.partition("_")[0]).decimals
