"""Ready-made periods."""

from datetime import date

import pytest

from dash_app.periods import Period, preset, season, years_before

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


def test_a_leap_day_has_a_year_before() -> None:
    assert years_before((date(2024, 2, 28), date(2024, 2, 29)), 1) == (date(2023, 2, 28), date(2023, 2, 28))
