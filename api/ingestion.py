"""The use case of posting files: store them raw, stage and curate their months, count what became of every record.

Independent of FastAPI: the meaning of `POST /ingest` for any caller. Functions block, and may run in any thread.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from operator import attrgetter
from typing import IO, Any, NamedTuple

import msgspec

from api.catalogue import Catalogue
from api.errors import Conflict
from api.metrics import Metrics
from api.orchestrator import OrchestratorUnavailable
from api.runs import Runs, trouble_of
from weather_platform.domain.errors import NotFound, StoreUnavailable, WeatherError
from weather_platform.domain.ingestions import (
    Mode,
    MonthOutcome,
    Receipt,
    ReceivedFile,
    Trouble,
    new_ingestion_id,
)
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import ETALAB, UNPLACED, Provenance
from weather_platform.domain.unpacking import Limits
from weather_platform.import_ahead import import_ahead
from weather_platform.intake import Intake, Stored, receive
from weather_platform.many_months import SecondProcess, is_worth_a_process, make_months
from weather_platform.memory import give_back_what_is_free
from weather_platform.month_report import Door
from weather_platform.pipeline import NOTHING_PARSED, ParsedBefore, quarantine_unplaced, reject_if_nothing_usable
from weather_platform.postings import is_overruled, is_staged, overruled
from weather_platform.receipts import exclusive, lock_of, received
from weather_platform.storage.opening import Stores

_log = logging.getLogger("weather.api.ingestion")


class Upload(NamedTuple):
    """A posted file, spooled on disk."""

    file: ReceivedFile
    source: IO[bytes]


class IngestionFailed(WeatherError):
    """An ingestion that was stored but could not be finished; `reason` says whether a retry can help."""

    def __init__(self, receipt: Receipt, reason: WeatherError) -> None:
        super().__init__(reason.cause, reason.cure)
        self.receipt = receipt
        self.reason = reason


class Answer(NamedTuple):
    """A receipt, and whether it was issued before for the same files."""

    receipt: Receipt
    repeated: bool


class Ingestions:
    """Ingestions in both modes, and their receipts."""

    def __init__(
        self,
        layers: Stores,
        runs: Runs,
        catalogue: Catalogue,
        metrics: Metrics,
        partitions: Partitions,
        limits: Limits,
    ) -> None:
        self._layers = layers
        self._runs = runs
        self._catalogue = catalogue
        self._metrics = metrics
        self._partitions = partitions
        self._limits = limits

    def ingest(
        self, uploads: Sequence[Upload], mode: Mode, *, request_id: str = "", idempotency_key: str | None = None
    ) -> Answer:
        """Ingest files: by launching Dagster runs, or in this process (`fast`).

        The same files get their existing receipt, unless that ingestion failed: then its unfinished months are
        resumed. Files that no longer count, because they were overruled or withdrawn, are posted again.

        Raises:
            BadInput: no record can be used. Records that looked like observations are in quarantine.
            Conflict: the idempotency key was used for other files.
            IngestionFailed: an outage after the files were stored; posting them again resumes.
            StoreUnavailable: an outage before anything was stored.
        """
        content = hashlib.sha256("".join(upload.file.sha256 for upload in uploads).encode()).hexdigest()
        with ExitStack() as locks:
            key = hashlib.sha256(idempotency_key.encode()).hexdigest() if idempotency_key else None
            wanted = [lock_of(content), *([f"idempotency:{key[:3]}"] if key else [])]
            locks.enter_context(self._layers.staging.exclusive(*wanted))
            if key:
                self._check_key(key, content)
            earlier, posted_again = self._layers.receipts.of_content(content), False
            if earlier is not None:
                earlier = self._followed(earlier)
                stands = earlier.is_on_its_way and self._still_stands(earlier)
                posted_again = earlier.withdrawn is not None or (stands and not self._counts(earlier))
                if stands and not posted_again:
                    if key:
                        self._layers.receipts.remember_key(key, content)
                    self._metrics.ingestions.labels(mode, "repeated").inc()
                    return Answer(earlier, repeated=True)
            receipt, stored, second = self._begin(
                content, mode, uploads, request_id, earlier, posted_again=posted_again, until=locks
            )
            if key:  # only now: an unreadable file may be corrected and sent with the same key
                self._layers.receipts.remember_key(key, content)
            return Answer(self._ended(receipt, stored, second), repeated=False)

    def replay(self, months: Sequence[Month], *, request_id: str = "") -> Receipt:
        """Stage and curate months again from their raw objects, with the current rules, in this process.

        `months` empty: records without a partition are placed if a partition exists for them now.
        """
        now = datetime.now(UTC)
        identity = f"replay:{','.join(map(str, months))}:{now.isoformat()}"
        receipt = Receipt(
            id=new_ingestion_id(now),
            content=hashlib.sha256(identity.encode()).hexdigest(),
            mode="fast",
            state="running",
            received=now,
            request_id=request_id,
        )
        with exclusive(self._layers, receipt.content):  # before any reader can see a receipt without it
            self._layers.receipts.save(receipt)
            with self._failing_into(receipt):
                self._replay(receipt, sorted(set(months)))
            return self._done(receipt)

    def _replay(self, receipt: Receipt, months: Sequence[Month]) -> None:
        raw, door = self._layers.raw, Door("replay", receipt.id)
        if months:
            receipt.objects = [received(obj) for month in months for obj in raw.objects(str(month))]
        else:
            placed = []
            for obj in raw.objects(UNPLACED):
                stored = receive(
                    raw,
                    raw.read(obj),
                    obj.provenance,
                    self._partitions,
                    obj.received,
                    self._limits,
                    posting=obj.posting,
                )
                placed += [item for item in stored if item.object.partition != UNPLACED]
            receipt.objects = [received(item.object, new=item.new, refused=item.refused) for item in placed]
            self._catalogue.tell_raw(receipt.months, placed, door)
            quarantine_unplaced(self._layers, self._partitions)
        self._process(receipt, months or receipt.months, door)

    def get(self, ingestion: str) -> Receipt:
        """The receipt in its current state; NotFound if unknown."""
        return self.refreshed(self._layers.receipts.get(ingestion))

    def newest(self, before: str | None, limit: int) -> list[Receipt]:
        """Receipts, newest first, in their current state."""
        return [self.refreshed(receipt) for receipt in self._layers.receipts.newest(before=before, limit=limit)]

    def counted_now(self, receipt: Receipt) -> list[MonthOutcome]:
        """The current counts of a receipt's records, since others may have overruled them.

        Counts of documents are from its own time. Withdrawn receipts stay unchanged.
        """
        months = {outcome.month for outcome in receipt.outcomes if outcome.month != UNPLACED}
        if not months or receipt.withdrawn:
            return receipt.outcomes
        counts = self._layers.staging.counts_of(months, {obj.name for obj in receipt.objects})
        return [
            msgspec.structs.replace(
                receipt.outcome(outcome.month, counts[outcome.month]),
                documents_written=outcome.documents_written,
                documents_unchanged=outcome.documents_unchanged,
                documents_deleted=outcome.documents_deleted,
            )
            if outcome.month in counts
            else outcome
            for outcome in receipt.outcomes
        ]

    def refreshed(self, receipt: Receipt) -> Receipt:
        """The receipt updated from Dagster's runs; unchanged if Dagster does not answer."""
        if receipt.is_finished or receipt.is_automatic:
            return receipt
        if receipt.runs:
            return self._followed(receipt)
        if self._is_abandoned(receipt):
            cure = "Post the file again: what is stored is used."
            self._fail(receipt, Trouble(cause="The API stopped during this ingestion.", cure=cure))
        return receipt

    def _followed(self, receipt: Receipt) -> Receipt:
        """Update and store the receipt from its runs; unchanged if Dagster does not answer."""
        if receipt.is_finished or not receipt.runs:
            return receipt
        before = (receipt.state, [run.state for run in receipt.runs])
        try:
            state = self._runs.follow(receipt)
        except OrchestratorUnavailable:
            _log.warning("runs not followed", extra={"ingestion": receipt.id})
            return receipt
        if state == "done":
            return self._done(receipt)
        if state == "failed":
            self._fail(receipt, trouble_of(receipt.runs))
            return receipt
        receipt.state = state
        if before == (state, [run.state for run in receipt.runs]) or self._layers.receipts.advance(receipt):
            return receipt
        return self._layers.receipts.get(receipt.id)  # another process finished it meanwhile

    def _is_abandoned(self, receipt: Receipt) -> bool:
        """A process working on an ingestion without a run holds its lock, released when the process dies."""
        try:
            with self._layers.staging.exclusive(lock_of(receipt.content), timeout_s=0):
                return not self._layers.receipts.get(receipt.id).is_finished
        except StoreUnavailable:
            return False

    def is_told(self, receipt: Receipt) -> bool:
        """Whether Dagster shows what an ingestion did."""
        return not self._layers.receipts.is_undelivered(receipt.id)

    def _check_key(self, key: str, content: str) -> None:
        used_for = self._layers.receipts.content_of_key(key)
        if used_for is not None and used_for != content:
            raise Conflict(
                "This Idempotency-Key was used for other files.", "Send a new key with new files, or the same files."
            )

    def _still_stands(self, receipt: Receipt) -> bool:
        """Whether the receipt's raw objects still exist."""
        try:
            for obj in receipt.objects:
                self._layers.raw.find(obj.key)
        except NotFound:
            return False
        return True

    def _counts(self, receipt: Receipt) -> bool:
        """Whether its records are those that count; not so after another posting of them that did not get through."""
        objects = sorted({(obj.partition, obj.name) for obj in receipt.objects})
        if receipt.state == "done" and not all(is_staged(self._layers, *each) for each in objects):
            return False
        return not any(is_overruled(self._layers, *each) for each in objects)

    def _begin(
        self,
        content: str,
        mode: Mode,
        uploads: Sequence[Upload],
        request_id: str,
        earlier: Receipt | None,
        *,
        posted_again: bool,
        until: ExitStack,
    ) -> tuple[Receipt, list[Stored], SecondProcess | None]:
        """Store the files raw; the stored receipt has them from then on.

        A second process for many months starts meanwhile, and ends with `until`.

        Resumes an `earlier` ingestion of the same files, keeping its finished months, or is another posting of
        them (`posted_again`).
        """
        now = datetime.now(UTC)
        if mode == "fast":
            import_ahead()
        with Intake(self._partitions, self._limits) as intake:
            for upload in uploads:
                intake.add(upload.file.name, upload.source)
            second = None
            if mode == "fast" and is_worth_a_process(intake.months):
                second = until.enter_context(SecondProcess(self._layers.settings, [intake.parsed]))
            origin = Provenance(source="upload", name="", licence=ETALAB)  # each object has its file's name
            receipt = Receipt(
                id=new_ingestion_id(now) if posted_again or not earlier else earlier.id,
                content=content,
                mode=mode,
                state="stored",
                received=now,
                request_id=request_id,
                files=[upload.file for upload in uploads],
                passed_over=intake.passed_over,
                unused_columns=intake.unused_columns,
                absent_columns=intake.absent_columns,
                stations=intake.stations,
                again=earlier.again + posted_again if earlier else 0,
            )
            stored = intake.keep(
                self._layers.raw,
                origin,
                posting=receipt.posting,
                is_overruled=overruled(self._layers),
            )
        reject_if_nothing_usable(self._layers, self._partitions, stored)
        receipt.objects = [received(item.object, new=item.new, refused=item.refused) for item in stored]
        if earlier is not None and not posted_again:
            if earlier.state != "done" and not any(item.new for item in stored):
                receipt.life, receipt.launches = earlier.life, earlier.launches
                receipt.runs = earlier.runs if mode == "run" else []
                receipt.outcomes = [outcome for outcome in earlier.outcomes if outcome.month != UNPLACED]
            else:
                receipt.life = earlier.life + 1
        self._layers.receipts.save(receipt)
        return receipt, stored, second

    def _ended(self, receipt: Receipt, stored: Sequence[Stored], second: SecondProcess | None) -> Receipt:
        """Continue a stored ingestion as far as its mode allows."""
        months = receipt.open_months
        door = Door("ingest" if receipt.mode == "run" else "ingest-fast", receipt.id)
        with self._failing_into(receipt):
            if receipt.unplaced:
                quarantine_unplaced(self._layers, self._partitions)
            self._catalogue.tell_raw(months, stored, door)
            if receipt.mode == "run" and months:
                self._runs.launch(receipt)
                self._catalogue.deliver()
                return receipt
            receipt.state = "running"
            self._layers.receipts.advance(receipt)
            parsed = {each.object.name: each.parsed for each in stored if each.parsed is not None}
            self._process(receipt, months, door, parsed, second)
        return self._done(receipt)

    def _process(
        self,
        receipt: Receipt,
        months: Sequence[Month],
        door: Door,
        before: ParsedBefore = NOTHING_PARSED,
        second: SecondProcess | None = None,
    ) -> None:
        """Stage and curate without Dagster."""
        for month, counts, replaced in make_months(self._layers, months, before, second):
            outcome = receipt.outcome(month, counts)
            outcome.documents_written, outcome.documents_unchanged, outcome.documents_deleted = replaced
            receipt.outcomes.append(outcome)
            self._catalogue.tell_made(month, replaced, door)
        receipt.outcomes.sort(key=attrgetter("month"))  # two processes make months side by side
        give_back_what_is_free()

    def _done(self, receipt: Receipt) -> Receipt:
        self._catalogue.deliver()
        receipt.end(datetime.now(UTC))
        if self._layers.receipts.advance(receipt):  # of several followers of a run, one counts
            self._metrics.ended(receipt)
            _log.info("ingested", extra=_figures(receipt))
        return receipt

    def _fail(self, receipt: Receipt, trouble: Trouble) -> None:
        self._catalogue.deliver()
        receipt.state, receipt.finished, receipt.trouble = "failed", datetime.now(UTC), trouble
        if self._layers.receipts.advance(receipt):
            self._metrics.ended(receipt)
            _log.error("ingestion failed", extra={**_figures(receipt), "cause": trouble.cause})

    @contextmanager
    def _failing_into(self, receipt: Receipt) -> Iterator[None]:
        """Record an expected error in the receipt and end the ingestion."""
        try:
            yield
        except WeatherError as error:
            try:
                self._fail(receipt, Trouble(cause=error.cause, cure=error.cure))
            except WeatherError:
                _log.exception("receipt not kept", extra={"ingestion": receipt.id})
            raise IngestionFailed(receipt, error) from error


def _figures(receipt: Receipt) -> dict[str, Any]:
    return {
        "ingestion": receipt.id,
        "mode": receipt.mode,
        "request": receipt.request_id,
        "runs": [run.run_id for run in receipt.runs],
        "months": [outcome.month for outcome in receipt.outcomes],
        "records": sum(outcome.read for outcome in receipt.outcomes),
    }
