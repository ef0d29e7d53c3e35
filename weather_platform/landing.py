"""Files dropped under `landing/` of the raw store: taken in as posted files are, or set aside with a reason.

A file stays where it was dropped until its records are staged, so that nothing is lost whatever dies in between.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import ETALAB, UNPLACED, Provenance
from weather_platform.intake import Intake
from weather_platform.pipeline import Stores, quarantine_unplaced, refuse_what_counts_nowhere
from weather_platform.postings import overruled
from weather_platform.storage.blobs import BlobInfo

FOLDER = "landing/"
REFUSED = "landing/refused/"
_STILL_S = 2.0
"""A file that was touched less long ago may still be growing."""
_TRY_AGAIN = timedelta(hours=1)


class Taken(msgspec.Struct):
    """What is remembered of a dropped file between two looks."""

    stamp: str
    """Size and time, by which a new file of the same name is told apart."""
    objects: list[tuple[str, str]]
    """Partition and name of the raw objects that it became."""
    asked: datetime
    """When a run was last asked for."""


class Arrival(NamedTuple):
    """A file that was taken in: what it is called, and the months that must be staged for it."""

    name: str
    months: list[Month]


def look(
    stores: Stores, partitions: Partitions, taken: dict[str, Taken], now: datetime | None = None
) -> Iterator[Arrival]:
    """Take in what was dropped since the last look, and clear away what is staged by now; `taken` is the memory.

    A file whose run went wrong arrives again after an hour.
    """
    now = now or datetime.now(UTC)
    present = {blob.key: blob for blob in stores.raw.blobs.list(FOLDER) if not blob.key.startswith(REFUSED)}
    for key in taken.keys() - present.keys():
        del taken[key]
    for key, blob in present.items():
        known = taken.get(key)
        if known is not None and known.stamp == _stamp(blob):
            if _is_staged(stores, known):
                stores.raw.blobs.delete(key)
                del taken[key]
            elif now - known.asked > _TRY_AGAIN:
                known.asked = now
                yield Arrival(key, _months(known))
        elif (now - blob.modified).total_seconds() >= _STILL_S:
            try:
                taken[key] = _taken_in(stores, partitions, blob, now)
            except BadInput as error:
                _refuse(stores, key, error, now)
            else:
                yield Arrival(key, _months(taken[key]))


def _taken_in(stores: Stores, partitions: Partitions, blob: BlobInfo, now: datetime) -> Taken:
    origin = Provenance(source="upload", name=blob.key, licence=ETALAB)
    with Intake(partitions) as intake, tempfile.TemporaryFile() as file:
        file.writelines(stores.raw.blobs.stream(blob.key))
        intake.add(blob.key, file)
        posting = f"landed-{hashlib.sha256(f'{blob.key} {_stamp(blob)}'.encode()).hexdigest()[:24]}"
        stored = intake.keep(stores.raw, origin, now, posting=posting, is_overruled=overruled(stores))
    refuse_what_counts_nowhere(stores, partitions, stored)
    if any(each.object.partition == UNPLACED for each in stored):
        quarantine_unplaced(stores, partitions)
    objects = [(item.object.partition, item.object.name) for item in stored]
    return Taken(stamp=_stamp(blob), objects=objects, asked=now)


def _refuse(stores: Stores, key: str, error: BadInput, now: datetime) -> None:
    """The reason first: a file that lies among the refused has one."""
    refused = f"{REFUSED}{key.removeprefix(FOLDER)}"
    reason = {"file": key, "refused": now, "cause": error.cause, "cure": error.cure}
    stores.raw.blobs.put(f"{refused}.reason.json", msgspec.json.format(msgspec.json.encode(reason)))
    stores.raw.blobs.move(key, refused)


def _stamp(blob: BlobInfo) -> str:
    return f"{blob.size_bytes} {blob.modified.isoformat()}"


def _months(taken: Taken) -> list[Month]:
    return sorted({Month.parse(partition) for partition, _ in taken.objects if partition != UNPLACED})


def _is_staged(stores: Stores, taken: Taken) -> bool:
    staged = {
        (partition, obj["raw_object"])
        for partition in {partition for partition, _ in taken.objects}
        for obj in stores.staging.objects(partition)
    }
    return set(taken.objects) <= staged
