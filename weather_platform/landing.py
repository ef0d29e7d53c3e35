"""Files dropped under `landing/` of the raw store: ingested like posted files, or moved away with a reason.

A file stays where it was dropped until its records are staged, so nothing is lost if a process dies in between.
A scan keeps its time budget however large a file is: sorting goes on in a thread, one file at a time, on disk.
"""

import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import NamedTuple

import msgspec

from weather_platform.domain.errors import BadInput
from weather_platform.domain.ingestions import ReceivedFile
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import ETALAB, UNPLACED, Provenance
from weather_platform.intake import Intake, Stored
from weather_platform.pipeline import Stores, quarantine_unplaced, reject_if_nothing_usable
from weather_platform.postings import overruled
from weather_platform.receipts import open_receipt, receipt_of_file
from weather_platform.storage.blobs import BlobInfo

FOLDER = "landing/"
REFUSED = "landing/refused/"
_STILL_S = 2.0
"""A file modified more recently than this may still be growing."""
_TRY_AGAIN = timedelta(hours=1)


class LandedFile(msgspec.Struct):
    """State of a dropped file between two scans."""

    stamp: str
    """Size and time, which distinguish a new file of the same name."""
    objects: list[tuple[str, str]]
    """Partition and name of its raw objects."""
    asked: datetime
    """When a run was last requested."""


class Arrival(NamedTuple):
    """An ingested file: its key and the months to be staged."""

    name: str
    months: list[Month]
    stored: list[Stored]
    """Objects it stored; empty if it was ingested before and its run failed."""


class Landing:
    """The landing folder, scanned repeatedly by one process."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._sorted: Future[list[Stored]] = Future()

    def scan(
        self,
        stores: Stores,
        partitions: Partitions,
        taken: dict[str, LandedFile],
        *,
        budget_s: float,
        now: datetime | None = None,
    ) -> Iterator[Arrival]:
        """Ingest files dropped since the last scan and remove those staged by now; `taken` is the state.

        A file that needs more than the rest of `budget_s` is returned by a later scan of the same process; another
        process starts it again. A file whose run failed is returned again after an hour.
        """
        until = time.monotonic() + budget_s
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
                    yield Arrival(key, _months(known), [])
            elif (now - blob.modified).total_seconds() >= _STILL_S:
                try:
                    stored = self._stored(stores, partitions, blob, until - time.monotonic())
                    if stored is None:
                        return
                    taken[key] = _settled(stores, partitions, blob, stored, now)
                except BadInput as error:
                    _refuse(stores, key, error, now)
                else:
                    yield Arrival(key, _months(taken[key]), stored)

    def _stored(self, stores: Stores, partitions: Partitions, blob: BlobInfo, wait_s: float) -> list[Stored] | None:
        """Objects stored from a file; None while it, or another file, is still being sorted. Raises BadInput."""
        name = f"{blob.key} {_stamp(blob)}"
        if self._name != name:
            if self._name is not None and not self._sorted.done():
                return None
            self._name, self._sorted = name, Future()
            work = Thread(target=_sort_into, args=(self._sorted, stores, partitions, blob), daemon=True)
            work.start()
        try:
            stored = self._sorted.result(max(wait_s, 0))
        except TimeoutError:
            return None
        finally:
            if self._sorted.done():
                self._name = None
        return stored


def _sort_into(sorted_: Future[list[Stored]], stores: Stores, partitions: Partitions, blob: BlobInfo) -> None:
    """Store a file's records raw, one object per month, and its receipt; the future's result raises any error."""
    try:
        origin = Provenance(source="upload", name=blob.key, licence=ETALAB)
        with Intake(partitions) as intake, tempfile.TemporaryFile() as file:
            digest = hashlib.sha256()
            for chunk in stores.raw.blobs.stream(blob.key):
                digest.update(chunk)
                file.write(chunk)
            intake.add(blob.key, file)
            described = ReceivedFile(name=blob.key, size_bytes=blob.size_bytes, sha256=digest.hexdigest())
            receipt = receipt_of_file("landing", f"{blob.key} {_stamp(blob)}", described)
            stored = intake.keep(stores.raw, origin, posting=receipt.posting, is_overruled=overruled(stores))
            reject_if_nothing_usable(stores, partitions, stored)
            open_receipt(stores, receipt, intake, stored)
    except Exception as error:  # noqa: BLE001  # another thread raises it
        sorted_.set_exception(error)
    else:
        sorted_.set_result(stored)


def _settled(
    stores: Stores, partitions: Partitions, blob: BlobInfo, stored: Sequence[Stored], now: datetime
) -> LandedFile:
    """The state of a file whose records are stored."""
    if any(each.object.partition == UNPLACED for each in stored):
        quarantine_unplaced(stores, partitions)
    objects = [(item.object.partition, item.object.name) for item in stored]
    return LandedFile(stamp=_stamp(blob), objects=objects, asked=now)


def _refuse(stores: Stores, key: str, error: BadInput, now: datetime) -> None:
    """The reason is written first, so every file under `refused/` has one."""
    refused = f"{REFUSED}{key.removeprefix(FOLDER)}"
    reason = {"file": key, "refused": now, "cause": error.cause, "cure": error.cure}
    stores.raw.blobs.put(f"{refused}.reason.json", msgspec.json.format(msgspec.json.encode(reason)))
    stores.raw.blobs.move(key, refused)


def _stamp(blob: BlobInfo) -> str:
    return f"{blob.size_bytes} {blob.modified.isoformat()}"


def _months(taken: LandedFile) -> list[Month]:
    return sorted({Month.parse(partition) for partition, _ in taken.objects if partition != UNPLACED})


def _is_staged(stores: Stores, taken: LandedFile) -> bool:
    partitions = {partition for partition, _ in taken.objects}
    staged = {(each, obj.raw_object) for each in partitions for obj in stores.staging.objects(each)}
    standing = {(each, obj.name) for each in partitions for obj in stores.raw.objects(each)}
    return standing & set(taken.objects) <= staged
