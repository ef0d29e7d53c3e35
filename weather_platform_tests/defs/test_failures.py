"""Errors as Dagster should take them."""

import dagster as dg
import pytest

from weather_platform.defs.failures import MAX_RETRIES, dagster_failures, wait_s
from weather_platform.domain.errors import (
    BadInput,
    EmptyMonth,
    Overtaken,
    SourceUnavailable,
    StoreRefused,
    StoreUnavailable,
    WeatherError,
)


@pytest.mark.parametrize("retry_number", range(MAX_RETRIES))
def test_an_outage_is_tried_again(retry_number: int) -> None:
    outage = StoreUnavailable("The store is down.", "Start it.")
    with pytest.raises(dg.RetryRequested) as raised, dagster_failures(retry_number):
        raise outage
    assert raised.value.max_retries == MAX_RETRIES
    assert raised.value.__cause__ is outage


def test_a_step_that_was_overtaken_is_repeated_at_once() -> None:
    with pytest.raises(dg.RetryRequested) as raised, dagster_failures(0):
        raise Overtaken("Another process was first.", "Again.")
    assert (raised.value.max_retries, raised.value.seconds_to_wait) == (MAX_RETRIES, 0)


@pytest.mark.parametrize(
    ("error", "retry_number"),
    [
        (StoreUnavailable("Down.", "Start it."), MAX_RETRIES),
        (StoreRefused("No.", "Correct the password."), 0),
        (EmptyMonth("Nothing.", "Choose another."), 0),
        (BadInput("Rubbish.", "Give a file."), 0),
        (SourceUnavailable("No answer, five times.", "Try again later."), 0),
    ],
)
def test_anything_else_is_final_with_its_cause_and_cure(error: WeatherError, retry_number: int) -> None:
    with pytest.raises(dg.Failure) as raised, dagster_failures(retry_number):
        raise error
    assert not raised.value.allow_retries
    assert {name: value.value for name, value in raised.value.metadata.items()} == {
        "cause": error.cause,
        "cure": error.cure,
    }


def test_unexpected_errors_pass_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), dagster_failures(0):
        _ = 1 / 0


@pytest.mark.parametrize(("retry_number", "about_s"), [(0, 2), (1, 4), (2, 8)])
def test_waits_double_and_differ(retry_number: int, about_s: float) -> None:
    waits = [wait_s(retry_number) for _ in range(50)]
    assert all(about_s / 2 <= wait <= about_s * 1.5 for wait in waits)
    assert len(set(waits)) > 1
