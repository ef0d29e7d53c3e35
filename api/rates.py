"""How often a caller may ask: counted in this process, or in Redis together with the other replicas."""

import logging
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec

from api.errors import TooOften
from weather_platform.domain.errors import BadSettings

_log = logging.getLogger("weather.api.rates")
_FORGET_ABOVE = 10_000
_WINDOW_S = 60
_TIMEOUT_S = 0.3
_SILENT_S = 10.0
"""How long Redis is left alone after it did not answer."""


class SharedCounts:
    """Requests of the last minute by caller, in Redis. May be shared by threads."""

    def __init__(self, url: str) -> None:
        if find_spec("limits") is None:
            raise BadSettings(
                "WEATHER_API_LIMITS_URL is set, and the package limits is not installed.",
                "Run: pip install 'weather-platform[servers]'.",
            )
        from limits.storage import RedisStorage
        from limits.strategies import MovingWindowRateLimiter
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._window = MovingWindowRateLimiter(
            RedisStorage(
                url,
                key_prefix="weather",
                wrap_exceptions=True,
                socket_timeout=_TIMEOUT_S,
                socket_connect_timeout=_TIMEOUT_S,
                # A server that was restarted has closed the connections of the pool.
                retry=Retry(NoBackoff(), 1),  # type: ignore[arg-type]  # passed on to the client
            )
        )
        self._silent_until = 0.0

    def wait_s(self, what: str, per_minute: int, caller: str) -> float | None:
        """Count one request: seconds to wait, 0 for none; None while Redis does not answer."""
        from limits import RateLimitItemPerSecond
        from limits.errors import StorageError

        if time.monotonic() < self._silent_until:
            return None
        item = RateLimitItemPerSecond(per_minute, _WINDOW_S)
        try:
            if self._window.hit(item, what, caller):
                return 0.0
            return max(self._window.get_window_stats(item, what, caller).reset_time - time.time(), 0.0) + 0.5
        except StorageError as error:
            self._silent_until = time.monotonic() + _SILENT_S
            _log.warning("rates counted alone", extra={"cause": type(error.storage_error).__name__})
            return None


class RateLimit:
    """Requests per minute and caller; a caller that was idle may use a whole minute's requests at once.

    With `shared`, all replicas count `what` together; while Redis does not answer, each counts alone.
    """

    def __init__(
        self,
        per_minute: int,
        what: str = "",
        shared: SharedCounts | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_minute = per_minute
        self._what = what
        self._shared = shared
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, caller: str) -> None:
        """Count one request; TooOften above the limit."""
        if not self._per_minute:
            return
        wait_s = self._shared.wait_s(self._what, self._per_minute, caller) if self._shared else None
        if wait_s is None:
            wait_s = self._alone_wait_s(caller)
        if wait_s > 0:
            whole_s = max(1, round(wait_s + 0.5))
            raise TooOften(f"More than {self._per_minute} requests a minute.", f"Wait {whole_s} s.", whole_s)

    def _alone_wait_s(self, caller: str) -> float:
        per_second = self._per_minute / _WINDOW_S
        with self._lock:
            now = self._clock()
            if len(self._left) > _FORGET_ABOVE:
                self._left = {name: entry for name, entry in self._left.items() if now - entry[1] < _WINDOW_S}
            left, since = self._left.get(caller, (float(self._per_minute), now))
            left = min(left + (now - since) * per_second, self._per_minute)
            self._left[caller] = (left - 1 if left >= 1 else left, now)
        return 0.0 if left >= 1 else (1 - left) / per_second
