"""Intake of files: records are sorted by month on disk, then stored as raw objects.

Memory holds a piece of a file at a time, then one raw object, however large the file. Staging and
curating the objects is `pipeline`.
"""

import io
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import IO, NamedTuple, Self

import msgspec

from weather_platform.domain.columns import CELSIUS
from weather_platform.domain.errors import BadInput, NoObservations
from weather_platform.domain.fields import MEASURED
from weather_platform.domain.ingestions import PassedOver
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.parsed_files import ParsedFile, Report, pack
from weather_platform.domain.parsing import Reason, Refusal, columns_of, keys_of, parse
from weather_platform.domain.parts import RECORDS_AT_ONCE
from weather_platform.domain.provenance import UNPLACED, Provenance, RawObject
from weather_platform.domain.record_files import RecordFile, cut_in_pieces
from weather_platform.domain.unpacking import DEFAULT_LIMITS, Limits, Member, unpack
from weather_platform.prefetch import prefetch
from weather_platform.spool import Extent, Spool
from weather_platform.storage.raw import RawStore

PROGRESS = "weather_platform.progress"
"""Logs one line per month received, staged and curated."""
_progress = logging.getLogger(PROGRESS)

_OBJECT_BYTES = 64 << 20
"""More than this becomes several objects; a month is 18 MB for 62 stations and about 55 MB for 190."""
_MOST_UNUSED = 200
"""Most column names stored per posting; the widest format has 82."""
_MOST_PASSED_OVER = 50
_LONGEST_NAME = 300
_APART = timedelta(microseconds=1)


