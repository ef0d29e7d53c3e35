"""The part of the data page on quality: the checks' verdicts by month with their history, and the flagged values.

The verdicts of the table are of what the stores hold now; the history is what was noted whenever a month was checked.
"""

from collections import Counter
from typing import Any, Final

from dash import html

from dash_app import components as ui
from dash_app.language import Language
from dash_app.periods import whole
from dash_app.reader import Reader
from dash_app.view import View
from weather_platform.domain.climate.rules import HAND
from weather_platform.domain.errors import StoreUnavailable
from weather_platform.domain.months import Month, month_range
from weather_platform.month_report import CHECKS

MOST_MONTHS: Final = 24
"""A month takes a tenth of a second to check."""
MOST_NOTED: Final = 50


def cards(view: View, reader: Reader) -> list[Any]:
    """Of the months of the period that are loaded, the latest first, `MOST_MONTHS` at most."""
    loaded = {Month.of(day) for day in view.dates}
    months = [month for month in month_range(Month.of(view.first), Month.of(view.last)) if month in loaded]
    months = months[::-1][:MOST_MONTHS]
    try:
        return [_checks(view, reader, months), _history(view, reader, months), _flags(view, reader, months)]
    except StoreUnavailable as error:
        return [ui.staging_notice(view, error)]


def _checks(view: View, reader: Reader, months: list[Month]) -> Any:
    word = view.word
    head = [word("data.month"), *(word(f"checks.{check.name}") for check in CHECKS)]
    rows, remarks = [], []
    for month in months:
        name, found = word.period(*whole(month)), reader.checks(month)
        verdicts = {check.name: verdict for check, verdict in found}
        first, last = whole(month)
        rows.append(
            [
                ui.link(name, view.href(page="overview", first=first, last=last)),
                *(_mark(word, verdicts[check.name].passed) if check.name in verdicts else "–" for check in CHECKS),
            ]
        )
        remarks += [
            html.Li([f"{name}, {word(f'checks.{check.name}').lower()}", word("data.colon"), _said(verdict.description)])
            for check, verdict in found
            if not verdict.passed
        ]
    explained = [
        html.Li([html.Strong(word(f"checks.{check.name}")), word("data.colon"), word(f"checks.{check.name}_says")])
        for check in CHECKS
    ]
    return ui.card(
        word("data.checks"),
        ui.table(head, rows, numbers_from=len(head), label=word("data.checks")),
        html.Ul(remarks, className="remarks") if remarks else html.P(word("data.checks_passed"), className="hint"),
        html.Details([html.Summary(word("data.checks_mean")), html.Ul(explained, className="remarks")]),
        html.P(word("data.checks_now", most=MOST_MONTHS), className="hint"),
        id="checks",
    )


def _history(view: View, reader: Reader, months: list[Month]) -> Any:
    """When a check of the months failed, and when it passed again; the latest first.

    A first verdict that passed is left out.
    """
    word = view.word
    told: list[list[Any]] = []
    judged: set[tuple[Month, str]] = set()
    for noted in reader.verdicts(months):
        first = (noted.month, noted.check) not in judged
        judged.add((noted.month, noted.check))
        if first and noted.passed:
            continue
        told.append(
            [
                f"{word.day(noted.noted.date())}, {noted.noted:%H:%M} UTC",
                word.period(*whole(noted.month)),
                word(f"checks.{noted.check}"),
                _mark(word, noted.passed),
                _said(noted.description),
            ]
        )
    if not told:
        text = word("data.history_none" if judged else "data.history_empty")
        return ui.card(word("data.history"), html.P(text), id="history")
    head = [word(f"data.history_{name}") for name in ("when", "month", "check", "verdict", "found")]
    more = (
        html.P(word("data.history_more", shown=MOST_NOTED, all=word.number(len(told))), className="hint")
        if len(told) > MOST_NOTED
        else None
    )
    table = ui.table(head, told[::-1][:MOST_NOTED], numbers_from=len(head), label=word("data.history"))
    return ui.card(word("data.history"), table, more, id="history")


def _mark(word: Language, passed: bool) -> Any:
    name = "passed" if passed else "failed"
    return html.Span(word(f"data.{name}"), className=f"verdict {name}")


def _said(description: str) -> Any:
    """What the check found, in English as in Dagster."""
    return html.Span(description, lang="en")


def _flags(view: View, reader: Reader, months: list[Month]) -> Any:
    """Values of the months by rule, the most frequent first."""
    word = view.word
    counts = Counter((flag.rule, flag.verdict) for month in months for flag in reader.flags(month))
    if not counts:
        return ui.card(word("data.flags"), html.P(word("data.flags_none")), id="flags")
    rows = [
        [
            word(f"rules.{rule.replace('-', '_')}"),
            "–" if rule == HAND else rule,
            word(f"day.{verdict}"),
            word.number(n),
        ]
        for (rule, verdict), n in counts.most_common()
    ]
    head = [word("day.reason"), word("data.rule"), word("day.verdict"), word("data.values")]
    table = ui.table(head, rows, numbers_from=3, label=word("data.flags"))
    return ui.card(word("data.flags"), table, html.P(word("data.flags_hint"), className="hint"), id="flags")
