"""A value a month, made only when a month is asked for: a year passes through memory a month at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from weather_platform.domain.months import Month

T = TypeVar("T")
U = TypeVar("U")


class Monthly(Generic[T]):
    """Months, and how the value of one is made; nothing is made before it is asked for, nor kept after."""

    def __init__(self, months: Sequence[Month], make: Callable[[Month], T]) -> None:
        self.months = tuple(months)
        self._make = make

    def __getitem__(self, month: Month) -> T:
        return self._make(month)

    def __iter__(self) -> Iterator[Month]:
        return iter(self.months)

    def __len__(self) -> int:
        return len(self.months)

    def map(self, function: Callable[[T], U]) -> "Monthly[U]":
        """What `function` makes of each month's value, as late."""
        return Monthly(self.months, lambda month: function(self[month]))
