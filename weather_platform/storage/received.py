"""Files of a source other than months, as received: immutable, named by hash, each with its origin."""

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from weather_platform.domain.provenance import Provenance
from weather_platform.storage.blobs import Blobs

_SIDECAR = ".meta.json"


class _Origin(msgspec.Struct, frozen=True):
    sha256: str
    received: datetime
    provenance: Provenance


class ReceivedFile(NamedTuple):
    """Key and origin of a file."""

    stem: str
    """Of its key: the name it was stored under, and the beginning of its hash."""
    received: datetime
    provenance: Provenance


def store_received(
    blobs: Blobs, name: str, suffix: str, body: bytes, provenance: Provenance, received: datetime | None = None
) -> None:
    """Store the bytes at `name`, the beginning of their hash and `suffix`; the same bytes again get the later date."""
    sha256 = hashlib.sha256(body).hexdigest()
    stem = f"{name}{sha256[:16]}"
    origin = _Origin(sha256, (received or datetime.now(UTC)).astimezone(UTC), provenance)
    blobs.put_if_absent(f"{stem}{suffix}", body)
    blobs.put(f"{stem}{_SIDECAR}", msgspec.json.format(msgspec.json.encode(origin)))


def received_files(blobs: Blobs, folder: str) -> list[ReceivedFile]:
    """All files of a folder, in order of receipt."""
    stems = [blob.key.removesuffix(_SIDECAR) for blob in blobs.list(f"{folder}/") if blob.key.endswith(_SIDECAR)]
    origins = [(stem, msgspec.json.decode(blobs.get(f"{stem}{_SIDECAR}"), type=_Origin)) for stem in stems]
    found = [ReceivedFile(stem, origin.received, origin.provenance) for stem, origin in origins]
    return sorted(found, key=lambda each: each.received)
