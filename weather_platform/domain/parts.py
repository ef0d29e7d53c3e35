"""Parts of a month: some stations at a time, so that neither memory nor a transaction grows with the stations.

Metropolitan France is never cut, because its stations are compared with each other (`climate.buddies`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Generic, NamedTuple, TypeVar

STATIONS_AT_ONCE = 200
"""All of France and overseas. About 1 MB each while a month is staged; their documents fill a fifth of MongoDB's
smallest cache, where a transaction must fit beside what earlier ones left."""
RECORDS_AT_ONCE = 60_000
"""Of a month; one of 200 stations has 50,000 at three-hourly times. More are sorted by station on disk first."""
_FRANCE = "07"
_AFTER_ALL = "X"
"""Greater than every number, in every collation."""
T = TypeVar("T")
U = TypeVar("U")


class StationRange(NamedTuple):
    """WMO station numbers from `first` to before `end`; both may be the beginning of a number."""

    first: str
    end: str

    def holds(self, station_id: str) -> bool:
        return self.first <= station_id < self.end


ALL_STATIONS = StationRange("", _AFTER_ALL)


def group_of(station_id: str) -> str:
    """The beginning of a number; stations that share it are in one part."""
    return _FRANCE if station_id.startswith(_FRANCE) else station_id[:3]


def ranges(stations: Iterable[str]) -> list[StationRange]:
    """Ranges of about `STATIONS_AT_ONCE` of these stations; together they hold every number, in order."""
    bounds, held = [ALL_STATIONS.first], 0
    for group, of in groupby(sorted(set(stations)), group_of):
        size = len(list(of))
        if held and held + size > STATIONS_AT_ONCE:
            bounds.append(group)
            held = 0
        held += size
    return [StationRange(*both) for both in pairwise([*bounds, ALL_STATIONS.end])]


class Parts(Generic[T]):
    """Ranges of stations, each with what is made of it: at once for a single one, else when it is asked for."""

    def __init__(self, stations: Sequence[StationRange], make: Callable[[StationRange], T]) -> None:
        self._stations = stations
        self._make = make
        if len(stations) == 1:
            made = make(stations[0])
            self._make = lambda _: made

    def __iter__(self) -> Iterator[tuple[StationRange, T]]:
        return ((each, self._make(each)) for each in self._stations)

    def map(self, make: Callable[[T], U]) -> "Parts[U]":
        """The same ranges, with what `make` makes of each."""
        return Parts(self._stations, lambda each: make(self._make(each)))
