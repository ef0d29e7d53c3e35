"""Ranks of a month, season or year among others of its kind at a station, and ranks among stations.

Competition ranking: 1, 2, 2, 4. Only complete figures are ranked. A nearly complete total of rain may rank high
(`at_least`), never low; one whose known part is already more than a value stands above it.
"""

from collections.abc import Collection
from typing import Literal

import msgspec
import numpy as np

from weather_platform.domain.climate.figures import is_lower_bound
from weather_platform.domain.climate.reference import AVERAGE_YEARS, TooFewYears
from weather_platform.domain.climate.sheet import Status
from weather_platform.domain.climate.years import COMPLETE, NEARLY, PERIODS, STATUSES, Years

_MAY_LACK_A_LITTLE = "rr.total"


class Rank(msgspec.Struct, frozen=True, kw_only=True):
    """The place of a year's figure among all loaded years, from both ends."""

    highest: int
    """1 is the greatest."""
    lowest: int | None
    """1 is the least; None for a lower bound."""
    of: int
    """Years that are ranked, this one included."""
    tied_years: tuple[int, ...]
    """The others with the same value."""
    first_year: int
    last_year: int
    incomplete: int
    """Years between first and last that are not ranked: incomplete or missing."""
    at_least: bool
    """True for a lower bound: it stands here or higher."""

    @property
    def nearer_end(self) -> tuple[Literal["high", "low"], int]:
        """The end that the year is nearer to, the upper one of two, and its place from there."""
        if self.lowest is None or self.highest <= self.lowest:
            return "high", self.highest
        return "low", self.lowest


class StationRank(msgspec.Struct, frozen=True, kw_only=True):
    """A station's place among stations; None for one whose figure is not complete."""

    station_id: str
    value: float | None
    status: Status
    rank: int | None
    at_least: bool = False
    """Whether the value lacks days, so that the true one is as great, or greater."""


def rank(years: Years, figure: str, station: str, year: int, period: str) -> Rank | TooFewYears | None:
    """Of one figure; None where that is itself not complete enough to be ranked."""
    if station not in years.stations or year not in years.years:
        return None
    row, place = years.stations.index(station), PERIODS.index(period)
    values, statuses = years.values[figure][row, :, place], years.statuses[figure][row, :, place]
    own = year - years.first_year
    value, at_least = values[own], bool(statuses[own] == NEARLY)
    rankable = statuses == COMPLETE
    if not (rankable[own] or (at_least and figure == _MAY_LACK_A_LITTLE)):
        return None
    if int(rankable.sum()) < AVERAGE_YEARS:
        return TooFewYears(n=int(rankable.sum()))
    if figure == _MAY_LACK_A_LITTLE:
        rankable = rankable | ((statuses == NEARLY) & (values > value))
    rankable[own] = True
    counted = np.flatnonzero(rankable)
    others = values[rankable]
    return Rank(
        highest=1 + int((others > value).sum()),
        lowest=None if at_least else 1 + int((others < value).sum()),
        of=len(counted),
        tied_years=tuple(years.first_year + int(i) for i in counted if values[i] == value and i != own),
        first_year=years.first_year + int(counted[0]),
        last_year=years.first_year + int(counted[-1]),
        incomplete=int(counted[-1] - counted[0]) + 1 - len(counted),
        at_least=at_least,
    )


def ranking(
    years: Years,
    figure: str,
    year: int,
    period: str,
    *,
    stations: Collection[str] | None = None,
    lowest_first: bool = False,
    incomplete: bool = False,
) -> list[StationRank]:
    """Stations in order of a figure, the greatest first unless asked otherwise.

    `stations` are those to rank (None for all), `incomplete` adds those whose figure is not complete, last and
    without a rank.
    """
    if year not in years.years:
        return []
    at = (slice(None), year - years.first_year, PERIODS.index(period))
    values, statuses = years.values[figure][at], years.statuses[figure][at]
    wanted = [i for i, station in enumerate(years.stations) if stations is None or station in stations]
    sign = 1 if lowest_first else -1
    wet = figure == _MAY_LACK_A_LITTLE and not lowest_first
    ranked = [i for i in wanted if statuses[i] == COMPLETE or (wet and statuses[i] == NEARLY)]
    rest = [i for i in wanted if i not in set(ranked) and statuses[i] > 0] if incomplete else []
    ranked.sort(key=lambda i: (sign * values[i], years.stations[i]))
    return [
        StationRank(
            station_id=years.stations[i],
            value=None if np.isnan(values[i]) else float(values[i]),
            status=STATUSES[statuses[i]],
            rank=1 + sum(bool(sign * values[j] < sign * values[i]) for j in ranked) if i in ranked else None,
            at_least=is_lower_bound(figure, STATUSES[statuses[i]]),
        )
        for i in (*ranked, *rest)
    ]
