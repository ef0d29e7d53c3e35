"""The list of stations as received, in the raw store; the one received last counts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from weather_platform.domain.provenance import Provenance
from weather_platform.domain.station_list import read_station_list
from weather_platform.domain.stations import Station
from weather_platform.storage.blobs import Blobs
from weather_platform.storage.received import ReceivedFile, received_files, store_received

_FOLDER, _SUFFIX = "stations", ".geojson"
_FRESH = timedelta(days=1)


def keep_station_list(blobs: Blobs, body: bytes, provenance: Provenance, received: datetime | None = None) -> None:
    """Store the bytes with their origin."""
    store_received(blobs, f"{_FOLDER}/", _SUFFIX, body, provenance, received)


def refresh_station_list(
    blobs: Blobs, fetch: Callable[[], tuple[bytes, Provenance] | None], now: datetime | None = None
) -> list[str]:
    """Fetch and store the list unless one is less than a day old; returns the entries that could not be read.

    Raises:
        BadInput: the answer is not a list of stations; nothing is stored.
    """
    now = now or datetime.now(UTC)
    last = _last(blobs)
    if (last and now - last.received < _FRESH) or (found := fetch()) is None:
        return []
    refused = read_station_list(found[0]).refused
    keep_station_list(blobs, *found, now)
    return refused


def listed_stations(blobs: Blobs) -> dict[str, Station]:
    """The stations of the latest list, by WMO number; empty without a list."""
    last = _last(blobs)
    return read_station_list(blobs.get(f"{last.stem}{_SUFFIX}")).stations if last else {}


def _last(blobs: Blobs) -> ReceivedFile | None:
    return max(received_files(blobs, _FOLDER), key=lambda each: each.received, default=None)
