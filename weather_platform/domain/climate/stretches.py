"""Ranges of consecutive days, and the days they depend on."""

from datetime import date, timedelta
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
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

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
