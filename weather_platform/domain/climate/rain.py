"""Rain of a day from totals of 1, 3, 6, 12 and 24 h, none counted twice.

If C(h) is the rain accumulated up to hour h, a total of N hours at h is C(h) - C(h-N). Hours are nodes of a graph,
totals its edges; the rain of (a, b] is C(b) - C(a). Amounts are whole hundredths of a millimetre.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

Method = Literal["rr24", "rr3", "sum", "difference", "missing"]
Totals = Mapping[int, Mapping[int, float]]
"""Hundredths of mm by the hour at which a total ends, and by the hours that it covers."""

_HOURS = (1, 3, 6, 12, 24)
_TOLERATED = -50
"""A difference of totals may come out a little below zero, since each is rounded to 0.1 mm and a trace counts as 0."""


class Rain(NamedTuple):
    """Rain of a stretch of hours, and how it was found."""

    method: Method
    amount: float | None
    """Hundredths of mm; None if missing."""
    known: float
    """Hundredths of mm of the known part, a lower bound; the amount itself where there is one."""
    known_hours: int


def rain_of_day(totals: Totals, start: int, *, known_from_h: int = 1) -> Rain:
    """The rain of the 24 h after start.

    By method: `rr24`, the total of exactly these hours; else `sum`, the fewest consecutive totals from start to end;
    else `difference`, the shortest path from start to end over totals of at most a day around, some of them
    subtracted. Without a path the amount is None: unknown is never 0. The known part counts totals of at least
    `known_from_h` hours.
    """
    if not totals:
        return Rain("missing", None, 0.0, 0)
    end = start + 24
    whole = totals.get(end, {}).get(24)
    if whole is not None:
        return Rain("rr24", whole, whole, 24)
    inside = [(at, hours, amount) for at, hours, amount in _edges(totals, start, end) if at - hours >= start]
    if (cover := _cover(inside, start, end)) is not None:
        return Rain("sum", cover, cover, 24)
    difference = _shortest(totals, start, end)
    if difference is not None and difference >= _TOLERATED:
        return Rain("difference", max(difference, 0.0), max(difference, 0.0), 24)
    hours, known = _known([total for total in inside if total[1] >= known_from_h], start, end)
    return Rain("missing", None, known, hours)


def _edges(totals: Totals, start: int, end: int) -> list[tuple[int, int, float]]:
    """Totals that end in (start, end]: their end, hours and amount, in order of end."""
    return [(at, hours, amount) for at in range(start + 1, end + 1) for hours, amount in totals.get(at, {}).items()]


def _cover(edges: Iterable[tuple[int, int, float]], start: int, end: int) -> float | None:
    """The sum of the fewest totals from start to end; of as few, those whose last is longest, and so on."""
    best: dict[int, tuple[int, tuple[int, ...], float]] = {start: (0, (), 0.0)}
    for at, hours, amount in edges:
        if (before := best.get(at - hours)) is not None:
            candidate = (before[0] + 1, (-hours, *before[1]), before[2] + amount)
            if at not in best or candidate < best[at]:
                best[at] = candidate
    return best[end][2] if end in best else None


def _shortest(totals: Totals, start: int, end: int) -> float | None:
    """C(end) - C(start) over the fewest totals of a day around; of as few, over the fewest hours, then the least."""
    first, last = start - 24, end + 24

    def ways(node: int) -> Iterator[tuple[int, int, float]]:
        for hours, amount in totals.get(node, {}).items():
            if node - hours >= first:
                yield node - hours, hours, -amount
        for hours in _HOURS:
            amount = totals.get(node + hours, {}).get(hours)
            if amount is not None and node + hours <= last:
                yield node + hours, hours, amount

    if not any(ways(end)):
        return None
    queue: list[tuple[int, int, float, int]] = [(0, 0, 0.0, start)]
    done: set[int] = set()
    while queue:
        steps, far, amount, node = heapq.heappop(queue)
        if node == end:
            return amount
        if node in done:
            continue
        done.add(node)
        for to, hours, change in ways(node):
            if to not in done:
                heapq.heappush(queue, (steps + 1, far + hours, amount + change, to))
    return None


def _known(edges: Iterable[tuple[int, int, float]], start: int, end: int) -> tuple[int, float]:
    """Hours and rain of the disjoint totals that know the most hours; of as many, the most rain."""
    best = [(0, 0.0)] * (end - start + 1)
    by_end: dict[int, list[tuple[int, float]]] = {}
    for at, hours, amount in edges:
        by_end.setdefault(at - start, []).append((hours, amount))
    for at in range(1, end - start + 1):
        best[at] = best[at - 1]
        for hours, amount in by_end.get(at, ()):
            before = best[at - hours]
            best[at] = max(best[at], (before[0] + hours, before[1] + amount))
    return best[end - start]
