"""The list of stations as received, stored beside the months in the raw store: immutable, named by its hash."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec

from weather_platform.domain.provenance import Provenance
from weather_platform.domain.station_list import read_station_list
from weather_platform.domain.stations import Station
from weather_platform.storage.blobs import Blobs

_FOLDER = "stations"
_SIDECAR = ".meta.json"
_FRESH = timedelta(days=1)


class _Kept(msgspec.Struct, frozen=True):
    sha256: str
    received: datetime
    provenance: Provenance


def keep_station_list(blobs: Blobs, body: bytes, provenance: Provenance, received: datetime | None = None) -> None:
    """Store the bytes with their origin; the list received last counts."""
    sha256 = hashlib.sha256(body).hexdigest()
    kept = _Kept(sha256, (received or datetime.now(UTC)).astimezone(UTC), provenance)
    blobs.put_if_absent(f"{_FOLDER}/{sha256[:16]}.geojson", body)
    blobs.put(f"{_FOLDER}/{sha256[:16]}{_SIDECAR}", msgspec.json.format(msgspec.json.encode(kept)))


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
    return read_station_list(blobs.get(f"{_FOLDER}/{last.sha256[:16]}.geojson")).stations if last else {}


def _last(blobs: Blobs) -> _Kept | None:
    sidecars = [blob.key for blob in blobs.list(f"{_FOLDER}/") if blob.key.endswith(_SIDECAR)]
    kept = (msgspec.json.decode(blobs.get(key), type=_Kept) for key in sidecars)
    return max(kept, key=lambda each: each.received, default=None)
