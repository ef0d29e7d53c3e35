"""A city over all years: a figure by year and month, its anomalies, the years in order, and the records."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any, Final

import dash_mantine_components as dmc
from dash import html

from dash_app import climate_words as said
from dash_app import components as ui
from dash_app import scales
from dash_app.figures.legend import tick
from dash_app.figures.years import Cell, Column, Stripe, matrix, stripes
from dash_app.periods import Period
from dash_app.reader import Reader
from dash_app.scales import Scale
from dash_app.state import CHOICES
from dash_app.view import NoSuchDays, View
from weather_platform.climatology import Comparison, months_of
from weather_platform.domain.climate.figures import FIGURES, FigureValue
from weather_platform.domain.climate.ranks import Rank
from weather_platform.domain.climate.records import ALL_MONTHS, Record
from weather_platform.domain.climate.reference import AVERAGE_YEARS, TooFewYears
from weather_platform.domain.climate.years import MONTHS, SEASONS, YEAR, Years
from weather_platform.domain.months import Month

_MOST_SAID: Final = 3
_OF_A_MONTH: Final = (".mean", ".total")
"""How figures end whose records are months, not days."""


def page(view: View, reader: Reader) -> list[Any]:
    word, station = view.word, view.stations[0]
    years = reader.climate.years(station.station_id)
    if not years.years:
        raise NoSuchDays(station.display_name, view.period_text)
    compared = {
        year: reader.climate.compared(station.station_id, year, view.state.span, view.state.figure)
        for year in years.years
    }
    known = {year: of for year, of in compared.items() if of.status != "missing"}
    records = [each for each in reader.climate.records(station.station_id) if each.period == _period_of_records(view)]
    name = said.figure_name(view, view.state.figure)
    return [
        ui.controls(view, ui.city_picker(view), *_choices(view)),
        html.H1(word("years.title", city=station.display_name, figure=name)),
        _matrix(view, years, name),
        _stripes(view, compared, name),
        html.Div([_ranking(view, known), _records(view, records)], className="grid"),
    ]


def _choices(view: View) -> Iterator[Any]:
    names = {
        "figure": {figure: said.figure_name(view, figure) for figure in CHOICES["figure"]},
        "span": {span: span_name(view, span) for span in CHOICES["span"]},
    }
    for choice, options in names.items():
        yield dmc.Select(
            id=ui.control_id(choice),
            label=view.word(f"years.{choice}"),
            data=[{"value": value, "label": text[:1].upper() + text[1:]} for value, text in options.items()],
            value=getattr(view.state, choice),
            allowDeselect=False,
            className=f"control {'figure' if choice == 'figure' else 'city'}",
        )


def span_name(view: View, span: str) -> str:
    """``décembre``, ``hiver (déc. à fév.)`` or ``année``."""
    return view.word.month(int(span)) if span in MONTHS else view.word(f"spans.{span}")


def _matrix(view: View, years: Years, name: str) -> Any:
    word, station, figure = view.word, view.stations[0].station_id, view.state.figure
    spans = (*MONTHS, *SEASONS, YEAR)
    columns = [_column(view, span) for span in spans]
    shown = [year for year in years.years if any(_is_there(years, station, year, figure))]
    rows = [[_cell(view, years.at(figure, station, year, span), year, span) for span in spans] for year in shown]
    svg = matrix(shown, columns, rows, title=word("years.matrix_of", figure=name))
    colours = word(f"years.matrix_{'home' if view.home else 'overseas'}")
    unit = said.symbol_of(view, figure)
    summary = [ui.counted(word, "years.matrix_summary", len(shown), unit=unit, colours=colours)]
    return ui.drawing(view, "matrix", word("years.matrix"), svg, summary, kind="wide")


def _is_there(years: Years, station: str, year: int, figure: str) -> Iterator[bool]:
    return (years.at(figure, station, year, month).status != "missing" for month in MONTHS)


def _column(view: View, span: str) -> Column:
    return Column(view.word(f"spans.short_{span}"), _scale(view, span), span in (next(iter(SEASONS)), YEAR))


def _scale(view: View, span: str) -> Scale:
    return scales.of_figure(view.state.figure, _days_in(span), home=view.home)


def _days_in(span: str) -> int:
    return 31 if span in MONTHS else 92 if span in SEASONS else 366


def _cell(view: View, found: FigureValue, year: int, span: str) -> Cell:
    figure, value = view.state.figure, found.value
    if value is None:
        return Cell("", None, "", "")
    complete = found.status == "complete"
    text = said.number(view, figure, value)
    status = "" if complete else f", {view.word(f'climate.status_{found.status}')}"
    says = f"{_when(view, year, span)}: {said.value(view, found, figure)}{status}"
    return Cell(text, value if complete else None, says, _href(view, year, span))


def _when(view: View, year: int, span: str) -> str:
    return str(year) if span == YEAR else f"{span_name(view, span)} {year}"


def _days_of(year: int, span: str) -> Period:
    first, last = months_of(year, span)
    return first.first_day, last.last_day


def _href(view: View, year: int, span: str) -> str:
    """The sheet of a month; of a longer period the city's page."""
    first, last = _days_of(year, span)
    if span in MONTHS:
        return said.sheet_href(view, first, last)
    return view.href(page="city", cities=(view.stations[0].slug,), first=first, last=last)


