"""Preset periods, as first and last day."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from weather_platform.domain.climate.years import MONTHS, SEASONS, YEAR
from weather_platform.domain.months import Month

Period = tuple[date, date]
"""First and last day, both included."""
PRESETS = ("days7", "days30", "month", "season", "year", "all", "year_before")
_SEASON_STARTS = (3, 6, 9, 12)


def preset(name: str, current: Period, loaded: Period) -> Period:
    """The period of a preset of `PRESETS`, relative to the period shown.

    The last days are those before the end of what is loaded; month, season (of three whole months, winter from
    December) and year are those of the current period's last day, cut to what is loaded.
    """
    end = max(min(current[1], loaded[1]), loaded[0])
    match name:
        case "days7" | "days30":
            return loaded[1] - timedelta(days=int(name.removeprefix("days")) - 1), loaded[1]
        case "month":
            return _cut(whole(Month.of(end)), loaded)
        case "season":
            return _cut(season(end), loaded)
        case "year":
            return _cut((date(end.year, 1, 1), date(end.year, 12, 31)), loaded)
        case "year_before":
            return years_before(current, 1)
        case "all":
            return loaded
    raise ValueError(f"{name!r} is not a preset.")


def whole(month: Month) -> Period:
    return month.first_day, month.last_day


def month_before(first: date, days: Sequence[date]) -> Month | None:
    """The latest month before that of `first` that has one of the days, which are in order."""
    position = bisect_left(days, Month.of(first).first_day)
    return Month.of(days[position - 1]) if position else None


def month_after(last: date, days: Sequence[date]) -> Month | None:
    """The earliest month after that of `last` that has one of the days, which are in order."""
    position = bisect_right(days, Month.of(last).last_day)
    return Month.of(days[position]) if position < len(days) else None


def any_within(days: Sequence[date], period: Period) -> bool:
    """Whether one of the days, which are in order, is in the period."""
    position = bisect_left(days, period[0])
    return position < len(days) and days[position] <= period[1]


def season(day: date) -> Period:
    """The meteorological season of a day: the three months from March, June, September or December."""
    month = Month.of(day)
    while month.number not in _SEASON_STARTS:
        month = month.previous
    return month.first_day, month.next.next.last_day


class Span(NamedTuple):
    """A month, a season or a year: what is compared with its like in other years."""

    year: int
    """Of the January, for a winter."""
    period: str
    """Of `domain.climate.years.PERIODS`."""


def span(period: Period) -> Span | None:
    """What a period is a whole one of; None for any other stretch of days."""
    first, last = period
    end = Month.of(last)
    if first.day != 1 or last != end.last_day:
        return None
    if (first.year, first.month) == (end.year, end.number):
        return Span(end.year, MONTHS[end.number - 1])
    if period == season(last):
        return Span(end.year, list(SEASONS)[end.number // 3 % 4])
    return Span(end.year, YEAR) if (first.month, last.month, first.year) == (1, 12, end.year) else None


def years_before(period: Period, years: int) -> Period:
    """The same days of an earlier year; 29 February becomes 28."""
    first, last = (_moved(day, -years) for day in period)
    return first, last


def within(period: Period, loaded: Period) -> Period:
    """The part of a period within loaded months; the period itself if it is outside them.

    Whole months: in mid-December, "December" means the whole month.
    """
    return _cut(period, (Month.of(loaded[0]).first_day, Month.of(loaded[1]).last_day))


def _moved(day: date, years: int) -> date:
    """The calendar has no year before 1 and none after 9999."""
    year = min(max(day.year + years, date.min.year), date.max.year)
    last_of_month = Month(year, day.month).last_day
    return last_of_month.replace(day=min(day.day, last_of_month.day))


def _cut(period: Period, loaded: Period) -> Period:
    first, last = max(period[0], loaded[0]), min(period[1], loaded[1])
    return (first, last) if first <= last else period
