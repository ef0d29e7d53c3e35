"""A day's figures depend on the days around it and on nothing else: they are the same for every stretch."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.climate.days import days_of
from weather_platform.domain.climate.screening import screen_month
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.months import Month
from weather_platform_tests.domain.climate.made import MARCH, climate_days, dated_grid

FEBRUARY = Month(2023, 2)
FIELDS = (
    "t",
    "td",
    "tn12",
    "tx12",
    "tn24",
    "tx24",
    "rr1",
    "rr3",
    "rr6",
    "rr12",
    "rr24",
    "ht_neige",
    "tminsol",
    "dd",
    "ff",
)


_around = st.tuples(st.integers(-9, 8), st.sampled_from([0, 3, 6, 9, 12, 15, 18, 21]))
"""Days after 1 March, and hours."""
reports = st.dictionaries(
    _around,
    st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 12).map(float), min_size=1)
    | st.just({"t": 5.0, "pres": 1e5, "dd": 60.0, "ff": 2.0}),
    max_size=80,
)


@settings(deadline=None, max_examples=60)
@given(reports, reports, st.booleans())
def test_a_month_changes_the_days_of_another_around_it_alone(before: Any, after: Any, march: bool) -> None:
    """Figures and flags of the month that stays, whichever rules see the readings of the other."""
    first = date(2023, 3, 1)

    def made(of: Any) -> Any:
        month = FEBRUARY if march else MARCH
        rows = {(first + timedelta(days=day), hour): fields for (day, hour), fields in of.items()}
        screened = screen_month(dated_grid(rows, month), month)
        return climate_days(days_of(screened, Stretch.of(month)), 0), screened.flags(Stretch.of(month))

    changed = {key: fields for key, fields in before.items() if (key[0] >= 0) != march}
    changed |= {key: fields for key, fields in after.items() if (key[0] >= 0) == march}
    (days, flags), (other_days, other_flags) = made(before), made(changed)
    differing = {one.day for one, other in zip(days, other_days, strict=True) if one != other}
    differing |= {flag.time.date() for flag in set(flags) ^ set(other_flags)}
    assert differing <= set(Stretch.of(MARCH if march else FEBRUARY).changed.days)


def test_a_stretch_needs_and_changes_the_days_around_it() -> None:
    stretch = Stretch.of(Month(2023, 2))
    assert stretch.needed == Stretch(date(2023, 1, 29), date(2023, 3, 4))
    assert stretch.changed == Stretch(date(2023, 1, 29), date(2023, 3, 3))
    assert len(stretch.days) == 28
    assert stretch.end == date(2023, 3, 1) == stretch.last + timedelta(days=1)
