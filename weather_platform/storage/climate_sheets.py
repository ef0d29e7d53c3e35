"""Official climate sheets, in the raw store by Météo-France's number of the place; the one received last counts."""

from datetime import datetime

from weather_platform.domain.provenance import Provenance
from weather_platform.storage.blobs import Blobs
from weather_platform.storage.received import ReceivedFile, received_files, store_received

_FOLDER, _SUFFIX = "normals", ".data"


def keep_sheet(
    blobs: Blobs, number: str, body: bytes, provenance: Provenance, received: datetime | None = None
) -> None:
    """Store the bytes with their origin."""
    store_received(blobs, f"{_FOLDER}/{number}-", _SUFFIX, body, provenance, received)


def kept_sheets(blobs: Blobs) -> dict[str, tuple[str, ReceivedFile]]:
    """The key and the origin of the latest sheet of each place, by number."""
    found = received_files(blobs, _FOLDER)
    return {kept.stem.removeprefix(f"{_FOLDER}/").partition("-")[0]: (f"{kept.stem}{_SUFFIX}", kept) for kept in found}
