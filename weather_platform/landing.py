"""Files dropped under `landing/` of the raw store: taken in as posted files are, or set aside with a reason.

A file stays where it was dropped until its records are staged, so that nothing is lost whatever dies in between.
A look takes no longer than it may, however large a file is: sorting goes on beside it, one file at a time, on disk.
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
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import ETALAB, UNPLACED, Provenance
from weather_platform.intake import Intake, Stored
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
    stored: list[Stored]
    """What it brought; empty where it was taken in before, and its run went wrong."""


class Landing:
    """The landing folder as one process sees it, look by look."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._sorted: Future[list[Stored]] = Future()

    def look(
        self,
        stores: Stores,
        partitions: Partitions,
        taken: dict[str, Taken],
        *,
        budget_s: float,
        now: datetime | None = None,
    ) -> Iterator[Arrival]:
        """Take in what was dropped since the last look, and clear away what is staged by now; `taken` is the memory.

        A file that needs longer than is left of `budget_s` arrives at a later look of the same process; another
        process begins it again. A file whose run went wrong arrives again after an hour.
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
                    stored = self._stored(stores, partitions, blob, now, until - time.monotonic())
                    if stored is None:
                        return
                    taken[key] = _settled(stores, partitions, blob, stored, now)
                except BadInput as error:
                    _refuse(stores, key, error, now)
                else:
                    yield Arrival(key, _months(taken[key]), stored)

    def _stored(
        self, stores: Stores, partitions: Partitions, blob: BlobInfo, now: datetime, wait_s: float
    ) -> list[Stored] | None:
        """What a file brought; None where it, or another file, is still being sorted. BadInput."""
        name = f"{blob.key} {_stamp(blob)}"
        if self._name != name:
            if self._name is not None and not self._sorted.done():
                return None
            self._name, self._sorted = name, Future()
            work = Thread(target=_sort_into, args=(self._sorted, stores, partitions, blob, now), daemon=True)
            work.start()
        try:
            stored = self._sorted.result(max(wait_s, 0))
        except TimeoutError:
            return None
        finally:
            if self._sorted.done():
                self._name = None
        return stored


def _sort_into(
    sorted_: Future[list[Stored]], stores: Stores, partitions: Partitions, blob: BlobInfo, now: datetime
) -> None:
    """Keep a file's records raw, an object a month; what goes wrong is raised where the result is asked for."""
    try:
        origin = Provenance(source="upload", name=blob.key, licence=ETALAB)
        with Intake(partitions) as intake, tempfile.TemporaryFile() as file:
            file.writelines(stores.raw.blobs.stream(blob.key))
            intake.add(blob.key, file)
            posting = f"landed-{hashlib.sha256(f'{blob.key} {_stamp(blob)}'.encode()).hexdigest()[:24]}"
            stored = intake.keep(stores.raw, origin, now, posting=posting, is_overruled=overruled(stores))
    except Exception as error:  # noqa: BLE001  # another thread raises it
        sorted_.set_exception(error)
    else:
        sorted_.set_result(stored)


def _settled(stores: Stores, partitions: Partitions, blob: BlobInfo, stored: Sequence[Stored], now: datetime) -> Taken:
    """The memory of a file whose records are kept; BadInput where none of them counts."""
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
    partitions = {partition for partition, _ in taken.objects}
    staged = {(each, obj["raw_object"]) for each in partitions for obj in stores.staging.objects(each)}
    standing = {(each, obj.name) for each in partitions for obj in stores.raw.objects(each)}
    return standing & set(taken.objects) <= staged
