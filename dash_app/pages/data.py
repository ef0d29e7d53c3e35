"""The data page: coverage, refused records, and the origin of any number."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
from dash import html

from dash_app import components as ui
from dash_app.figures import heat
from dash_app.frames import is_known, records
from dash_app.measures import METRICS
from dash_app.reader import Reader
from dash_app.summaries import reached
from dash_app.view import View
from weather_platform.domain.errors import StoreUnavailable
from weather_platform.domain.events import THRESHOLDS
from weather_platform.domain.months import Month, month_range
from weather_platform.domain.stations import Station
from weather_platform.domain.statistics import KELVIN_OFFSET

_ROW_HEIGHT_PX = 15
_MADE = ("temperature", "pressure", "wind", "rain", "null", "events")


def page(view: View, reader: Reader) -> list[Any]:
    word = view.word
    return [
        html.H1(word("data.title")),
        html.P([_span(view), " ", *_last_received(view, reader)], className="hint"),
        *_newest(view, reader),
        _origin(view, reader),
        _quarantine(view, reader),
        _coverage(view, reader),
        _made(view),
        ui.card(word("data.licence_title"), html.P(word("data.licence_text"))),
    ]


def _origin(view: View, reader: Reader) -> Any:
    """A day of a city: its document, the readings behind it, and the raw objects behind these."""
    word, station = view.word, view.stations[0]
    day = view.day
    picker = html.Div([ui.city_picker(view), ui.day_picker(view, day)], className="controls")
    frame = reader.daily([station.station_id], day, day)
    hint = html.P(word("data.origin_pick"), className="hint")
    if frame.empty:
        text = word("trouble.no_days", cities=station.display_name, period=word.day(day))
        return ui.card(word("data.origin"), hint, picker, ui.notice(text), id="origin")
    row = frame.iloc[0]
    parts = [hint, picker, html.H3(word("data.origin_day", city=station.display_name, date=word.day(day)))]
    parts.append(html.P(word("data.day_figures", figures=_figures(view, row))))
    try:
        parts += [
            _readings(view, reader, station, day),
            html.P(word("data.origin_rule"), className="hint"),
            _objects(view, reader, list(row["raw_objects"])),
        ]
    except StoreUnavailable as error:
        parts.append(ui.staging_notice(view, error))
    return ui.card(word("data.origin"), *parts, id="origin")


def _figures(view: View, row: pd.Series) -> str:
    shown = [f"{view.word('metrics.' + m.key).lower()} {view.quantity(row[m.column], m.key)}" for m in METRICS.values()]
    return ", ".join(shown)


def _readings(view: View, reader: Reader, station: Station, day: date) -> Any:
    """The readings of a day and that of 00 UTC of the next, whose rain belongs to it."""
    word, next_day = view.word, pd.Timestamp(day) + pd.Timedelta(days=1)
    found = reader.observations(station, day, next_day.date())
    found = found[pd.to_datetime(found["date"]) <= next_day]
    names = ("temperature", "pressure", "wind", "direction", "gust", "rain")
    head = [word("data.time"), *(word(f"data.{name}") for name in names), word("data.object")]
    rows = []
    for reading in records(found):
        after = pd.Timestamp(reading["date"]) >= next_day
        midnight = pd.Timestamp(reading["date"]) == pd.Timestamp(day)
        figures = [
            _quantity(view, None if after else reading["t"], "temperature", offset=-KELVIN_OFFSET),
            _quantity(view, None if after else reading["pmer"], "pressure", factor=0.01),
            _quantity(view, None if after else reading["ff"], "wind"),
            f"{reading['dd']:.0f}°" if is_known(reading["dd"]) and not after else "–",
            _quantity(view, None if after else _highest(reading["raf10"], reading["rafper"]), "wind"),
            _quantity(view, None if midnight else reading["rr3"], "rain"),
        ]
        time = f"{pd.Timestamp(reading['date']):%H:%M}" + (f" ({word.day(next_day.date())})" if after else "")
        rows.append([time, *figures, html.Code(reading["raw_object"])])
    return ui.table(head, rows, label=word("data.origin"))


def _highest(*values: float | None) -> float | None:
    return max(filter(is_known, values), default=None)


def _quantity(view: View, value: float | None, metric: str, *, factor: float = 1.0, offset: float = 0.0) -> str:
    return view.quantity(value * factor + offset if is_known(value) else None, metric)


def _objects(view: View, reader: Reader, names: list[str]) -> Any:
    word, known = view.word, reader.raw_objects()
    head = [word(f"data.{name}") for name in ("object", "received", "source", "file", "read", "licence", "withdraw")]
    rows = []
    for name in names:
        obj = known.get(name)
        if obj is None:
            rows.append([html.Code(name), "–", "–", "–", "–", "–", "–"])
        else:
            read = word.number(obj["counts"].get("read", 0))
            received = pd.Timestamp(obj["received"])
            when = f"{word.day(received.date())}, {received:%H:%M} UTC"
            ingestion = reader.ingestion_of(obj["month"], name)
            command = html.Code(f'weather withdraw {ingestion} --reason "…"') if ingestion else "–"
            rows.append(
                [html.Code(f"{obj['month']}/{name}"), when, obj["source"], obj["name"], read, obj["licence"], command]
            )
    return html.Div(
        [
            ui.table(head, rows, numbers_from=len(head), label=word("data.object")),
            html.P(word("data.withdraw_rule"), className="hint"),
        ]
    )


def _span(view: View) -> str:
    first, last = (view.word.day(day) for day in view.loaded)
    return view.word("data.span", first=first, last=last, cities=len(view.known))


def _last_received(view: View, reader: Reader) -> Iterator[str]:
    """Time of the latest file; empty if staging does not answer, as reported below."""
    with suppress(StoreUnavailable):
        last = reader.last_received()
        if last is not None:
            yield view.word("data.last", date=view.word.day(last.date()), time=f"{last:%H:%M}")


def _newest(view: View, reader: Reader) -> Iterator[Any]:
    """The newest observation against the newest that the source can have; empty if staging does not answer."""
    word = view.word
    with suppress(StoreUnavailable):
        fresh = reader.freshness(datetime.now(UTC))
        if fresh.newest is None:
            return
        said = [word("data.newest", date=word.day(fresh.newest.date()), time=f"{fresh.newest:%H:%M}")]
        if fresh.due is not None:
            due = {"source": fresh.source, "date": word.day(fresh.due.date()), "time": f"{fresh.due:%H:%M}"}
            days = word.number(fresh.behind.days)
            said.append(word("data.behind", **due, n=days) if fresh.stale else word("data.fresh", **due))
        yield html.P(" ".join(said), className="hint", id="newest")


def _quarantine(view: View, reader: Reader) -> Any:
    word = view.word
    try:
        counts = reader.quarantine()
    except StoreUnavailable as error:
        return ui.staging_notice(view, error)
    if counts:
        text = word("data.quarantine_some", n=word.number(sum(count.records for count in counts)))
        rows = [[word(f"reasons.{count.reason}"), count.month, word.number(count.records)] for count in counts]
        head = [word("data.reason"), word("data.month"), word("data.records")]
        listed = ui.table(head, rows, numbers_from=2, label=word("data.quarantine"))
    else:
        text, listed = word("data.quarantine_none"), None
    return ui.card(word("data.quarantine"), html.P(text), listed, id="quarantine")


def _coverage(view: View, reader: Reader) -> Any:
    word, shares = view.word, coverage_shares(view, reader)
    worst = shares.mean(axis=1).sort_values().index[0]
    summary = word(
        "data.coverage_summary",
        share=word.number(float(shares.stack().mean()), 1),
        worst=worst,
        worst_share=word.number(float(shares.loc[worst].mean()), 1),
    )
    figure = heat.coverage(shares, view.look)
    height_px = 90 + _ROW_HEIGHT_PX * len(shares)
    return ui.chart(view, "coverage", word("data.coverage"), figure, [summary], height_px=height_px)


def coverage_shares(view: View, reader: Reader) -> pd.DataFrame:
    """Percent of the expected observations, by city (rows) and month (columns) from the first loaded to the last.

    Missing for months without observations.
    """
    counted = reader.coverage()
    names = {number: station.display_name for number, station in view.known.items()}
    last = pd.Timestamp(view.loaded[1])
    shown = counted.assign(
        share=[100 * row["observations"] / heat.expected_in(row["month"], last) for row in records(counted)],
        city=counted["station_id"].map(names),
    )
    shares = shown.pivot_table(index="city", columns="month", values="share").sort_index()
    return shares.reindex(columns=[str(month) for month in month_range(*map(Month.of, view.loaded))])


def _made(view: View) -> Any:
    word = view.word
    paragraphs = [html.P(word(f"data.made_{name}")) for name in _MADE]
    rows = [
        [
            word(f"events.{threshold.type}"),
            reached(view, threshold, threshold.value),
            word(f"event_sources.{threshold.type}"),
        ]
        for threshold in THRESHOLDS
    ]
    head = [word("city.event_type"), word("data.threshold"), word("data.threshold_source")]
    return ui.card(
        word("data.made"), *paragraphs, ui.table(head, rows, numbers_from=len(head), label=word("data.threshold"))
    )
