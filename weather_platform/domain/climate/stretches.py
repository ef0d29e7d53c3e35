"""Ranges of consecutive days, and the days they depend on."""

from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from weather_platform.domain.months import Month

BEFORE_DAYS = 3
AFTER_DAYS = 4
"""How many days of readings a day needs around it. Its rain may be found by difference from totals up to 24 h around
it, and whether such a total is sound depends on those up to 24 h later again."""
CHANGED_BEFORE_DAYS = 3
CHANGED_AFTER_DAYS = 3
"""How many days around some readings may change with them: the same, seen from the readings."""


class Stretch(NamedTuple):
    """Days from first to last, both included."""

    first: date
    last: date

    @classmethod
    def of(cls, month: Month) -> "Stretch":
        return cls(month.first_day, month.last_day)

    @property
    def days(self) -> tuple[date, ...]:
        return _days(self.first, self.last)

    @property
    def end(self) -> date:
        """The day after the last."""
        return self.last + timedelta(days=1)

    @property
    def needed(self) -> "Stretch":
        """The days whose readings the days of this stretch are made of."""
        return Stretch(self.first - timedelta(days=BEFORE_DAYS), self.last + timedelta(days=AFTER_DAYS))

    @property
    def changed(self) -> "Stretch":
        """The days that may change when readings of this stretch do."""
        return Stretch(self.first - timedelta(days=CHANGED_BEFORE_DAYS), self.last + timedelta(days=CHANGED_AFTER_DAYS))


@lru_cache(maxsize=64)
def _days(first: date, last: date) -> tuple[date, ...]:
    """Asked for by every station of a month."""
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
