"""Official climate sheets as received, beside the months in the raw store: immutable, named by place and hash."""

import hashlib
from datetime import UTC, datetime

import msgspec

from weather_platform.domain.provenance import Provenance
from weather_platform.storage.blobs import Blobs

_FOLDER = "normals"
_SIDECAR = ".meta.json"


class KeptSheet(msgspec.Struct, frozen=True):
    """Where a sheet is and where it came from; its bytes are at `key`."""

    number: str
    """Météo-France's, eight digits."""
    key: str
    sha256: str
    received: datetime
    provenance: Provenance


def keep_sheet(
    blobs: Blobs, number: str, body: bytes, provenance: Provenance, received: datetime | None = None
) -> KeptSheet:
    """Store the bytes with their origin; the sheet of a place received last counts."""
    sha256 = hashlib.sha256(body).hexdigest()
    stem = f"{_FOLDER}/{number}-{sha256[:16]}"
    kept = KeptSheet(number, f"{stem}.data", sha256, (received or datetime.now(UTC)).astimezone(UTC), provenance)
    blobs.put_if_absent(kept.key, body)
    blobs.put(f"{stem}{_SIDECAR}", msgspec.json.format(msgspec.json.encode(kept)))
    return kept


def kept_sheets(blobs: Blobs) -> dict[str, KeptSheet]:
    """The latest sheet of each place, by number."""
    sidecars = [blob.key for blob in blobs.list(f"{_FOLDER}/") if blob.key.endswith(_SIDECAR)]
    found = [msgspec.json.decode(blobs.get(key), type=KeptSheet) for key in sidecars]
    return {kept.number: kept for kept in sorted(found, key=lambda each: each.received)}
