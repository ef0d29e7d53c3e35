"""Preset periods."""

from datetime import date

import pytest

from dash_app.periods import Period, any_within, month_after, month_before, preset, season, years_before

LOADED = (date(2022, 3, 5), date(2023, 12, 20))
DECEMBER = (date(2023, 12, 1), date(2023, 12, 31))


@pytest.mark.parametrize(
    ("name", "current", "expected"),
    [
        ("days7", DECEMBER, (date(2023, 12, 14), date(2023, 12, 20))),
        ("days30", DECEMBER, (date(2023, 11, 21), date(2023, 12, 20))),
        ("month", DECEMBER, (date(2023, 12, 1), date(2023, 12, 20))),
        ("season", DECEMBER, (date(2023, 12, 1), date(2023, 12, 20))),
        ("season", (date(2023, 1, 1), date(2023, 1, 31)), (date(2022, 12, 1), date(2023, 2, 28))),
        ("year", (date(2022, 7, 1), date(2022, 7, 7)), (date(2022, 3, 5), date(2022, 12, 31))),
        ("all", DECEMBER, LOADED),
        ("year_before", DECEMBER, (date(2022, 12, 1), date(2022, 12, 31))),
    ],
)
def test_a_preset_is_seen_from_what_is_shown_and_cut_to_what_is_loaded(
    name: str, current: Period, expected: Period
) -> None:
    assert preset(name, current, LOADED) == expected


def test_winter_begins_in_december() -> None:
    assert season(date(2024, 2, 29)) == (date(2023, 12, 1), date(2024, 2, 29))
    assert season(date(2023, 12, 1)) == (date(2023, 12, 1), date(2024, 2, 29))
    assert season(date(2023, 5, 31)) == (date(2023, 3, 1), date(2023, 5, 31))


DAYS = [date(2023, 1, 1), date(2023, 1, 31), date(2023, 5, 2), date(2023, 12, 31)]


@pytest.mark.parametrize(
    ("day", "before", "after"),
    [
        (date(2023, 1, 15), None, "2023-05"),
        (date(2023, 3, 3), "2023-01", "2023-05"),
        (date(2023, 5, 1), "2023-01", "2023-12"),
        (date(2023, 12, 31), "2023-05", None),
        (date(2025, 1, 1), "2023-12", None),
    ],
)
def test_the_months_around_are_those_that_have_days(day: date, before: str | None, after: str | None) -> None:
    found = [month and str(month) for month in (month_before(day, DAYS), month_after(day, DAYS))]
    assert found == [before, after]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2023, 1, 31), date(2023, 2, 5), True),
        (date(2023, 2, 1), date(2023, 5, 1), False),
        (date(2024, 1, 1), date(2024, 1, 2), False),
    ],
)
def test_a_period_has_data_where_a_day_of_it_has(first: date, last: date, expected: bool) -> None:
    assert any_within(DAYS, (first, last)) is expected


def test_a_leap_day_has_a_year_before() -> None:
    assert years_before((date(2024, 2, 28), date(2024, 2, 29)), 1) == (date(2023, 2, 28), date(2023, 2, 28))
