"""The data page: coverage, refused records, and the origin of any number."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from dash import html

from dash_app import components as ui
from dash_app.figures import coverage
from dash_app.frames import records
from dash_app.pages import quality
from dash_app.reader import Reader
from dash_app.summaries import reached, withdraw_command
from dash_app.view import View
from weather_platform.domain.errors import StoreUnavailable
from weather_platform.domain.events import THRESHOLDS
from weather_platform.domain.months import Month, month_range

_POSTINGS = 10
_MADE = ("temperature", "pressure", "wind", "rain", "null", "events")


def page(view: View, reader: Reader) -> list[Any]:
    word = view.word
    return [
        ui.controls(view, ui.period_picker(view), below=ui.preset_links(view)),
        html.H1(word("data.title")),
        html.P([_span(view), " ", *_last_received(view, reader)], className="hint"),
        *_newest(view, reader),
        _quarantine(view, reader),
        _coverage(view, reader),
        *quality.cards(view, reader),
        _postings(view, reader),
        _made(view),
        ui.card(word("data.licence_title"), html.P(word("data.licence_text"))),
    ]


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
            due = {
                "source": word(f"sources.{fresh.source}"),
                "date": word.day(fresh.due.date()),
                "time": f"{fresh.due:%H:%M}",
            }
            days = word.number(fresh.behind.days)
            said.append(word("data.behind", **due, n=days) if fresh.stale else word("data.fresh", **due))
        yield html.P(" ".join(said), className="hint", id="newest")


def _postings(view: View, reader: Reader) -> Any:
    """The latest files, each with the command that withdraws it, or who withdrew it."""
    word = view.word
    try:
        receipts = reader.ingestions(_POSTINGS)
    except StoreUnavailable as error:
        return ui.staging_notice(view, error)
    rows = []
    for receipt in receipts:
        name = receipt.files[0].name + (" …" if len(receipt.files) > 1 else "")
        if receipt.withdrawn is None:
            command: Any = html.Code(withdraw_command(receipt.id))
        else:
            command = word("data.withdrawn", by=receipt.withdrawn.by, reason=receipt.withdrawn.reason)
        when = f"{word.day(receipt.received.date())}, {receipt.received:%H:%M} UTC"
        rows.append([when, name, word.number(sum(obj.records for obj in receipt.objects)), command])
    head = [word(f"data.{name}") for name in ("received", "file", "records", "withdraw")]
    table = ui.table(head, rows, numbers_from=len(head), label=word("data.postings"))
    return ui.card(word("data.postings"), html.P(word("data.withdraw_rule"), className="hint"), table, id="postings")


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
    title = word("data.coverage")
    svg = coverage.coverage(shares, view.look, title=f"{title}. {summary}")
    return ui.drawing(view, "coverage", title, svg, [summary])


def coverage_shares(view: View, reader: Reader) -> pd.DataFrame:
    """Percent of the expected observations, by city (rows) and month (columns) from the first loaded to the last.

    Missing for months without observations.
    """
    counted = reader.coverage()
    names = {number: station.display_name for number, station in view.known.items()}
    last = pd.Timestamp(view.loaded[1])
    shown = counted.assign(
        share=[100 * row["observations"] / coverage.expected_in(row["month"], last) for row in records(counted)],
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
