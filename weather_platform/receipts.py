"""Receipts of arrivals without a caller: files in `landing/`, and months fetched from a source.

Such a receipt is opened when its records are stored raw, and closed by the run that curates the last of its months.
The receipts of posts are kept by the API, which waits for them.
"""

import hashlib
import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from weather_platform.domain.errors import BadInput
from weather_platform.domain.ingestions import (
    Mode,
    Receipt,
    ReceivedFile,
    ReceivedObject,
    new_ingestion_id,
)
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import Provenance, RawObject
from weather_platform.intake import Intake, Stored
from weather_platform.storage.curated import Replaced
from weather_platform.storage.opening import Stores


def exclusive(stores: Stores, content: str) -> AbstractContextManager[None]:
    """Lock the ingestions of a content against all other changes."""
    return stores.staging.exclusive(lock_of(content))


def lock_of(content: str) -> str:
    """The lock for ingesting the same files. On SQLite it is a permanent file, so there are at most 4,096."""
    return f"ingest:{content[:3]}"


def received(obj: RawObject, *, new: bool = False, refused: dict[str, int] | None = None) -> ReceivedObject:
    """A raw object as a receipt names it."""
    return ReceivedObject(
        key=obj.key,
        name=obj.name,
        partition=obj.partition,
        records=obj.records,
        size_bytes=obj.size_bytes,
        new=new,
        refused=refused or {},
    )


def receipt_of_file(mode: Mode, content: str, file: ReceivedFile, *, source: str = "upload") -> Receipt:
    """The receipt of one file that no caller waits for; it knows its posting before anything is stored."""
    now = datetime.now(UTC)
    return Receipt(
        id=new_ingestion_id(now),
        content=hashlib.sha256(content.encode()).hexdigest(),
        mode=mode,
        source=source,
        state="stored",
        received=now,
        files=[file],
    )


def store_fetched(stores: Stores, partitions: Partitions, body: bytes, origin: Provenance) -> list[Stored]:
    """Store a fetched month raw; its receipt has the objects that were not fetched before.

    The same bytes of a source again make no posting and no receipt: a correction or a withdrawal since then stands.
    BadInput if nothing in them can be stored.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    file = ReceivedFile(name=origin.name, size_bytes=len(body), sha256=sha256)
    receipt = receipt_of_file("source", f"{origin.source}:{sha256}", file, source=origin.source)
    with Intake(partitions) as intake:
        intake.add(origin.name, io.BytesIO(body))
        stored = intake.keep(stores.raw, origin, posting=receipt.posting)
        open_receipt(stores, receipt, intake, stored)
    return stored


def reject_if_withdrawn(month: Month, stored: Sequence[Stored]) -> None:
    """Raise BadInput if all that was fetched of a month is withdrawn: fetching it again does not undo that."""
    marks = [item.object.withdrawn for item in stored if item.object.partition == str(month)]
    if marks and (last := marks[-1]) and all(marks):
        raise BadInput(
            f"These observations of {month} were withdrawn by {last.by}: {last.reason}",
            "Restore them with `weather withdraw ID --undo` (GET /ingestions has the ID), or load another source.",
        )


def open_receipt(stores: Stores, receipt: Receipt, intake: Intake, stored: Sequence[Stored]) -> None:
    """Keep the receipt of stored objects, those of its own posting, unless it is kept already or has none."""
    receipt.passed_over, receipt.unused_columns = intake.passed_over, intake.unused_columns
    receipt.absent_columns, receipt.stations = intake.absent_columns, intake.stations
    receipt.objects = [
        received(item.object, new=item.new, refused=item.refused)
        for item in stored
        if item.object.posting == receipt.posting
    ]
    if not receipt.objects:
        return
    with exclusive(stores, receipt.content):
        if stores.receipts.of_content(receipt.content) is None:
            if not receipt.months:
                receipt.end(datetime.now(UTC))
            stores.receipts.save(receipt)


def close_receipts(stores: Stores, month: Month, replaced: Replaced) -> None:
    """Count the records of open receipts in a month that has just been curated; end those without an open month."""
    for each in stores.receipts.open():
        if not (each.is_automatic and month in each.open_months):
            continue
        with exclusive(stores, each.content):
            receipt = stores.receipts.get(each.id)
            counts = stores.staging.counts_of({str(month)}, _names(receipt, month)).get(str(month), {})
            if month not in receipt.open_months or counts.keys() < _names(receipt, month):
                continue  # counted by another run meanwhile, or stored since the month was staged
            outcome = receipt.outcome(month, counts)
            outcome.documents_written, outcome.documents_unchanged, outcome.documents_deleted = replaced
            receipt.outcomes.append(outcome)
            if not receipt.open_months:
                receipt.end(datetime.now(UTC))
            stores.receipts.advance(receipt)


def _names(receipt: Receipt, month: Month) -> set[str]:
    return {obj.name for obj in receipt.objects if obj.partition == str(month)}
