"""Downloads of a page's data, in the units of the page, named by city, period and page.

Written by `weather_platform.tables`: the API and `weather export` give the same bytes for the same documents.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, Final

import flask

from dash_app import components as ui
from dash_app import state as states
from dash_app.frames import is_known, records
from dash_app.measures import METRICS, SUMMARIES
from dash_app.pages import data
from dash_app.places import places
from dash_app.reader import Reader
from dash_app.view import View, look_of, resolve
from weather_platform.domain import tabular
from weather_platform.domain.climate.table import months
from weather_platform.domain.errors import StoreUnavailable, UnknownCity, WeatherError
from weather_platform.domain.tabular import DOCUMENT_COLUMNS, Column
from weather_platform.domain.units import STORED, UNITS, System
from weather_platform.storage.monthly import MonthQuery
from weather_platform.tables import Format, pieces


def add_routes(server: flask.Flask, reader: Reader) -> None:
    """``/download/<page>.<format>`` with the query string of the page."""

    @server.get("/download/<page>.<extension>")
    def download(page: str, extension: str) -> flask.Response:
        state = states.parse(page, flask.request.query_string.decode())
        if state is None or extension not in tuple(Format):
            return flask.Response("File not found.", 404, mimetype="text/plain")
        form = Format(extension)
        look = look_of(state, accepted=flask.request.headers.get("Accept-Language"), system_scheme="light")
        try:
            view = resolve(state, reader, look)
            written = _begun(_WRITERS[state.page](view, reader, form))
        except WeatherError as error:
            return flask.Response(str(error), _status(error), mimetype="text/plain")
        return flask.Response(
            written,
            mimetype=form.media_type,
            headers={"Content-Disposition": f'attachment; filename="{ui.file_stem(view, _what(view))}.{extension}"'},
        )


def _begun(written: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of a file, with the first two read in advance, so that an outage is still reported as an error."""
    return chain(list(islice(written, 2)), written)


def _documents(view: View, reader: Reader, form: Format) -> Iterator[bytes]:
    return _written(view, reader, form, None)


def _one_metric(view: View, reader: Reader, form: Format) -> Iterator[bytes]:
    """City, day and the columns of the compared metric."""
    columns = [column.name for column in DOCUMENT_COLUMNS if column.name.startswith(view.metric.key)]
    return _written(view, reader, form, ["station_id", "city", "date", *columns])


def _written(view: View, reader: Reader, form: Format, parts: list[str] | None) -> Iterator[bytes]:
    system = System(view.state.units)
    found = reader.documents(view.station_ids, view.first, view.last)
    return pieces(tabular.documents(parts, system), found, form, tabular.documents_head(view.stations, system))


def _stations(view: View, reader: Reader, form: Format) -> Iterator[bytes]:
    """The metric over the period by station."""
    frame = places(view, reader, reader.daily(None, view.first, view.last))
    metric, suffix = view.metric, STORED[view.metric.unit].suffix
    named = {"value": SUMMARIES[metric.key].how, "low": "low", "high": "high"}
    columns = [
        Column("city", str, "", "name of the station"),
        Column("days", int, "", "days with the figure"),
        *(
            Column(f"{metric.key}_{name}_{suffix}", float, metric.unit, f"{name} over the period", nullable=True)
            for name in named.values()
        ),
        Column("latitude_deg", float, "°", "north is positive", nullable=True),
        Column("longitude_deg", float, "°", "east is positive", nullable=True),
    ]
    frame = frame.rename(columns={column: f"{metric.key}_{name}_{suffix}" for column, name in named.items()})
    return _table(view, form, columns, records(frame))


def _sheets(view: View, reader: Reader, form: Format) -> Iterator[bytes]:
    """The monthly sheets of all years, in the stored units: their columns say so."""
    return pieces(months(), reader.climate.months(MonthQuery(stations=view.station_ids)), form)


def _coverage(view: View, reader: Reader, form: Format) -> Iterator[bytes]:
    shares = data.coverage_shares(view, reader).reset_index().melt("city", var_name="month", value_name="share_percent")
    columns = [
        Column("city", str, "", "name of the station"),
        Column("month", str, "", "the month"),
        Column("share_percent", float, "%", "observations of those expected", nullable=True),
    ]
    return _table(view, form, columns, records(shares))


def _table(view: View, form: Format, columns: list[Column], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """A table of the site's own, converted into the units of the view."""
    system = System(view.state.units)
    stored = tabular.table_of(columns)
    table = tabular.table_of([column.shown_in(system) for column in columns])
    names = [column.name for column in table.columns]
    converted = (
        {
            name: _cell(value, column, system)
            for name, value, column in zip(names, stored.cells(row), columns, strict=True)
        }
        for row in rows
    )
    return pieces(table, converted, form)


def _cell(value: Any, column: Column, system: System) -> Any:
    if column.type is not float:
        return value
    if not is_known(value):
        return None
    # A sum of hundredths is one only up to the last binary digit: 1.2000000000000002.
    return UNITS[system][column.unit].of(value) if column.unit in STORED else round(value, 6)


_WRITERS: Final[dict[str, Callable[[View, Reader, Format], Iterator[bytes]]]] = {
    "overview": _stations,
    "city": _documents,
    "compare": _one_metric,
    "table": _documents,
    "data": _coverage,
    "sheet": _documents,
    "day": _documents,
    "years": _sheets,
}


def _what(view: View) -> str:
    return {
        "overview": METRICS[view.state.metric].key,
        "compare": view.state.metric,
        "data": "coverage",
        "years": "months",
    }.get(view.state.page, "daily")


def _status(error: WeatherError) -> int:
    if isinstance(error, StoreUnavailable):
        return 503
    return 404 if isinstance(error, UnknownCity) else 400
