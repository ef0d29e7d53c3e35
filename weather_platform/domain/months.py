"""The month: the one partition of every layer. Months are civil months in UTC."""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple, Self

from weather_platform.domain.errors import BadArgument, BadInput

_WRITTEN = re.compile(r"(\d{4})-(\d{2})(?:-01)?")
_YEAR = re.compile(r"\d{4}", re.ASCII)
_FIRST_YEAR = 1900


class Month(NamedTuple):
    """A civil month in UTC; sorts in time and prints as its partition key, ``2023-12``."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2023-12`` (or ``2023-12-01``); anything else is a BadArgument."""
        written = _WRITTEN.fullmatch(text.strip())
        if not written or not 1 <= int(written[2]) <= 12 or int(written[1]) < _FIRST_YEAR:
            raise BadArgument(f"{text!r} is not a month.", "Write it as YYYY-MM, for example 2023-12.")
        return cls(int(written[1]), int(written[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """The month a day (or a time in UTC) falls in."""
        return cls(day.year, day.month)

    @classmethod
    def current(cls) -> Self:
        """The current month, in UTC."""
        return cls.of(datetime.now(UTC))

    @property
    def first_day(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.number, monthrange(self.year, self.number)[1])

    @property
    def next(self) -> "Month":
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @property
    def previous(self) -> "Month":
        return Month(self.year - (self.number == 1), (self.number - 2) % 12 + 1)

    @property
    def days(self) -> list[date]:
        """Every day of the month, in order."""
        return [date(self.year, self.number, n) for n in range(1, self.last_day.day + 1)]

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


class Partitions(NamedTuple):
    """The monthly partitions: from the first to the current month."""

    first: Month

    def holds(self, month: Month) -> bool:
        return self.first <= month <= Month.current()

    def check(self, month: Month) -> None:
        """Raise BadInput for a month outside the partitions."""
        if not self.holds(month):
            raise BadInput(
                f"{month} is outside the partitions ({self.first} to {Month.current()}).",
                "Choose one of them, or set WEATHER_FIRST_MONTH to an earlier month.",
            )

    def all(self) -> list[Month]:
        return list(month_range(self.first, Month.current()))


def month_range(first: Month, last: Month) -> Iterator[Month]:
    """Months from first to last (inclusive); empty if last is before first."""
    month = first
    while month <= last:
        yield month
        month = month.next


def parse_months(text: str) -> list[Month]:
    """Read a month, a year or a range with both ends included: ``2023-12``, ``2023``, ``2023-01..2024-06``."""
    begin, dots, end = text.partition("..")
    (first, last), (later_first, later_last) = _months_of(begin), _months_of(end if dots else begin)
    if later_first < first:
        raise BadArgument(f"{text!r} ends before it starts.", "Write the earlier month first: 2023-01..2023-12.")
    return list(month_range(first, max(last, later_last)))


def _months_of(text: str) -> tuple[Month, Month]:
    """The first and the last month of a month or a year."""
    year = _YEAR.fullmatch(text.strip())
    if year and int(year[0]) >= _FIRST_YEAR:
        return Month(int(year[0]), 1), Month(int(year[0]), 12)
    month = Month.parse(text)
    if str(month) != text.strip():
        raise BadArgument(f"{text!r} is a day; whole months are meant here.", f"Write the month: {month}.")
    return month, month
