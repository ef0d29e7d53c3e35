"""A value a month, made when it is asked for and not kept."""

from weather_platform.domain.months import Month
from weather_platform.monthly import Monthly

NOVEMBER, DECEMBER = Month(2023, 11), Month(2023, 12)


def test_nothing_is_made_before_it_is_asked_for_nor_kept_after() -> None:
    asked: list[Month] = []

    def make(month: Month) -> int:
        asked.append(month)
        return month.number

    months = Monthly([NOVEMBER, DECEMBER], make).map(lambda number: number * 10)
    assert (list(months), len(months), months.months, asked) == ([NOVEMBER, DECEMBER], 2, (NOVEMBER, DECEMBER), [])
    assert [months[DECEMBER], months[DECEMBER]] == [120, 120]
    assert asked == [DECEMBER, DECEMBER]
