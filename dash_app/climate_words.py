"""Figures of the climatology in the words and units of a page: names, values, differences, ranks, days."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from dash_app import components as ui
from dash_app.frames import is_known
from dash_app.language import Language
from dash_app.view import View
from weather_platform.climatology import Comparison
from weather_platform.domain.climate.figures import FIGURES, FigureValue, is_lower_bound
from weather_platform.domain.climate.ranks import Rank
from weather_platform.domain.climate.reference import Anomaly, Reference, TooFewYears
from weather_platform.domain.climate.thresholds import DAY_COUNTS, DayCount
from weather_platform.domain.units import UNITS, System, Unit

COUNTS: Final = {f"{count.element}.{count.name}": count for count in DAY_COUNTS}
"""Counts of days, by figure."""
_WHOLE: Final = ("days", "cm", "%", "K·d")


def figure_name(view: View, figure: str) -> str:
    """``Minimum moyen (Tn)``; of a count its name and threshold, ``jours de gel (Tn ≤ 0 °C)``."""
    if (count := COUNTS.get(figure)) is not None:
        return f"{count.says_fr if view.word.code == 'fr' else count.says} ({_condition(view, count)})"
    return view.word(f"figures.{figure.replace('.', '_')}")


def _condition(view: View, count: DayCount) -> str:
    sign, unit = "≥" if count.reached == "at_least" else "≤", unit_of(view, count.unit)
    shown = unit.exact(count.value)
    decimals = 0 if abs(shown - round(shown)) < 0.05 else 1
    symbol = {"tn": "Tn", "tx": "Tx", "rr": "RR", "fxi": "FXI", "snow": view.word("climate.snow")}[count.element]
    return f"{symbol} {sign} {view.word.quantity(shown, unit.symbol, decimals)}"


def unit_of(view: View, stored: str) -> Unit:
    """The unit in which a stored unit is shown; one that no system replaces, as it is."""
    return UNITS[System(view.state.units)].get(stored) or Unit(stored, "")


def decimals_of(unit: Unit) -> int:
    """As many as an instrument has."""
    return 0 if unit.symbol in _WHOLE else unit.decimals - 1


def symbol_of(view: View, figure: str) -> str:
    """The symbol of a figure's unit; of a count of days, the word for days."""
    unit = FIGURES[figure].unit
    return view.word("climate.days") if unit == "days" else unit_of(view, unit).symbol


def number(view: View, figure: str, value: float | None) -> str:
    """A value of a figure without its unit."""
    unit = unit_of(view, FIGURES[figure].unit)
    return view.word.number(unit.exact(value) if is_known(value) else None, decimals_of(unit))


def quantity(view: View, figure: str, value: float | None) -> str:
    """A value of a figure with its unit."""
    text = number(view, figure, value)
    return text if text == "–" else f"{text}\u00a0{symbol_of(view, figure)}"


def at_least(text: str, lacking: bool) -> str:
    """``≥ 50,7 mm`` for what lacks a part."""
    return f"≥ {text}" if lacking else text


def value(view: View, of: Comparison | FigureValue, figure: str) -> str:
    """A figure with its unit, as a lower bound where days are missing from a total or a count."""
    return at_least(quantity(view, figure, of.value), _is_bound(of, figure))


def value_alone(view: View, of: Comparison | FigureValue, figure: str) -> str:
    """As `value`, without the unit."""
    return at_least(number(view, figure, of.value), _is_bound(of, figure))


def _is_bound(of: Comparison | FigureValue, figure: str) -> bool:
    return of.value is not None and is_lower_bound(figure, of.status)


def difference(view: View, figure: str, value: float) -> str:
    """``+1,2``; without its unit."""
    unit = unit_of(view, FIGURES[figure].unit)
    text = view.word.number(unit.difference(value), max(1, decimals_of(unit)))
    return text if text.startswith("−") else f"+{text}"


def usual(view: View, figure: str, found: Reference | TooFewYears) -> str:
    """``8,4 (14 ans)``."""
    text = usual_alone(view, figure, found)
    return text if isinstance(found, TooFewYears) else f"{text} ({view.word('climate.years', n=found.n)})"


def usual_alone(view: View, figure: str, found: Reference | TooFewYears) -> str:
    """The mean, with a decimal for counts too."""
    if isinstance(found, TooFewYears):
        return "–"
    unit = unit_of(view, FIGURES[figure].unit)
    return view.word.number(unit.exact(found.mean), max(1, decimals_of(unit)))


def anomaly(view: View, figure: str, found: Anomaly | None) -> str:
    """``+1,2``, or of rain ``82 %``."""
    if found is None:
        return "–"
    if found.ratio_percent is not None:
        return at_least(view.word.quantity(found.ratio_percent, "%", 0), found.lower_bound)
    return at_least(difference(view, figure, found.difference), found.lower_bound)


def rank(view: View, found: Rank | TooFewYears | None) -> str:
    """``3e plus haut sur 14 (1 incomplet)``, from the nearer end; a place that half of the years share says nothing."""
    if not isinstance(found, Rank) or 2 * len(found.tied_years) >= found.of:
        return "–"
    end, place = found.nearer_end
    text = view.word(f"climate.rank_{end}", rank=ordinal(view.word, place), of=found.of)
    if found.at_least:
        text = view.word("lead.rank_at_least", rank=text)
    notes = [view.word("lead.tied", years=", ".join(map(str, found.tied_years)))] if found.tied_years else []
    if found.incomplete:
        notes.append(not_ranked(view, found))
    return f"{text} ({'; '.join(notes)})" if notes else text


def not_ranked(view: View, found: Rank) -> str:
    """How many years between the first and the last are not complete."""
    return ui.counted(view.word, "climate.incomplete_years", found.incomplete)


def ordinal(word: Language, n: int) -> str:
    """``1er``, ``2e``; ``1st``, ``2nd``."""
    if word.code == "fr":
        return "1er" if n == 1 else f"{n}e"
    teen = 11 <= n % 100 <= 13
    return f"{n}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def day_links(view: View, days: Sequence[date]) -> list[Any]:
    """The days of a month as numbers, each a link to its page."""
    parts: list[Any] = []
    for day in days:
        parts += [", ", ui.link(str(day.day), day_href(view, day), title=view.word.day(day))]
    return parts[1:]


def day_href(view: View, day: date) -> str:
    """The page of a day of the city."""
    return view.href(page="day", cities=(view.stations[0].slug,), day=day)


def sheet_href(view: View, first: date, last: date) -> str:
    """The sheet of a month of the city."""
    return view.href(page="sheet", cities=(view.stations[0].slug,), first=first, last=last)
