"""Parts of a month: every station in one, metropolitan France in one, each made when it is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from weather_platform.domain.parts import ALL_STATIONS, STATIONS_AT_ONCE, Parts, StationRange, group_of, ranges

_NUMBERS = st.integers(0, 99_999).map("{:05d}".format)


@given(st.sets(_NUMBERS, max_size=400), st.integers(0, 999), st.integers(0, 400), st.lists(_NUMBERS, max_size=5))
def test_every_number_is_in_one_range(some: set[str], first: int, more: int, others: list[str]) -> None:
    stations = some | {f"{first * 100 + n:05d}" for n in range(more)}
    found = ranges(stations)
    for number in (*stations, *others, "00000", "99999"):
        assert sum(each.holds(number) for each in found) == 1
    for each in found:
        held = {number for number in stations if each.holds(number)}
        assert len(held) <= STATIONS_AT_ONCE or len(set(map(group_of, held))) == 1


def test_few_stations_are_one_range() -> None:
    assert ranges([]) == ranges(f"{n:05d}" for n in range(STATIONS_AT_ONCE)) == [ALL_STATIONS]


def test_metropolitan_france_is_never_cut() -> None:
    pairs = [StationRange("080", "082"), StationRange("082", "084"), StationRange("084", "X")]
    french, others = [f"{n:05d}" for n in range(7000, 7500)], [f"{n:05d}" for n in range(8000, 8500)]
    assert ranges([*french, *others]) == [StationRange("", "080"), *pairs]


def test_one_part_is_made_at_once_and_several_when_asked_for() -> None:
    asked: list[StationRange] = []

    def make(stations: StationRange) -> str:
        asked.append(stations)
        return stations.first

    one = Parts([ALL_STATIONS], make).map(str.upper)
    assert asked == [ALL_STATIONS]
    assert [*one, *one] == [(ALL_STATIONS, "")] * 2
    assert asked == [ALL_STATIONS], "once"
    several = [StationRange("", "1"), StationRange("1", "X")]
    parts = iter(Parts(several, make).map(len))
    assert asked == [ALL_STATIONS]
    assert next(parts) == (several[0], 0)
    assert asked == [ALL_STATIONS, several[0]]
    assert list(parts) == [(several[1], 1)]
