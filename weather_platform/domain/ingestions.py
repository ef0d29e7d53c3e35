"""What became of a posted file: the receipt that its sender gets, kept until long after."""

import secrets
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec

State = Literal["stored", "queued", "running", "done", "failed"]
Mode = Literal["run", "fast"]
FINISHED: tuple[State, ...] = ("done", "failed")


class ReceivedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was posted, before anything was unpacked."""

    name: str
    size_bytes: int
    sha256: str


class ReceivedObject(msgspec.Struct, frozen=True, kw_only=True):
    """A raw object that the files became, or were already."""

    key: str
    name: str
    partition: str
    records: int
    size_bytes: int
    new: bool
    refused: dict[str, int]
    """What the first look set aside, by reason."""


class MonthOutcome(msgspec.Struct, kw_only=True):
    """What became of the file's records of one month; read = kept + unchanged + replaced + outdated + refused."""

    month: str
    """A partition: ``2023-12``, or ``unplaced``."""
    read: int = 0
    kept: int = 0
    unchanged: int = 0
    replaced: int = 0
    outdated: int = 0
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    documents_written: int | None = None
    documents_unchanged: int | None = None
    documents_deleted: int | None = None


class LaunchedRun(msgspec.Struct, kw_only=True):
    """A Dagster run that was asked for."""

    run_id: str
    months: list[str]
    state: State = "queued"


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why an ingestion did not end well, and what to do."""

    cause: str
    cure: str


class Receipt(msgspec.Struct, kw_only=True):
    """All that is known of one ingestion."""

    id: str
    """Sorts in time."""
    content: str
    """SHA-256 over the hashes of the files: the same files have one receipt."""
    mode: Mode
    state: State
    received: datetime
    finished: datetime | None = None
    request_id: str = ""
    files: list[ReceivedFile] = []
    objects: list[ReceivedObject] = []
    outcomes: list[MonthOutcome] = []
    runs: list[LaunchedRun] = []
    trouble: Trouble | None = None

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED


class News(NamedTuple):
    """A month of an asset that was written without a run, as Dagster's catalogue should show it."""

    asset: str
    month: str
    ingestion: str
    metadata: dict[str, Any]
    token: str = ""


def new_ingestion_id(now: datetime | None = None) -> str:
    """A fresh id: milliseconds and randomness in hex, so that ids sort in time."""
    moment = (now or datetime.now(UTC)).timestamp()
    return f"{int(moment * 1000):012x}{secrets.token_hex(6)}"
