"""Several months at once: a second process makes some of them, since Python computes on one core.

It gets its months on its standard input, tells those that it made on its standard output, and ends with its input: it
does not survive this process.
"""

import logging
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import IO, NamedTuple, Self

from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.errors import StoreUnavailable, WeatherError
from weather_platform.domain.months import Month
from weather_platform.import_ahead import import_ahead
from weather_platform.intake import PROGRESS, SortedRecords
from weather_platform.memory import use_little_memory
from weather_platform.pipeline import NOTHING_PARSED, ParsedBefore, curate_month, stage_month
from weather_platform.prefetch import prefetch
from weather_platform.settings import Settings
from weather_platform.spool import Spool
from weather_platform.storage.curated import Replaced
from weather_platform.storage.opening import Stores

Counts = dict[str, RecordCounts]
"""What became of a month's records, by raw object."""
_STAGED_AHEAD = 2
_WORTH_A_PROCESS = 6
"""Months; it takes half a second to start."""
_progress = logging.getLogger(PROGRESS)


class MadeMonth(NamedTuple):
    """A month that was staged and curated, its sheets included."""

    month: Month
    counts: Counts
    replaced: Replaced


def is_worth_a_process(months: int) -> bool:
    """Whether a second process makes half of so many months sooner than it starts."""
    return months >= _WORTH_A_PROCESS and os.cpu_count() != 1


def make_months(
    stores: Stores,
    months: Sequence[Month],
    before: ParsedBefore = NOTHING_PARSED,
    second: "SecondProcess | None" = None,
) -> Iterator[MadeMonth]:
    """Stage and curate months, given in order; each is complete when it is yielded.

    Of many months a second process makes the later half, from the last one backwards, so the two meet in the middle:
    `second`, or one that is started now.
    """
    if not is_worth_a_process(len(months)):
        yield from _made(stores, months, before)
    elif second is not None:
        yield from _made_by_two(stores, months, before, second)
    else:
        with SecondProcess(stores.settings, {known.spool for known in before.values()}) as started:
            yield from _made_by_two(stores, months, before, started)


def _made_by_two(
    stores: Stores, months: Sequence[Month], before: ParsedBefore, second: "SecondProcess"
) -> Iterator[MadeMonth]:
    half = len(months) // 2
    second.begin(months[half:][::-1], before)
    for each in _made(stores, months[:half], before, second.tell_staged, second.wait_until_staged):
        yield each
        yield from second.made()
    yield from second.made(to_the_end=True)


def _made(
    stores: Stores,
    months: Sequence[Month],
    before: ParsedBefore,
    when_staged: Callable[[], object] = lambda: None,
    wait_for_the_other: Callable[[], object] = lambda: None,
) -> Iterator[MadeMonth]:
    """Make months one after another.

    A month waits until the two next to it are staged: its documents and its sheets are made of their days too, so each
    month is read and screened once. The last two may have such months in the other process.
    """
    waiting: deque[tuple[Month, Counts]] = deque()
    left, lock = len(months), threading.Lock()

    def stage(month: Month) -> Counts:
        nonlocal left
        counts = stage_month(stores, month, before)
        with lock:
            left -= 1
            is_last = left == 0
        if is_last:
            when_staged()
        return counts

    def made() -> MadeMonth:
        month, counts = waiting.popleft()
        return MadeMonth(month, counts, curate_month(stores, month))

    for each in prefetch(months, stage):
        waiting.append(each)
        if len(waiting) > _STAGED_AHEAD:
            yield made()
    wait_for_the_other()
    while waiting:
        yield made()


class _Work(NamedTuple):
    """What the second process is told at first."""

    settings: Settings
    months: Sequence[Month]
    before: dict[str, SortedRecords]
    """As `ParsedBefore`; their spools are among those that the second process inherits."""


class _Staged(NamedTuple):
    """All months of a process are staged."""


class _Failed(NamedTuple):
    """An error to be raised by the first process: exceptions with two arguments cannot be pickled."""

    kind: type[WeatherError]
    cause: str
    cure: str


