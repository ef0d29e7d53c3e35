"""Translates errors for Dagster: the outage of a store is retried, any other error fails at once."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from weather_platform.domain.errors import Overtaken, SourceUnavailable, WeatherError

MAX_RETRIES = 3
_FIRST_WAIT_S = 2.0


def wait_s(retry_number: int) -> float:
    """Seconds before the retry: 2, 4, 8, plus or minus half, so runs that failed together retry at different times."""
    return _FIRST_WAIT_S * (1 << retry_number) * random.uniform(0.5, 1.5)  # noqa: S311  # no secret


def attempt_of(context: dg.InputContext) -> int:
    """Retry number of the loading step; 0 in a notebook, which has no step."""
    try:
        return context.step_context.previous_attempt_count
    except dg.DagsterInvariantViolationError:
        return MAX_RETRIES


@contextmanager
def dagster_failures(retry_number: int) -> Iterator[None]:
    """Turn a WeatherError into a retry (an outage) or a failure with cause and cure.

    The outage of a source is not retried here: `sources.transport` has already done so. Both retries together kept a
    user without a network waiting for 47 s.
    The last retry fails with cause and cure too: a RetryRequested would show only the driver's message.
    """
    try:
        yield
    except WeatherError as error:
        may_pass = error.transient and not isinstance(error, SourceUnavailable)
        if may_pass and retry_number < MAX_RETRIES:
            seconds = 0 if isinstance(error, Overtaken) else wait_s(retry_number)
            raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=seconds) from error
        metadata = {"cause": error.cause, "cure": error.cure}
        raise dg.Failure(str(error), metadata=metadata, allow_retries=False) from error