class SortedRecords(NamedTuple):
    """The records of a raw object as they were parsed when its file was sorted, on disk until they are let go."""

    spool: Spool
    extents: list[Extent]
    columns: frozenset[str]
    parsed_at: datetime
    """Of an object received before, some may be later than its receipt: it must be parsed."""

    def read(self) -> ParsedFile:
        return ParsedFile([self.spool.read(extent) for extent in self.extents], self.columns)


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A raw object stored from a file, or found there already."""

    object: RawObject
    new: bool
    refused: dict[str, int]
    """Records that staging will refuse, by reason."""
    parsed: SortedRecords | None = None
    """None where a record is refused, or without a month, and for more records than are staged at once."""


class Intake:
    """One posting: any number of files, stored all or none.

    Records without a readable month, or of a month outside the partitions, go to the partition `UNPLACED`.
    """

    def __init__(self, partitions: Partitions, limits: Limits = DEFAULT_LIMITS) -> None:
        self._months = {str(month) for month in partitions.all()}
        self._limits = limits
        self._spool = Spool()
        self.parsed = Spool()
        """Of the records, as they were parsed; open as long as it is referred to."""
        self._parsed_at = datetime.now(UTC)
        self._piles: list[_Pile] = []
        self._count = Counter[str]()
        self.passed_over: list[PassedOver] = []
        self._unused: dict[str, None] = {}
        self._read: set[str] = set()
        self._stations: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def add(self, name: str, file: IO[bytes]) -> None:
        """Sort a file's records; it may be gzipped, or a zip of several.

        Files without observations in a zip are skipped, if at least one has observations.

        Raises:
            NoObservations: the file holds no observations.
            BadInput: the file, or one in the zip, is damaged.
            TooLarge: the unpacked size exceeds the limits.
            StoreFull: this machine's disk is full.
        """
        nothing: dict[str, NoObservations] = {}
        is_something = False
        for member in unpack(name, file, self._limits):
            piles = len(self._piles)
            try:
                self._sort(member)
                is_something = True
            except NoObservations as error:
                if not member.in_zip or len(self._piles) > piles:
                    raise
                nothing[member.name] = error
        if nothing and not is_something:
            raise _first_of(name, list(nothing.values()))
        self.passed_over += _shortened(nothing)

    @property
    def unused_columns(self) -> list[str]:
        """Columns of the files that are not used, as spelled there."""
        return list(self._unused)

    @property
    def stations(self) -> list[str]:
        """WMO numbers of the stations that have a readable record in a month."""
        return sorted(self._stations)

    @property
    def months(self) -> int:
        """Months with a record."""
        return len({pile.partition for pile in self._piles} - {UNPLACED})

    @property
    def absent_columns(self) -> list[str]:
        """Measured fields that no file has a column for, also in °C; for JSON, see `columns_of`."""
        read = {CELSIUS[name].name if name in CELSIUS else name for name in self._read}
        return [field.name for field in MEASURED if field.name not in read]

    def _sort(self, member: Member) -> None:
        piles: dict[str, _Pile] = {}
        records = 0
        for piece in _pieces(member):
            columns = columns_of(piece, records)
            records += len(piece.records)
            if member.in_zip and not piles and not {"numer_sta", "date"} & columns.read:
                raise NoObservations("None of its records has a station or a date.", "Send files of observations.")
            self._read |= columns.read
            self._note(columns.unused)
            for partition, part in self._by_partition(piece).items():
                pile = piles.get(partition)
                if pile is None or pile.size_bytes >= _OBJECT_BYTES:
                    pile = piles[partition] = _Pile(member.name, partition, piece, self._count[partition])
                    self._count[partition] += 1
                    self._piles.append(pile)
                pile.add(part, self._spool.write(piece.with_records(part.records)), piece)
                if pile.is_kept_parsed:
                    pile.parsed.append(self.parsed.write(pack(part.reports)))

    def _note(self, unused: Iterable[str]) -> None:
        for column in unused:
            if len(self._unused) < _MOST_UNUSED:
                self._unused[_printable(column)] = None

    def keep(
        self,
        raw: RawStore,
        origin: Provenance,
        received: datetime | None = None,
        *,
        posting: str | None = None,
        is_overruled: Callable[[str, str], bool] = lambda _partition, _name: False,
    ) -> list[Stored]:
        """Store everything, one object per file and month, with each record's bytes as received.

        `posting` and `is_overruled` are passed to `RawStore.put`.

        Objects of one partition are received one microsecond after another, so of two reports of a station and time
        the one of the later file counts. `received` defaults to now, and to just after what is stored where this
        machine's clock is behind: of two postings the later one counts.
        """
        begins = _Beginnings(raw, received)

        def put(pile: _Pile) -> Stored:
            obj, new = raw.put(
                pile.partition,
                pile.body(self._spool),
                form=pile.form,
                records=pile.records,
                provenance=msgspec.structs.replace(
                    origin, name=pile.name, synthetic=origin.synthetic or pile.synthetic
                ),
                received=begins.of(pile.partition) + pile.number * _APART,
                posting=posting,
                is_overruled=is_overruled,
            )
            _progress.info("%s received", pile.partition)
            parsed = None
            if pile.is_kept_parsed:
                parsed = SortedRecords(self.parsed, pile.parsed, pile.columns, self._parsed_at)
            return Stored(object=obj, new=new, refused=pile.refused, parsed=parsed)

        return [stored for _, stored in prefetch(self._piles, put)]

    def _by_partition(self, piece: RecordFile) -> dict[str, "_Part"]:
        parts: dict[str, _Part] = {}
        by_time: dict[datetime | None, _Part] = {}
        self._parsed_at = datetime.now(UTC)
        for item in parse(piece, self._parsed_at):
            part = by_time.get(item.time)
            if part is None:
                partition = self._partition(item.time)
                part = by_time[item.time] = parts.setdefault(partition, _Part())
            if isinstance(item, Refusal):
                part.records.append(item.record)
                part.refused[item.reason] = part.refused.get(item.reason, 0) + 1
            else:
                part.records.append(item.raw)
                part.reports.append(item[2:])
                part.stations.add(item.place.station_id)
                part.synthetic = part.synthetic or bool(item.record.synthetic)
        self._stations.update(*(part.stations for partition, part in parts.items() if partition != UNPLACED))
        return parts

    def _partition(self, time: datetime | None) -> str:
        month = str(Month.of(time)) if time else ""
        return month if month in self._months else UNPLACED


def receive(
    raw: RawStore,
    body: bytes,
    provenance: Provenance,
    partitions: Partitions,
    received: datetime | None = None,
    limits: Limits = DEFAULT_LIMITS,
    *,
    posting: str | None = None,
) -> list[Stored]:
    """Store one file from memory, as `Intake` does; BadInput if nothing in it can be stored."""
    with Intake(partitions, limits) as intake:
        intake.add(provenance.name, io.BytesIO(body))
        return intake.keep(raw, provenance, received, posting=posting)


def check_something_counts(stored: Sequence[Stored], partitions: Partitions) -> None:
    """Raise BadInput for files without a record that can be staged; the quarantine shows what was stored."""
    records = sum(each.object.records for each in stored)
    if not records:
        raise BadInput("The files hold no record.", "Send a file with observations.")
    refused = Counter[str]()
    for each in stored:
        refused.update(each.refused)
        if each.object.partition == UNPLACED:
            refused[Reason.OUTSIDE] += each.object.records - sum(each.refused.values())
    if refused.total() == records:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(refused.items()) if count)
        raise BadInput(
            f"None of the {records:,} records can be used: {reasons}.",
            f"The quarantine shows each with its reason; send observations with numer_sta and date, "
            f"from {partitions.first} to {Month.current()}.",
        )


class _Beginnings:
    """When the objects of each partition are received; every one is asked for before it is written to."""

    def __init__(self, raw: RawStore, received: datetime | None) -> None:
        self._raw = raw
        self._received = received
        self._now = datetime.now(UTC)
        self._known: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def of(self, partition: str) -> datetime:
        if self._received is not None:
            return self._received
        with self._lock:
            if partition not in self._known:
                last = self._raw.last_posted(partition)
                self._known[partition] = self._now if last is None else max(self._now, last + _APART)
            return self._known[partition]


class _Part:
    """The records of one partition in one piece of a file."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.reports: list[Report] = []
        self.refused: dict[str, int] = {}
        self.stations: set[str] = set()
        """With a readable record."""
        self.synthetic = False


