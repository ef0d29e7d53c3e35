"""Rain of days from totals of 1, 3, 6, 12 and 24 h, none counted twice.

If C(h) is the rain accumulated up to hour h, a total of N hours at h is C(h) - C(h-N). Hours are nodes of a graph,
totals its edges; the rain of (a, b] is C(b) - C(a). Amounts are whole hundredths of a millimetre. All days at once:
arrays of days, or of days × hours.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.climate.columns import RAINS
from weather_platform.domain.climate.grid import Values

Method = Literal["rr24", "sum", "difference", "missing", "rr3"]
RAIN_METHODS: tuple[Method, ...] = ("rr24", "sum", "difference", "missing", "rr3")
AROUND = np.arange(-24, 49)
"""Hours after the start of a day at which totals end that `rain_of_days` looks at."""
_START, _END = 24, 48
"""Places in `AROUND`."""
_HOURS = tuple(RAINS.values())
_TOLERATED = -50
"""A difference of totals may come out a little below zero, since each is rounded to 0.1 mm and a trace counts as 0."""
_HOUR, _STEP = float(2**26), float(2**37)
"""Weights of an hour and of a total beside amounts, so that a sum of them orders ways: paths of 72 totals of 335 m of
rain stay exact in a double."""


class RainOfDays(NamedTuple):
    """Rain of 24 h, and how it was found."""

    method: NDArray[np.int64]
    """Places in `RAIN_METHODS`."""
    amount: Values
    """Hundredths of mm; NaN if missing."""
    known: Values
    """Hundredths of mm of the known part, a lower bound; the amount itself where there is one."""
    known_hours: NDArray[np.int64]


def rain_of_days(totals: Values, *, known_from_h: int = 1) -> RainOfDays:
    """The rain of days without a total of exactly their 24 h.

    `totals` are those that end at the hours of `AROUND`: lengths of `RAINS` × days × hours. By method: `sum`, the
    fewest consecutive totals from start to end; else `difference`, the shortest path from start to end over totals of
    at most a day around, some of them subtracted. Without a path the amount is NaN: unknown is never 0. The known
    part counts totals of at least `known_from_h` hours.
    """
    cover, difference = _cover(totals), _difference(totals)
    difference = np.where(difference >= _TOLERATED, np.maximum(difference, 0), np.nan)
    amount = np.where(np.isnan(cover), difference, cover)
    hours, known = _known(totals, known_from_h)
    found = ~np.isnan(amount)
    ways = [RAIN_METHODS.index(name) for name in ("sum", "difference", "missing")]
    return RainOfDays(
        method=np.select([~np.isnan(cover), found], ways[:2], ways[2]),
        amount=amount,
        known=np.where(found, amount, known),
        known_hours=np.where(found, _END - _START, hours),
    )


def _cover(totals: Values) -> Values:
    """The sum of the fewest totals from start to end; of as few, those whose last is longest, and so on."""
    days = totals.shape[1]
    count, amount = np.full((days, _END + 1), np.inf), np.full((days, _END + 1), np.nan)
    count[:, _START], amount[:, _START] = 0, 0
    for at in range(_START + 1, _END + 1):
        for hours, of in sorted(zip(_HOURS, totals, strict=True), reverse=True, key=lambda each: each[0]):
            if at - hours >= _START:
                better = ~np.isnan(of[:, at]) & (count[:, at - hours] + 1 < count[:, at])
                count[better, at] = count[better, at - hours] + 1
                amount[better, at] = amount[better, at - hours] + of[better, at]
    return amount[:, _END]


def _difference(totals: Values) -> Values:
    """C(end) - C(start) over the fewest totals; of as few, over the fewest hours, then the least amount."""
    ways = np.full(totals.shape[1:], np.inf)
    ways[:, _START] = 0
    edges = [(hours, of[:, hours:], _STEP + hours * _HOUR) for hours, of in zip(_HOURS, totals, strict=True)]
    before = None
    while before is None or not np.array_equal(before, ways):
        before = ways.copy()
        for hours, amount, length in edges:
            earlier, later = ways[:, :-hours], ways[:, hours:]
            np.fmin(later, earlier + (length + amount), out=later)
            np.fmin(earlier, later + (length - amount), out=earlier)
    end = ways[:, _END]
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(end), np.nan, end - np.floor((end + _HOUR / 2) / _HOUR) * _HOUR)


def _known(totals: Values, known_from_h: int) -> tuple[NDArray[np.int64], Values]:
    """Hours and rain of the disjoint totals that know the most hours; of as many, the most rain."""
    best = np.zeros((totals.shape[1], _END + 1))
    for at in range(_START + 1, _END + 1):
        best[:, at] = best[:, at - 1]
        for hours, of in zip(_HOURS, totals, strict=True):
            if at - hours >= _START and hours >= known_from_h:
                best[:, at] = np.fmax(best[:, at], best[:, at - hours] + hours * _HOUR + of[:, at])
    known_hours = np.floor(best[:, _END] / _HOUR)
    return known_hours.astype(np.int64), best[:, _END] - known_hours * _HOUR