class SecondProcess:
    """A process that makes months, once it is told which."""

    def __init__(self, settings: Settings, spools: Iterable[Spool] = ()) -> None:
        """It inherits the files of these spools."""
        self._settings = settings
        self._files = {spool.fileno() for spool in spools}
        self._left = 0
        self._heard: queue.SimpleQueue[MadeMonth | _Failed | None] = queue.SimpleQueue()
        self._staged = threading.Event()

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(  # noqa: S603  # of ourselves
            [sys.executable, "-c", f"from {__name__} import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=tuple(self._files),
            start_new_session=True,  # Ctrl-C is for this process, which ends it
        )
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._child.stdin is not None  # noqa: S101  # it is a pipe
        with suppress(BrokenPipeError):
            self._child.stdin.close()
        self._listening.join()
        self._child.wait()

    def begin(self, months: Sequence[Month], before: ParsedBefore = NOTHING_PARSED) -> None:
        """Tell it what to make."""
        self._left = len(months)
        self._say(_Work(self._settings, months, dict(before)))

    def tell_staged(self) -> None:
        """Tell it that the months of this process are staged."""
        self._say(_Staged())

    def wait_until_staged(self) -> None:
        """Wait until its months are staged, or it has ended."""
        self._staged.wait()

    def made(self, *, to_the_end: bool = False) -> Iterator[MadeMonth]:
        """The months that it has made since, or all that it has still to make.

        Raises its error; StoreUnavailable if it ended without one.
        """
        while self._left and (to_the_end or not self._heard.empty()):
            heard = self._heard.get()
            if isinstance(heard, _Failed):
                raise heard.kind(heard.cause, heard.cure)
            if heard is None:
                raise self._ended()
            self._left -= 1
            yield heard

    def _listen(self) -> None:
        assert self._child.stdout is not None  # noqa: S101  # it is a pipe
        with self._child.stdout as pipe:
            for heard in _messages(pipe):
                if isinstance(heard, MadeMonth):
                    _progress.info("%s staged and curated", heard.month)
                if isinstance(heard, MadeMonth | _Failed):
                    self._heard.put(heard)
                if not isinstance(heard, MadeMonth):
                    self._staged.set()
        self._heard.put(None)
        self._staged.set()

    def _say(self, what: object) -> None:
        assert self._child.stdin is not None  # noqa: S101  # it is a pipe
        try:
            _send(self._child.stdin, what)
        except OSError as error:
            raise self._ended() from error

    def _ended(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"The process that made some of the months has ended with exit code {self._child.wait()}.",
            "Its log has the reason; post the file again.",
        )


def _messages(pipe: IO[bytes]) -> "Iterator[_Work | MadeMonth | _Staged | _Failed]":
    """What the other process says, until it ends."""
    while True:
        try:
            yield pickle.load(pipe)  # noqa: S301  # of our own process
        except (EOFError, pickle.UnpicklingError):
            return


def _send(pipe: IO[bytes], what: object) -> None:
    pickle.dump(what, pipe)
    pipe.flush()


def main() -> None:
    """Make the months that are asked for."""
    use_little_memory()
    import_ahead()
    heard, answers = _messages(sys.stdin.buffer), sys.stdout.buffer
    work = next(heard, None)
    if not isinstance(work, _Work):
        return  # the first process has found no months to make, or has ended
    others_staged, is_done, answering = threading.Event(), threading.Event(), threading.Lock()

    def listen() -> None:
        for _ in heard:
            others_staged.set()
        if not is_done.is_set():
            os._exit(1)  # the first process has failed, or has ended

    def say(what: object) -> None:
        with answering:
            _send(answers, what)

    threading.Thread(target=listen).start()
    stores, tell_staged = Stores(work.settings), partial(say, _Staged())
    try:
        for each in _made(stores, work.months, work.before, tell_staged, others_staged.wait):
            say(each)
    except WeatherError as error:
        say(_Failed(type(error), error.cause, error.cure))
    finally:
        is_done.set()
        answers.close()
