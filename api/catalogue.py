"""News for Dagster's catalogue: months that were written without a run, delivered now or when Dagster is back.

They wait in the staging database, so that neither an outage of Dagster nor a restart of the API loses one.
"""

import logging
import threading
import time
from collections.abc import Sequence

from api.orchestrator import Orchestrator, OrchestratorRefused
from weather_platform.domain.errors import WeatherError
from weather_platform.domain.ingestions import News
from weather_platform.storage.opening import Stores

_log = logging.getLogger("weather.api.catalogue")
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


class Catalogue:
    """Delivers news in a thread of its own, in the order of months, each at least once."""

    def __init__(self, layers: Stores, orchestrator: Orchestrator) -> None:
        self._layers = layers
        self._orchestrator = orchestrator
        self._awake = threading.Event()
        self._stopped = False
        self._is_reachable = True
        self._tries = 0
        self._tried = threading.Condition()
        """Told after each attempt to deliver."""
        self._thread = threading.Thread(target=self._deliver_for_ever, name="catalogue", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._awake.set()
        self._thread.join(timeout=5)

    def tell(self, news: Sequence[News]) -> None:
        """Keep news and have them delivered soon."""
        self._layers.receipts.queue(news)
        self._awake.set()

    def wait_until_told(self, ingestion: str, timeout_s: float) -> bool:
        """Whether all news of an ingestion are delivered; gives up after one attempt where Dagster is down."""
        deadline = time.monotonic() + timeout_s
        with self._tried:
            tries_before = self._tries
            while self._layers.receipts.is_undelivered(ingestion):
                left_s = deadline - time.monotonic()
                if left_s <= 0 or (self._tries > tries_before and not self._is_reachable):
                    return False
                self._tried.wait(left_s)
        return True

    def _deliver_for_ever(self) -> None:
        pause_s: float | None = None
        while not self._stopped:
            try:
                if self._deliver():
                    continue
                pause_s = None
            except WeatherError as error:
                pause_s = min((pause_s or _FIRST_PAUSE_S / 2) * 2, _LONGEST_PAUSE_S)
                _log.warning("catalogue not told", extra={"cause": error.cause, "next_try_s": pause_s})
            with self._tried:
                self._tries += 1
                self._is_reachable = pause_s is None
                self._tried.notify_all()
            self._awake.wait(pause_s)
            self._awake.clear()

    def _deliver(self) -> int:
        """Deliver what waits; how many."""
        waiting = self._layers.receipts.undelivered()
        for news in waiting:
            try:
                self._orchestrator.report(news.asset, news.month, news.metadata)
            except OrchestratorRefused as error:
                # What Dagster refuses it would refuse for ever, and hold up all others: it ends in the log.
                _log.exception("catalogue refuses news", extra={"cause": error.cause, "asset": news.asset})
            self._layers.receipts.delivered([news])
        return len(waiting)
