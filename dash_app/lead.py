"""What a city's page says first: a sentence and cards that compare a month, a season or a year with its like.

Every figure stands with what it is compared with, its rank, how complete it is and what is doubtful about it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from dash import html

from dash_app import climate_words as said
from dash_app import components as ui
from dash_app.periods import Span, preset, span
from dash_app.reader import Reader
from dash_app.view import View
from weather_platform.climatology import Comparison, months_of
from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.climate.figures import FIGURES
from weather_platform.domain.climate.ranks import Rank
from weather_platform.domain.climate.reference import Reference, TooFewYears
from weather_platform.storage.monthly import MonthQuery

_MOST_DAYS_NAMED = 3
_WORTH_SAYING = 0.5
"""Days that there usually are."""


class Compared(NamedTuple):
    """A city's month, season or year, and the same of other years."""

    span: Span
    days: int
    sheets: Sequence[MonthDocument]
    """Of its months, those that are loaded."""
    figures: dict[str, Comparison]
    """By name (`domain.climate.figures.FIGURES`)."""

    def known_days(self, element: str) -> int:
        return sum(getattr(sheet, element).n for sheet in self.sheets)

    def extreme(self, figure: str) -> tuple[float, list[date]] | None:
        """A figure of kind low or high, and all its days."""
        days, value = f"{figure}_days", self.figures[figure].value
        reached = [sheet for sheet in self.sheets if attrgetter(figure)(sheet) == value]
        return None if value is None else (value, [day for sheet in reached for day in attrgetter(days)(sheet)])


class _Count(NamedTuple):
    """A count of days of a card, and the threshold it is counted by, as stored."""

    figure: str
    text: str
    threshold: float = 0.0


class _Card(NamedTuple):
    """A figure, and what stands with it: extremes with their days, counts of days."""

    figure: str
    metric: str
    extremes: tuple[tuple[str, str], ...]
    """Text and figure."""
    counts: tuple[_Count, ...] = ()


_CARDS = (
    _Card(
        "tm.mean",
        "temperature",
        (("low", "tn.min"), ("high", "tx.max")),
        (_Count("tn.days_le_0", "frost"), _Count("tx.days_ge_30", "hot", 30.0)),
    ),
    _Card("rr.total", "rain", (("wettest", "rr.max"),), (_Count("rr.days_ge_1", "rain_ge_1", 1.0),)),
    _Card("fxi.max", "wind", (("gust_on", "fxi.max"),), (_Count("fxi.days_ge_16", "gusty", 16.0),)),
    _Card("pmer.mean", "pressure", (("lowest_mean", "pmer.min"),)),
)


def compared(view: View, reader: Reader) -> Compared | None:
    """None where the days shown are no whole month, season or year, or nothing of it is loaded."""
    of = span(view.period)
    if of is None:
        return None
    number = view.stations[0].station_id
    first, last = months_of(of.year, of.period)
    sheets = list(reader.climate.months(MonthQuery(stations=[number], first=first, last=last)))
    figures = {each.figure: each for each in reader.climate.comparisons(number, of.year, of.period)}
    return Compared(of, view.days, sheets, figures) if sheets else None


def comparable(view: View) -> Any:
    """Where other days are shown: the month, season and year that can be compared."""
    periods = dict.fromkeys(preset(name, view.period, view.loaded) for name in ("month", "season", "year"))
    links = [
        ui.link(view.word.period(*period), href=view.href(first=period[0], last=period[1]), className="chip")
        for period in periods
        if span(period)
    ]
    return html.P([view.word("lead.comparable"), *links], className="lead comparable")


def sentence(view: View, found: Compared) -> str:
    """A period in words: ``December 2023 in Nice: 63 mm of rain, 82% of usual (77 mm, 28 Decembers 1996–2023) …``."""
    word, period = view.word, view.period_text
    start = word("lead.in_city", period=period[:1].upper() + period[1:], city=view.stations[0].display_name, text="")
    clauses = {"rr.total": _rain(view, found), "tm.mean": _temperature(view, found)}
    said_of = {name: text for name, text in clauses.items() if text}
    if not said_of:
        return f"{start}{word('lead.not_measured')}."
    few = {name: usual for name in said_of if isinstance(usual := found.figures[name].reference, TooFewYears)}
    if len(few) == len(said_of):  # said once of all
        needed = max(usual.needed for usual in few.values())
        return f"{start}{_sentences(said_of.values())} {word('lead.too_few_years', needed=needed)}"
    reasons = {name: f" {_too_few(view, usual)}" for name, usual in few.items()}
    return start + _sentences(text + reasons.get(name, "") for name, text in said_of.items())


