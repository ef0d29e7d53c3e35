"""A day's figures depend on the days around it and on nothing else: they are the same for every stretch."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.climate.days import climate_days, days_of
from weather_platform.domain.climate.grid import grid_of
from weather_platform.domain.climate.screening import screen
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.months import Month
from weather_platform.domain.stations import STATIONS
from weather_platform_tests import sample_months
from weather_platform_tests.domain.climate import archive
from weather_platform_tests.domain.climate.made import MARCH, made_grid

FIELDS = ("t", "tn12", "tx12", "tn24", "tx24", "rr1", "rr3", "rr6", "rr12", "rr24", "ht_neige")


def _figures(data: Path, month: str, stretch: Stretch) -> Any:
    grid = grid_of(stretch, list(STATIONS.values()), *archive.columns(data, month))
    days = days_of(screen(grid), stretch)
    return {(day.station_id, day.day): day for row in range(len(STATIONS)) for day in climate_days(days, row)}


def test_a_day_is_the_same_in_every_stretch(tmp_path: Path) -> None:
    """Around the turn of the month, with October to December loaded."""
    data = sample_months.publish(tmp_path / "data", ("2023-10", "2023-11", "2023-12"))
    november = _figures(data, "2023-11", Stretch.of(Month(2023, 11)))
    turn = _figures(data, "2023-11", Stretch(date(2023, 11, 20), date(2023, 12, 5)))
    shared = november.keys() & turn.keys()
    assert len(shared) == 62 * 11
    assert {key: november[key] for key in shared} == {key: turn[key] for key in shared}


reports = st.dictionaries(
    st.tuples(st.integers(1, 31), st.sampled_from([0, 3, 6, 9, 12, 15, 18, 21])),
    st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 12).map(float), min_size=1),
    max_size=60,
)


@settings(deadline=None, max_examples=60)
@given(reports, st.integers(8, 20), reports)
def test_other_readings_change_the_days_around_them_alone(before: Any, day: int, after: Any) -> None:
    def made(of: Any) -> Any:
        grid = made_grid({f"{on:02d} {hour:02d}": fields for (on, hour), fields in of.items()})
        return climate_days(days_of(screen(grid), Stretch.of(MARCH)), 0)

    changed = {key: fields for key, fields in before.items() if key[0] != day}
    changed |= {(day, hour): fields for (_, hour), fields in after.items()}
    moved = Stretch(MARCH.days[day - 1], MARCH.days[day - 1]).changed
    differing = [one.day for one, other in zip(made(before), made(changed), strict=True) if one != other]
    assert set(differing) <= set(moved.days)


def test_a_stretch_needs_and_changes_the_days_around_it() -> None:
    stretch = Stretch.of(Month(2023, 2))
    assert stretch.needed == Stretch(date(2023, 1, 29), date(2023, 3, 4))
    assert stretch.changed == Stretch(date(2023, 1, 29), date(2023, 3, 2))
    assert len(stretch.days) == 28
    assert stretch.end == date(2023, 3, 1) == stretch.last + timedelta(days=1)
