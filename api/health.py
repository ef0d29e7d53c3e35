"""Whether the stores and Dagster answer, and whether there is room for what is posted."""

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import contextmanager
from datetime import UTC, datetime

from api.errors import NoAnswer
from api.ingestion import IngestionFailed
from api.metrics import Metrics
from weather_platform.domain.errors import StoreFull, WeatherError

OK = "ok"
_ANSWERS_IN_S = 4.0
"""Kubernetes waits 5 s for `/readyz`."""


class Probes:
    """Asks by name whether something answers.

    A paused server says neither yes nor no, for minutes. So each is asked by one thread at a time, however many callers
    want to know, and none of them waits for longer than `_ANSWERS_IN_S`.
    """

    def __init__(self, probes: Mapping[str, Callable[[], None]], metrics: Metrics) -> None:
        self._probes = probes
        self._metrics = metrics
        self._lock = threading.Lock()
        self._asked: dict[str, Future[str]] = {}

    def states(self) -> dict[str, str]:
        """`ok`, or what is wrong, by name."""
        with self._lock:
            asked = {name: self._answer(name) for name in self._probes}
        wait(asked.values(), _ANSWERS_IN_S)
        return {name: future.result() if future.done() else _said(NoAnswer.__name__) for name, future in asked.items()}

    def _answer(self, name: str) -> Future[str]:
        asked = self._asked.get(name)
        if asked is None or asked.done():
            asked = self._asked[name] = Future()
            # A daemon: a pool's threads would be waited for when the API stops.
            threading.Thread(target=self._ask, args=(name, asked), name=f"probe of {name}", daemon=True).start()
        return asked

    def _ask(self, name: str, answer: "Future[str]") -> None:
        try:
            with self._metrics.timed(name):
                self._probes[name]()
        except WeatherError as error:
            answer.set_result(_said(type(error).__name__))
        except BaseException as error:
            answer.set_exception(error)
            raise
        else:
            answer.set_result(OK)


def _said(error: str) -> str:
    return f"{error}: does not answer as it should"


class Room:
    """Whether the last posting found a full disk: a store then goes on to answer, and only its log would tell."""

    def __init__(self) -> None:
        self._full_since: datetime | None = None

    @property
    def state(self) -> str:
        """`ok`, or since when a disk has been full."""
        since = self._full_since
        if since is None:
            return OK
        return f"{StoreFull.__name__}: a disk was full at {since:%Y-%m-%d %H:%M:%S} UTC, and no posting succeeded since"

    @contextmanager
    def watched(self) -> Iterator[None]:
        """A posting."""
        try:
            yield
        except WeatherError as error:
            reason = error.reason if isinstance(error, IngestionFailed) else error
            if isinstance(reason, StoreFull):
                self._full_since = self._full_since or datetime.now(UTC)
            raise
        self._full_since = None
