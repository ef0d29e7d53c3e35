"""Which months and cities changed, for callers that keep a copy: the rows of `GET /changes`, and the webhook."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from weather_platform.domain.errors import StoreUnavailable, WeatherError
from weather_platform.domain.months import Month
from weather_platform.month_report import Links
from weather_platform.settings import Settings
from weather_platform.storage.curated import Change
from weather_platform.storage.opening import Stores
from weather_platform.webhooks import post

_log = logging.getLogger("weather.api.changes")
_FOLLOWER = "webhook"
_ROWS = 500
"""Changes per post."""
_LOOK_S = 2.0
_LONGEST_PAUSE_S = 60.0


def rows(layers: Stores, changes: Iterable[Change], url: Callable[[str], str]) -> Iterator[dict[str, Any]]:
    """Changes with the name of the city, and where its documents of the month are; `url` completes a path."""
    known = layers.stations()
    for change in changes:
        month, station = Month.parse(change.month), known.get(change.station_id)
        path = f"/curated/cities/{change.station_id}?from={month.first_day}&to={month.last_day}"
        yield {
            "number": change.number,
            "month": change.month,
            "city": station.name if station else change.station_id,
            "slug": station.slug if station else change.station_id,
            "station_id": change.station_id,
            "url": url(path),
        }


class Webhook:
    """Posts changes to `WEATHER_CHANGES_URL` in its own thread: in order, each at least once, by one process of all.

    How far it came is stored with the documents, so a restart or an outage of the receiver loses none.
    """

    def __init__(self, layers: Stores, settings: Settings) -> None:
        self._layers = layers
        self._address = settings.changes_url
        self._links = Links.of(settings)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="changes", daemon=True)

    def start(self) -> None:
        if self._address is not None:
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _follow(self) -> None:
        pause_s = _LOOK_S
        while not self._stopping.wait(pause_s):
            try:
                with self._layers.staging.exclusive(_FOLLOWER, timeout_s=0):
                    while self._post_some() and not self._stopping.is_set():
                        pass
            except StoreUnavailable:  # or another process posts them
                pause_s = _LOOK_S
            except WeatherError as error:
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
                _log.warning("changes not taken", extra={"cause": error.cause, "next_try_s": pause_s})
            else:
                pause_s = _LOOK_S

    def _post_some(self) -> bool:
        """Post the next changes, if there are any."""
        curated = self._layers.curated
        since = curated.followed(_FOLLOWER)
        if since > curated.last_change():  # the documents were restored from an older copy
            since = 0
        changes = curated.changes(since, _ROWS)
        if not changes:
            return False
        data = list(rows(self._layers, changes, lambda path: f"{self._links.api}{path}"))
        post(str(self._address), _told(data), since=since, next_since=changes[-1].number, data=data)
        curated.follow(_FOLLOWER, changes[-1].number)
        return True


def _told(data: list[dict[str, Any]]) -> str:
    """One sentence, as chat programs show it."""
    months = sorted({row["month"] for row in data})
    cities = len({row["station_id"] for row in data})
    period = months[0] if len(months) == 1 else f"{len(months)} months from {months[0]} to {months[-1]}"
    return f"Weather statistics changed: {period}, {cities} {'city' if cities == 1 else 'cities'}."