class _Pile:
    """The records of one file and partition, which become a raw object."""

    def __init__(self, name: str, partition: str, piece: RecordFile, number: int) -> None:
        self.name = name
        self.partition = partition
        self.number = number
        """Number of earlier objects of the same partition."""
        self.form = piece.form
        self.records = 0
        self.refused: dict[str, int] = {}
        self.synthetic = False
        self.size_bytes = 0
        self._head = piece._replace(records=[])
        self._extents: list[Extent] = []
        self._keys: dict[str, None] = {}
        self.parsed: list[Extent] = []

    @property
    def is_kept_parsed(self) -> bool:
        """Whether all its records so far are readable, have a month, and are few enough to be staged at once."""
        return not self.refused and self.partition != UNPLACED and self.records <= RECORDS_AT_ONCE

    @property
    def columns(self) -> frozenset[str]:
        """What `columns_of` says of its body, for records that are kept parsed."""
        return columns_of(self._head._replace(keys=tuple(self._keys))).read

    def add(self, part: _Part, extent: Extent, piece: RecordFile) -> None:
        before = self.records
        self.records += len(part.records)
        for reason, count in part.refused.items():
            self.refused[reason] = self.refused.get(reason, 0) + count
        if self.is_kept_parsed:
            self._keys.update(dict.fromkeys(keys_of(piece._replace(records=part.records), before)))
        self.synthetic = self.synthetic or part.synthetic
        self.size_bytes += extent.size_bytes
        self._head = self._head._replace(is_whole=self._head.is_whole and piece.is_whole)
        self._extents.append(extent)

    def body(self, spool: Spool) -> bytes:
        """The object's bytes, a file in the format of the records."""
        return self._head.joined(map(spool.read, self._extents))


def _first_of(name: str, errors: list[NoObservations]) -> NoObservations:
    first = errors[0]
    if len(errors) == 1:
        return first
    return NoObservations(f"None of the {len(errors)} files in {name} holds observations. {first.cause}", first.cure)


def _shortened(errors: dict[str, NoObservations]) -> list[PassedOver]:
    """The first ones; the last entry gives the number of the rest."""
    some = [
        PassedOver(name=_printable(name), cause=_printable(error.cause.removeprefix(f"{name}: ")))
        for name, error in list(errors.items())[:_MOST_PASSED_OVER]
    ]
    if more := len(errors) - len(some):
        some.append(PassedOver(name="…", cause=f"{more} more files hold no observations."))
    return some


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:_LONGEST_NAME])


def _pieces(member: Member) -> Iterator[RecordFile]:
    try:
        yield from cut_in_pieces(member.chunks)
    except NoObservations as error:
        raise NoObservations(f"{member.name}: {error.cause}", error.cure) from error