def _sentences(clauses: Iterable[str]) -> str:
    """The first goes on where the period and the city were named."""
    first, *others = clauses
    return " ".join([first, *(text[:1].upper() + text[1:] for text in others)])


def key_figures(view: View, found: Compared) -> Iterator[tuple[str, str]]:
    """Label and value of temperature and rain, as on their cards."""
    for card in _CARDS[:2]:
        figure = found.figures[card.figure]
        if figure.value is not None:
            yield view.word(f"lead.{card.metric}_card"), said.value(view, figure, figure.figure)


def cards(view: View, found: Compared) -> Any:
    return html.Div([_card(view, found, card) for card in _CARDS], className="facts")


def doubts(view: View, found: Compared) -> str:
    """What quality control left out and what it doubts."""
    keys = [("left_out", "erroneous"), ("doubtful", "suspect")]
    counts = [(key, sum(sheet.flagged.get(severity, 0) for sheet in found.sheets)) for key, severity in keys]
    return " ".join(ui.counted(view.word, f"lead.{key}", n) for key, n in counts if n)


def _rain(view: View, found: Compared) -> str:
    total = found.figures["rr.total"]
    if total.value is None:
        return ""
    text = view.word("lead.rain", total=said.value(view, total, total.figure))
    if total.status == "nearly":
        text += f" ({_some_missing(view, found, total)})"
    parts = [text, *_usual(view, found, total, "rain")]
    wet = found.figures["rr.days_ge_1"]
    if wet.value is not None and total.status in ("complete", "nearly"):
        parts.append(_counted(view, wet, _CARDS[1].counts[0], "lead.rain_days"))
    return _closed(view, found, total, ", ".join(parts))


def _temperature(view: View, found: Compared) -> str:
    mean = found.figures["tm.mean"]
    if mean.value is None:
        return ""
    text = view.word("lead.temperature", mean=view.quantity(mean.value, "temperature"))
    return _closed(view, found, mean, ", ".join([text, *_usual(view, found, mean, "temperature")]))


def _closed(view: View, found: Compared, figure: Comparison, text: str) -> str:
    """A clause with its rank, or with the days that are too few for one."""
    if isinstance(figure.rank, Rank):
        return f"{text}{_semicolon(view)} {_rank(view, found, figure, figure.rank)}."
    return f"{text}. {_incomplete(view, found, figure)}".strip()


def _semicolon(view: View) -> str:
    return "\u202f;" if view.word.code == "fr" else ";"


def _card(view: View, found: Compared, card: _Card) -> Any:
    word, figure = view.word, found.figures[card.figure]
    label = word(f"lead.{card.metric}_card")
    if figure.value is None and not any(found.extreme(name) for _, name in card.extremes):
        return ui.fact(label, "–", [html.P(word("lead.not_measured"))])
    lines = [html.P(f"{text[:1].upper()}{text[1:]}.") for text in _usual(view, found, figure, card.metric)]
    if isinstance(figure.rank, Rank):
        rank = _rank(view, found, figure, figure.rank)
        lines.append(html.P(f"{rank[:1].upper()}{rank[1:]}.", className="rank"))
    if reason := _not_ranked(view, found, figure):
        lines.append(html.P(reason, className="caveat"))
    lines += map(html.P, _details(view, found, card))
    lines += [html.P(text, className="caveat") for text in _caveats(view, found, card)]
    return ui.fact(label, said.value(view, figure, figure.figure), lines)


def _details(view: View, found: Compared, card: _Card) -> Iterator[str]:
    """The years between which a figure lies, its extremes of the period, and days counted by thresholds."""
    word, usual = view.word, found.figures[card.figure].reference
    if isinstance(usual, Reference):
        low, high = (view.quantity(value, card.metric) for value in (usual.lowest, usual.highest))
        years = [", ".join(map(str, years[:2])) for years in (usual.lowest_years, usual.highest_years)]
        yield word("lead.span", low=low, high=high, low_years=years[0], high_years=years[1])
    for text, name in card.extremes:
        if of := found.extreme(name):
            yield word(f"lead.{text}", value=view.quantity(of[0], card.metric), days=_days(view, of[1]))
    for count in card.counts:
        figure = found.figures[count.figure]
        if figure.value or (isinstance(figure.reference, Reference) and figure.reference.mean >= _WORTH_SAYING):
            yield _counted(view, figure, count, "lead.count_usual", "lead.count")


