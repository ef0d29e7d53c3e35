"""Several months at once: a second process stages them while this one curates, since Python computes on one core.

The second process reads months from its standard input, answers on its standard output, and ends with the input: it
does not survive this one.
"""

import logging
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import NamedTuple, Self

from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.errors import StoreUnavailable, WeatherError
from weather_platform.domain.months import Month
from weather_platform.intake import PROGRESS
from weather_platform.memory import use_little_memory
from weather_platform.pipeline import curate_month, stage_month
from weather_platform.prefetch import prefetch
from weather_platform.settings import Settings
from weather_platform.storage.curated import Replaced
from weather_platform.storage.opening import Stores

Counts = dict[str, RecordCounts]
"""What became of a month's records, by raw object."""
_STAGED_AHEAD = 2
_WORTH_A_PROCESS = 6
"""Months; it takes half a second to start, and saves a fifth of one per month."""
_progress = logging.getLogger(PROGRESS)


class MadeMonth(NamedTuple):
    """A month that was staged and curated, its sheets included."""

    month: Month
    counts: Counts
    replaced: Replaced


def make_months(stores: Stores, months: Sequence[Month]) -> Iterator[MadeMonth]:
    """Stage and curate months in order; each is complete when it is yielded.

    A month waits until the two after it are staged: its documents and its sheets are made of their first days too, so
    each month is read and screened once.
    """
    waiting: deque[tuple[Month, Counts]] = deque()

    def made() -> MadeMonth:
        month, counts = waiting.popleft()
        return MadeMonth(month, counts, curate_month(stores, month))

    with _stager(stores, months) as stage:
        for each in prefetch(months, stage):
            waiting.append(each)
            if len(waiting) > _STAGED_AHEAD:
                yield made()
    while waiting:
        yield made()


@contextmanager
def _stager(stores: Stores, months: Sequence[Month]) -> Iterator[Callable[[Month], Counts]]:
    """Stages a month; of many, those beyond the first two in a second process, which starts meanwhile."""

    def here(month: Month) -> Counts:
        return stage_month(stores, month)

    if len(months) < _WORTH_A_PROCESS or os.cpu_count() == 1:
        yield here
        return
    with SecondProcess(stores.settings) as elsewhere:
        yield lambda month: here(month) if month in months[:_STAGED_AHEAD] else elsewhere.stage(month)


class SecondProcess:
    """A process that stages months, one after another; may be shared by threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(  # noqa: S603  # of ourselves
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for this process, which ends it
        )
        self._say(self._settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.communicate()

    def stage(self, month: Month) -> Counts:
        """As `pipeline.stage_month`; StoreUnavailable if the process ended."""
        try:
            with self._lock:
                self._say(month)
                answer = self._heard()
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise StoreUnavailable(
                f"The process that staged {month} has ended with exit code {self._child.wait()}.",
                "Its log has the reason; post the file again.",
            ) from error
        if isinstance(answer, _Failed):
            raise answer.kind(answer.cause, answer.cure)
        _progress.info("%s staged", month)
        return answer

    def _heard(self) -> "Counts | _Failed":
        assert self._child.stdout is not None  # noqa: S101  # it is a pipe
        heard: Counts | _Failed = pickle.load(self._child.stdout)  # noqa: S301  # of our own process
        return heard

    def _say(self, what: object) -> None:
        assert self._child.stdin is not None  # noqa: S101  # it is a pipe
        pickle.dump(what, self._child.stdin)
        self._child.stdin.flush()


class _Failed(NamedTuple):
    """An error to be raised by the first process: exceptions with two arguments cannot be pickled."""

    kind: type[WeatherError]
    cause: str
    cure: str


def main() -> None:
    """Stage the months that are asked for, until there are no more."""
    use_little_memory()
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    stores = Stores(pickle.load(asked))  # noqa: S301  # of the process that started this one
    while True:
        try:
            month = pickle.load(asked)  # noqa: S301
        except EOFError:
            return
        try:
            answer: Counts | _Failed = stage_month(stores, month)
        except WeatherError as error:
            answer = _Failed(type(error), error.cause, error.cure)
        pickle.dump(answer, answers)
        answers.flush()
