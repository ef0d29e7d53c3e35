"""A value a month, made as late as can be."""

from weather_platform.domain.months import Month
from weather_platform.monthly import Monthly

MONTHS = [Month(2023, 11), Month(2023, 12)]


def test_nothing_is_made_before_it_is_asked_for_nor_kept_after() -> None:
    """A year in one run holds one month in memory."""
    made: list[str] = []

    def make(month: Month) -> str:
        made.append(str(month))
        return f"the value of {month}"

    monthly = Monthly(MONTHS, make).map(str.upper)
    assert (len(monthly), list(monthly), made) == (2, MONTHS, [])

    assert [monthly[month] for month in monthly] == ["THE VALUE OF 2023-11", "THE VALUE OF 2023-12"]
    assert monthly[MONTHS[0]] == "THE VALUE OF 2023-11"
    assert made == ["2023-11", "2023-12", "2023-11"]