def _stripes(view: View, compared: Mapping[int, Comparison], name: str) -> Any:
    """Anomalies of temperature and pressure, and of rain in percent; of other figures there are none."""
    word, figure = view.word, view.state.figure
    usual = next(iter(compared.values())).reference
    if isinstance(usual, TooFewYears):
        text = ui.counted(word, "years.too_few", usual.n, needed=usual.needed, span=span_name(view, view.state.span))
        return ui.card(word("years.stripes"), html.P(text), id="card-stripes")
    is_rain = figure == "rr.total"
    scale = scales.anomaly(FIGURES[figure].unit, _days_in(view.state.span))
    if scale is None or (FIGURES[figure].unit == "mm" and not is_rain):
        return None
    found = [_stripe(view, year, of, is_rain=is_rain) for year, of in compared.items()]
    while found and found[0].anomaly is None:
        del found[0]
    while found and found[-1].anomaly is None:
        del found[-1]
    title = word("years.stripes_of", figure=name, span=span_name(view, view.state.span))
    summary = [
        word(
            "years.stripes_summary",
            first=usual.first_year,
            last=usual.last_year,
            n=usual.n,
            mean=said.quantity(view, figure, usual.mean),
        )
    ]
    unit = word("overview.percent_of_usual") if is_rain else said.symbol_of(view, figure)

    shown = said.unit_of(view, "%" if is_rain else FIGURES[figure].unit)
    svg = stripes(found, scale, said=partial(tick, word, shown, signed=not is_rain), unit=unit, title=title)
    return ui.drawing(view, "stripes", title, svg, summary, kind="wide")


def _stripe(view: View, year: int, of: Comparison, *, is_rain: bool) -> Stripe:
    against = of.anomaly if of.status == "complete" else None
    value = None if against is None else against.ratio_percent if is_rain else against.difference
    text = "–" if against is None else _anomaly_text(view, of)
    return Stripe(year, value, f"{year}: {text}", _href(view, year, view.state.span))


def _anomaly_text(view: View, of: Comparison) -> str:
    text = said.anomaly(view, of.figure, of.anomaly)
    return text if text.endswith(("%", "–")) else f"{text}\u00a0{said.symbol_of(view, of.figure)}"


def _ranking(view: View, known: Mapping[int, Comparison]) -> Any:
    """Years from the highest to the lowest, with their rank where there are enough; those without one come last."""
    word, figure = view.word, view.state.figure
    complete = sum(of.status == "complete" for of in known.values())
    ranked = {year for year, of in known.items() if of.status == "complete" or isinstance(of.rank, Rank)}
    rows = []
    for year, of in sorted(known.items(), key=lambda each: (each[0] not in ranked, -(each[1].value or 0), each[0])):
        place = str(of.rank.highest) if isinstance(of.rank, Rank) else "–"
        when = ui.link(_when(view, year, view.state.span), _href(view, year, view.state.span))
        note = _anomaly_text(view, of) if year in ranked else word(f"climate.status_{of.status}")
        rows.append([place, when, said.value(view, of, figure), note])
    head = [word("years.rank"), word("years.when"), word("sheet.value"), word("sheet.anomaly")]
    title = word("years.ranking", span=span_name(view, view.state.span))
    hint = ui.counted(word, "years.ranked", complete)
    if complete < AVERAGE_YEARS:
        hint = word("years.not_ranked", n=complete, needed=AVERAGE_YEARS)
    return ui.card(
        title, html.P(hint, className="hint"), ui.table(head, rows, numbers_from=2, label=title), id="ranking"
    )


def _period_of_records(view: View) -> str:
    return view.state.span if view.state.span in MONTHS else ALL_MONTHS


def _records(view: View, records: list[Record]) -> Any:
    word, period = view.word, _period_of_records(view)
    span = word("years.all_months") if period == ALL_MONTHS else span_name(view, period)
    head = [word("sheet.figure"), word("sheet.value"), word("sheet.days")]
    rows = []
    for each in records:
        name = said.figure_name(view, each.figure)
        if each.figure.endswith(_OF_A_MONTH):
            name += f", {word('years.lowest' if each.lowest else 'years.highest')}"
        if each.record is not None:
            rows.append(
                [
                    name,
                    said.at_least(said.quantity(view, each.figure, each.record.value), each.record.at_least),
                    _record_days(view, each.figure, each.record.days),
                ]
            )
        if each.to_verify is not None:
            rows.append(
                [
                    f"{name} ({word('years.to_verify')})",
                    said.quantity(view, each.figure, each.to_verify.value),
                    _record_days(view, each.figure, each.to_verify.days),
                ]
            )
    title = word("years.records", span=span)
    hint = ""
    if records:
        first, last = Month.parse(records[0].first_month), Month.parse(records[0].last_month)
        hint = word("years.records_since", period=word.period(first.first_day, last.last_day))
    return ui.card(title, html.P(hint, className="hint"), ui.table(head, rows, label=title), id="records")


def _record_days(view: View, figure: str, days: tuple[date, ...]) -> list[Any]:
    """Links to the days, or for a figure of a month to its sheet; of many equal ones the first and how many."""
    of_month = figure.endswith(_OF_A_MONTH)
    parts: list[Any] = []
    for day in days[:_MOST_SAID]:
        text = view.word.period(*_days_of(day.year, f"{day.month:02d}")) if of_month else view.word.day(day)
        href = said.sheet_href(view, day, day) if of_month else said.day_href(view, day)
        parts += [", ", ui.link(text, href)]
    if len(days) > _MOST_SAID:
        parts.append(view.word("years.more", n=len(days) - _MOST_SAID))
    return parts[1:]
