"""The receipt of posted files: what became of their records."""

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec

from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.months import Month
from weather_platform.domain.parsing import Reason
from weather_platform.domain.provenance import UNPLACED, Withdrawal

State = Literal["stored", "queued", "running", "done", "failed"]
Mode = Literal["run", "fast", "landing", "source"]
"""How files came in: posted and processed by Dagster runs or in the API's process, dropped under `landing/`, or fetched
from a source."""
FINISHED: tuple[State, ...] = ("done", "failed")


class ReceivedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was posted, before anything was unpacked."""

    name: str
    size_bytes: int
    sha256: str


class PassedOver(msgspec.Struct, frozen=True, kw_only=True):
    """A file without observations in a posted zip."""

    name: str
    cause: str


class ReceivedObject(msgspec.Struct, frozen=True, kw_only=True):
    """A raw object stored from the files, or found there already."""

    key: str
    name: str
    partition: str
    records: int
    size_bytes: int
    new: bool
    refused: dict[str, int]
    """Records refused at intake, by reason."""


class MonthOutcome(RecordCounts, kw_only=True):
    """Counts of the files' records in a finished month."""

    month: str
    """A partition: ``2023-12``, or ``unplaced``."""
    documents_written: int | None = None
    documents_unchanged: int | None = None
    documents_deleted: int | None = None


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Cause and cure of a failed ingestion or month."""

    cause: str
    cure: str


class LaunchedRun(msgspec.Struct, kw_only=True):
    """A requested Dagster run for one month."""

    run_id: str
    months: list[str]
    state: State = "queued"
    trouble: Trouble | None = None

    @property
    def month(self) -> str:
        return self.months[0]


class Receipt(msgspec.Struct, kw_only=True):
    """The state of one ingestion."""

    id: str
    """Sorts in time."""
    content: str
    """SHA-256 over the hashes of the files: the same files share one receipt."""
    mode: Mode
    source: str = "upload"
    """Of its raw objects, see `Provenance.source`."""
    state: State
    received: datetime
    finished: datetime | None = None
    request_id: str = ""
    files: list[ReceivedFile] = []
    passed_over: list[PassedOver] = []
    unused_columns: list[str] = []
    """Columns of the files that are not used, as spelled there."""
    absent_columns: list[str] = []
    """Measured fields that none of the files has a column for: they say nothing, and earlier values stay."""
    stations: list[str] = []
    """WMO numbers of the stations in the files, in order; empty in receipts of earlier versions."""
    objects: list[ReceivedObject] = []
    outcomes: list[MonthOutcome] = []
    runs: list[LaunchedRun] = []
    """By month."""
    trouble: Trouble | None = None
    life: int = 0
    """Number of times its files were posted again because raw objects were missing; earlier work does not count."""
    launches: int = 0
    """Number of run requests, including those without an answer."""
    again: int = 0
    """Number of earlier postings of the same files that no longer count."""
    withdrawn: Withdrawal | None = None
    made_again: str | None = None
    """The ingestion that made its months again after a withdrawal or restoration."""

    @property
    def posting(self) -> str:
        """The posting id of its objects, known before anything is stored, so a retry uses the same one."""
        match self.mode:
            case "landing":
                return f"landed-{self.content[:24]}"
            case "source":
                return f"{self.source}-{self.content[:24]}"
            case _:
                return f"{self.content[:24]}-{self.again}"

    @property
    def is_automatic(self) -> bool:
        """True if no caller waits for it: the run that curates its last month ends it."""
        return self.mode in ("landing", "source")

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED

    @property
    def is_on_its_way(self) -> bool:
        """Done, or in progress in Dagster; False for an abandoned ingestion."""
        return self.state == "done" or (bool(self.runs) and self.state != "failed")

    @property
    def months(self) -> list[Month]:
        """The months of its objects, in order."""
        return sorted({Month.parse(obj.partition) for obj in self.objects if obj.partition != UNPLACED})

    @property
    def unplaced(self) -> list[ReceivedObject]:
        """Its objects with records without a month."""
        return [obj for obj in self.objects if obj.partition == UNPLACED]

    @property
    def open_months(self) -> list[Month]:
        """The months that are not done yet, in order."""
        done = {outcome.month for outcome in self.outcomes}
        return [month for month in self.months if str(month) not in done]

    def end(self, now: datetime) -> None:
        """Done: every month is curated, and records without a month are in quarantine."""
        if self.unplaced:
            self.outcomes.append(self.unplaced_outcome())
        self.state, self.finished = "done", now

    def outcome(self, month: Month | str, counts: Mapping[str, RecordCounts]) -> MonthOutcome:
        """Counts of this receipt's objects in a month, from the counts of all its objects by name."""
        outcome = MonthOutcome(month=str(month))
        for name in {obj.name for obj in self.objects if obj.partition == outcome.month}:
            outcome.add(counts.get(name, RecordCounts()))
        return outcome

    def unplaced_outcome(self) -> MonthOutcome:
        """Counts of its records without a month."""
        read, refused = sum(obj.records for obj in self.unplaced), _added_up(obj.refused for obj in self.unplaced)
        if outside := read - sum(refused.values()):
            refused[Reason.OUTSIDE] = outside
        return MonthOutcome(month=UNPLACED, read=read, refused=refused)


class CatalogueUpdate(NamedTuple):
    """A month of an asset written without a run, to be reported to Dagster."""

    asset: str
    month: str
    ingestion: str
    metadata: dict[str, Any]
    token: str = ""


def _added_up(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Counts by reason, added up."""
    total = Counter[str]()
    for count in counts:
        total.update(count)
    return dict(total)


def new_ingestion_id(now: datetime | None = None) -> str:
    """A new id: milliseconds and random digits in hex, so ids sort by time."""
    moment = (now or datetime.now(UTC)).timestamp()
    return f"{int(moment * 1000):012x}{secrets.token_hex(6)}"
