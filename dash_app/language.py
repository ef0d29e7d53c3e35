"""Texts, numbers and dates in the reader's language; the texts are in `texts/`, one file per language."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, Final

from dash_app.frames import is_known
from weather_platform.domain.climate.years import MONTHS, SEASONS, YEAR
from weather_platform.domain.months import Month

LANGUAGES: Final = ("fr", "en")
"""The first is the default if the browser asks for none of them."""
_NARROW_SPACE: Final = "\u202f"
_SPACE: Final = "\u00a0"
_ARTICLES: Final = {
    f"{preposition} {start}": said
    for start, of, at in (
        ("Le ", "du ", "au "),
        ("le ", "du ", "au "),
        ("Les ", "des ", "aux "),
        ("Cap ", "du cap ", "au cap "),
        ("Pointe ", "de la pointe ", "à la pointe "),
    )
    for preposition, said in (("de", of), ("à", at))
}
"""What French makes of a preposition and an article: ``à Le Puy`` is ``au Puy``, ``de le nord`` is ``du nord``."""
_WITH_ARTICLE: Final = re.compile(rf"\b({'|'.join(_ARTICLES)})")
_BEFORE_SIGNS: Final = re.compile("(?<=«) | (?=[:;?!»%])")
"""Spaces at which French breaks no line."""


class Language:
    """One language: call it with a text's key to get the text."""

    def __init__(self, code: str, texts: Mapping[str, Any]) -> None:
        self.code = code
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """The text of a dotted key, its ``{names}`` filled in. KeyError for an unknown key."""
        text: Any = self._texts
        for part in key.split("."):
            text = text[part]
        said = str(text).format(**values)
        return _in_french(said) if self.code == "fr" else said

    @property
    def separators(self) -> str:
        """Decimal and thousands signs, of the language, in this order."""
        return f",{_NARROW_SPACE}" if self.code == "fr" else ".,"

    def number(self, value: float | None, decimals: int = 0) -> str:
        """``14,26`` or ``14.26``; a dash without a value. Never a minus before zero."""
        if not is_known(value):
            return "–"
        text = f"{value:,.{decimals}f}"
        if float(text.replace(",", "")) == 0:
            text = text.removeprefix("-")
        decimal, thousands = tuple(self.separators)
        return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands).replace("-", "−")

    def quantity(self, value: float | None, unit: str, decimals: int = 1) -> str:
        """A number and its unit, joined by a no-break space."""
        number = self.number(value, decimals)
        return number if number == "–" else f"{number}{_SPACE}{unit}"

    def month(self, number: int) -> str:
        return str(self._texts["calendar"]["months"][number - 1])

    def short_month(self, number: int) -> str:
        return str(self._texts["calendar"]["short_months"][number - 1])

    def spans(self, period: str) -> str:
        """``Decembers``, ``winters`` or ``years``: many of a period of `domain.climate.years.PERIODS`."""
        calendar = self._texts["calendar"]
        if period in MONTHS:
            return str(calendar["many_months"][MONTHS.index(period)])
        return str([*calendar["many_seasons"], calendar["many_years"]][(*SEASONS, YEAR).index(period)])

    def day(self, day: date) -> str:
        """``1er décembre 2023`` or ``1 December 2023``."""
        return f"{self._number_of(day)} {self.month(day.month)} {day.year}"

    def period(self, first: date, last: date) -> str:
        """A period in its shortest form: whole years, whole months, or both ends."""
        if first.day == 1 and last == Month.of(last).last_day:
            if (first.month, last.month) == (1, 12):
                return self._stretch(str(first.year), str(last.year))
            start, end = f"{self.month(first.month)} {first.year}", f"{self.month(last.month)} {last.year}"
            return self._stretch(start if first.year != last.year or start == end else self.month(first.month), end)
        if first == last:
            return self.day(first)
        return self("calendar.period", first=self._short_of(first, last), last=self.day(last))

    def _stretch(self, first: str, last: str) -> str:
        return last if first == last else self("calendar.stretch", first=first, last=last)

    def _short_of(self, first: date, last: date) -> str:
        if first.year != last.year:
            return self.day(first)
        number = self._number_of(first)
        return number if first.month == last.month else f"{number} {self.month(first.month)}"

    def _number_of(self, day: date) -> str:
        return "1er" if self.code == "fr" and day.day == 1 else str(day.day)


def _in_french(text: str) -> str:
    """The text with the articles of its places, and no line that starts with a colon."""
    return _BEFORE_SIGNS.sub(_SPACE, _WITH_ARTICLE.sub(lambda found: _ARTICLES[found[0]], text))


@cache
def language(code: str) -> Language:
    """The language of a code of `LANGUAGES`."""
    text = files("dash_app").joinpath("texts", f"{code}.toml").read_text(encoding="utf-8")
    return Language(code, tomllib.loads(text))


def preferred(accepted: str | None) -> str:
    """The first supported language of a browser's Accept-Language; French if there is none."""
    wishes = []
    for position, part in enumerate((accepted or "").split(",")):
        tag, _, quality = part.strip().partition(";q=")
        wishes.append((-_quality(quality), position, tag.partition("-")[0].lower()))
    return next((code for _, _, code in sorted(wishes) if code in LANGUAGES), LANGUAGES[0])


def _quality(text: str) -> float:
    try:
        return float(text or 1)
    except ValueError:
        return 0.0
