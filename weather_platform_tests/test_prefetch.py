"""Prefetched results come in order, within the limit, and stop at the first error."""

import threading
import time

import pytest

from weather_platform.prefetch import prefetch


def test_items_come_in_order_with_what_was_made_of_them() -> None:
    def slow_for_even(number: int) -> int:
        time.sleep(0.02 * (number % 2 == 0))
        return number * number

    assert list(prefetch(range(7), slow_for_even, threads=3)) == [(n, n * n) for n in range(7)]


def test_nothing_is_made_before_it_is_nearly_its_turn() -> None:
    """Two months fit in memory, a year does not."""
    begun: list[int] = []
    for number, _ in prefetch(range(9), begun.append):
        assert max(begun) <= number + 2


def test_two_are_made_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)
    assert len(list(prefetch("ab", lambda _: both.wait()))) == 2


def test_an_error_comes_in_its_turn_and_no_further_item_is_begun() -> None:
    begun: list[int] = []

    def fails_at_two(number: int) -> int:
        begun.append(number)
        if number == 2:
            raise ZeroDivisionError
        return number

    came: list[int] = []
    with pytest.raises(ZeroDivisionError):
        came.extend(item for item, _ in prefetch(range(9), fails_at_two))
    assert sorted(begun) in ([0, 1, 2], [0, 1, 2, 3])