def _counted(view: View, figure: Comparison, count: _Count, with_usual: str, alone: str | None = None) -> str:
    """Days counted by a threshold, and how many there are usually."""
    word, metric = view.word, {"tn": "temperature", "tx": "temperature", "rr": "rain", "fxi": "wind"}
    threshold = view.threshold(count.threshold, metric[figure.figure.partition(".")[0]])
    text = ui.counted(word, f"lead.{count.text}", int(figure.value or 0), threshold=threshold)
    if isinstance(figure.reference, Reference):
        return word(with_usual, text=text, wet=text, usual=word.number(figure.reference.mean))
    return word(alone, text=text) if alone else text


def _caveats(view: View, found: Compared, card: _Card) -> Iterator[str]:
    elements = ("tn", "tx") if card.metric == "temperature" else ("rr",) if card.metric == "rain" else ()
    of = [getattr(sheet, element) for sheet in found.sheets for element in elements]
    if suspect := sorted({day for one in of for day in one.suspect_days}):
        yield view.word("lead.suspect", days=_days(view, suspect))
    if card.metric == "temperature" and any(one.estimated for one in of):
        yield view.word("lead.estimated")


def _usual(view: View, found: Compared, figure: Comparison, metric: str) -> Iterator[str]:
    """The figure against what is usual; nothing where it is not compared."""
    usual, anomaly, word = figure.reference, figure.anomaly, view.word
    if anomaly is None or not isinstance(usual, Reference):
        return
    years = word(
        "lead.years", n=usual.n, spans=word.spans(found.span.period), first=usual.first_year, last=usual.last_year
    )
    mean = view.quantity(usual.mean, metric)
    if anomaly.ratio_percent is not None:
        percent = said.at_least(word.number(anomaly.ratio_percent), anomaly.lower_bound)
        yield word("lead.ratio", percent=percent, usual=mean, years=years)
    else:
        yield word("lead.difference", difference=view.difference(anomaly.difference, metric), usual=mean, years=years)


def _rank(view: View, found: Compared, figure: Comparison, rank: Rank) -> str:
    """``3rd wettest of 28 Decembers``, from the nearer end."""
    text = _place(view, figure.figure, rank)
    text = view.word("lead.rank_of", rank=text, of=rank.of, spans=view.word.spans(found.span.period))
    if rank.at_least:
        text = view.word("lead.rank_at_least", rank=text)
    if rank.tied_years:
        text += ", " + view.word("lead.tied", years=", ".join(map(str, rank.tied_years)))
    if rank.incomplete:
        text += f" ({said.not_ranked(view, rank)})"
    return text


def _place(view: View, figure: str, rank: Rank) -> str:
    end, place = rank.nearer_end
    key = f"ranks.{figure.partition('.')[0]}_{end}"
    return view.word(f"{key}_first") if place == 1 else view.word(key, nth=said.ordinal(view.word, place))


def short_rank(view: View, figure: str, rank: Rank | None) -> str:
    """``3rd wettest / 28``."""
    return f"{_place(view, figure, rank)}\u00a0/\u00a0{rank.of}" if rank else "–"


def _not_ranked(view: View, found: Compared, figure: Comparison) -> str:
    """Why a figure is not compared, and that days are missing though it is; empty for a whole one."""
    if incomplete := _incomplete(view, found, figure):
        return incomplete
    few = _too_few(view, figure.reference) if isinstance(figure.reference, TooFewYears) else ""
    lacking = _some_missing(view, found, figure)
    return " ".join(filter(None, (lacking and f"{lacking}.", few)))


def _incomplete(view: View, found: Compared, figure: Comparison) -> str:
    if figure.status in ("complete", "nearly"):
        return ""
    return view.word("lead.incomplete", n=found.known_days(FIGURES[figure.figure].element), days=found.days)


def _some_missing(view: View, found: Compared, figure: Comparison) -> str:
    """``30 of 31 days``; empty where none is missing."""
    known = found.known_days(FIGURES[figure.figure].element)
    return view.word("lead.some_missing", n=known, days=found.days) if known < found.days else ""


def _too_few(view: View, usual: TooFewYears) -> str:
    return view.word("lead.too_few", n=usual.n, needed=usual.needed)


def _days(view: View, days: Sequence[date]) -> str:
    """The first of them by name, the others by number."""
    named = ", ".join(view.word.day(day) for day in days[:_MOST_DAYS_NAMED])
    more = len(days) - _MOST_DAYS_NAMED
    return named if more <= 0 else view.word("lead.and_more", days=named, n=more)
