"""What a page shows, as a file: CSV or Parquet, in the units of the page, named by city, period and page."""

import io
from collections.abc import Callable
from typing import Final

import flask
import pandas as pd

from dash_app import components as ui
from dash_app import state as states
from dash_app.measures import METRIC, METRICS, converted
from dash_app.pages import data, overview
from dash_app.reader import Reader
from dash_app.view import View, look_of, resolve
from weather_platform.domain.errors import StoreUnavailable, UnknownCity, WeatherError
from weather_platform.domain.tabular import COLUMNS

_MIME: Final = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


def add_routes(server: flask.Flask, reader: Reader) -> None:
    """``/download/<page>.<csv or parquet>`` with the query string of the page."""

    @server.get("/download/<page>.<extension>")
    def download(page: str, extension: str) -> flask.Response:
        state = states.parse(page, flask.request.query_string.decode())
        if state is None or extension not in _MIME:
            return flask.Response("There is no such file.", 404, mimetype="text/plain")
        look = look_of(state, accepted=flask.request.headers.get("Accept-Language"), system_scheme="light")
        try:
            view = resolve(state, reader, look)
            body = _encoded(shown(view), extension)
        except WeatherError as error:
            return flask.Response(str(error), _status(error), mimetype="text/plain")
        return flask.Response(
            body,
            mimetype=_MIME[extension],
            headers={"Content-Disposition": f'attachment; filename="{ui.file_stem(view, _what(view))}.{extension}"'},
        )


def shown(view: View) -> pd.DataFrame:
    """The data of a page as a table, in the units of the view."""
    return converted(_TABLES[view.state.page](view), view.look.units)


def _documents(view: View) -> pd.DataFrame:
    frame = view.daily()[list(COLUMNS)]
    return frame.assign(date=frame["date"].dt.date.astype("string"))


def _one_metric(view: View) -> pd.DataFrame:
    """City, day and the columns of the metric that is compared."""
    frame = _documents(view)
    return frame[["station_id", "city", "date", *(name for name in COLUMNS if name.startswith(view.metric.key))]]


def _stations(view: View) -> pd.DataFrame:
    frame = overview.by_station(view, view.reader.daily(None, view.first, view.last))
    metric = view.metric
    name, suffix = metric.key, metric.column.partition("_")[2].partition("_")[2]
    renamed = {
        "value": f"{name}_{metric.over_period}_{suffix}",
        "low": f"{name}_low_{suffix}",
        "high": f"{name}_high_{suffix}",
    }
    # A sum of hundredths is one only up to the last binary digit: 1.2000000000000002.
    return frame.drop(columns="slug").round(dict.fromkeys(renamed, METRIC[name].decimals)).rename(columns=renamed)


def _coverage(view: View) -> pd.DataFrame:
    return data.coverage_shares(view).reset_index().melt("city", var_name="month", value_name="share_percent")


_TABLES: Final[dict[str, Callable[[View], pd.DataFrame]]] = {
    "overview": _stations,
    "city": _documents,
    "compare": _one_metric,
    "table": _documents,
    "data": _coverage,
}


def _what(view: View) -> str:
    return {"overview": METRICS[view.state.metric].key, "compare": view.state.metric, "data": "coverage"}.get(
        view.state.page, "daily"
    )


def _encoded(frame: pd.DataFrame, extension: str) -> bytes:
    if extension == "csv":
        return frame.to_csv(index=False).encode()
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _status(error: WeatherError) -> int:
    if isinstance(error, StoreUnavailable):
        return 503
    return 404 if isinstance(error, UnknownCity) else 400
