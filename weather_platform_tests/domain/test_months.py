"""Months are read, counted and put in order."""

from datetime import date

import pytest

from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month, Partitions, parse_months


@pytest.mark.parametrize(
    ("written", "month"), [("2023-12", (2023, 12)), (" 2024-02-01 ", (2024, 2)), ("1996-01", (1996, 1))]
)
def test_a_month_is_read_as_it_is_printed(written: str, month: tuple[int, int]) -> None:
    assert Month.parse(written) == month
    assert Month.parse(str(Month.parse(written))) == month


@pytest.mark.parametrize(
    "written", ["", "2023", "2023-13", "2023-00", "2023-1", "12-2023", "2023-12-02", "0023-01", "2023/12", "x"]
)
def test_an_invalid_month_is_bad_input(written: str) -> None:
    with pytest.raises(BadInput, match="is not a month"):
        Month.parse(written)


@pytest.mark.parametrize(
    ("month", "before", "after", "last"),
    [
        (Month(2023, 12), Month(2023, 11), Month(2024, 1), date(2023, 12, 31)),
        (Month(2024, 1), Month(2023, 12), Month(2024, 2), date(2024, 1, 31)),
        (Month(2024, 2), Month(2024, 1), Month(2024, 3), date(2024, 2, 29)),
        (Month(2023, 2), Month(2023, 1), Month(2023, 3), date(2023, 2, 28)),
    ],
)
def test_months_follow_one_another(month: Month, before: Month, after: Month, last: date) -> None:
    assert (month.previous, month.next, month.last_day) == (before, after, last)
    assert before < month < after
    assert month.days == [date(month.year, month.number, n + 1) for n in range(last.day)]


@pytest.mark.parametrize(
    ("written", "months"),
    [
        ("2023-12", ["2023-12"]),
        ("2023-11..2024-02", ["2023-11", "2023-12", "2024-01", "2024-02"]),
        ("2023-12..2023-12", ["2023-12"]),
    ],
)
def test_a_period_has_both_its_ends(written: str, months: list[str]) -> None:
    assert [str(month) for month in parse_months(written)] == months


def test_a_period_that_ends_before_it_begins_is_bad_input() -> None:
    with pytest.raises(BadInput, match="ends before it starts"):
        parse_months("2024-01..2023-12")


@pytest.mark.parametrize("written", ["2023-12-01", "2023-11..2023-12-01"])
def test_a_day_is_not_taken_for_its_month(written: str) -> None:
    with pytest.raises(BadInput, match=r"is a day; whole months are meant here\.") as raised:
        parse_months(written)
    assert raised.value.cure == "Write the month: 2023-12."


def test_partitions_are_the_months_from_the_first_to_the_current() -> None:
    partitions = Partitions(Month(2010, 1))
    months = partitions.all()
    assert (months[0], months[-1]) == (Month(2010, 1), Month.current())
    around = [Month(2009, 12), *months, Month.current().next]
    assert [month for month in around if partitions.holds(month)] == months
