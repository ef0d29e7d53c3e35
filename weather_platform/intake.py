"""Files on their way in: their records sorted by month on disk, then kept as raw objects.

Memory holds a piece of a file at a time, then one raw object, however large the file. What becomes of the objects is
`pipeline`.
"""

import io
import logging
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import IO, NamedTuple, Self

import msgspec

from weather_platform.ahead import ahead
from weather_platform.domain.errors import BadInput, NoObservations, StoreUnavailable
from weather_platform.domain.ingestions import PassedOver
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.parsing import Reason, Refusal, columns_of, parse
from weather_platform.domain.provenance import UNPLACED, Provenance, RawObject
from weather_platform.domain.record_files import RecordFile, cut_in_pieces
from weather_platform.domain.unpacking import DEFAULT_LIMITS, Limits, Member, unpack
from weather_platform.storage.raw import RawStore

PROGRESS = "weather_platform.progress"
"""The logger that tells, one line each, of every month received, staged and curated."""
_progress = logging.getLogger(PROGRESS)

_OBJECT_BYTES = 64 << 20
"""A larger pile becomes several objects; a month of 62 stations is 18 MB, of 190 some 55."""
_MOST_UNUSED = 200
"""Names of columns that are kept of one posting; the widest form has 82."""
_MOST_PASSED_OVER = 50
_LONGEST_NAME = 300
_APART = timedelta(microseconds=1)


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A raw object that a file became, or was already."""

    object: RawObject
    new: bool
    refused: dict[str, int]
    """Records that staging will set aside, by reason."""


class Intake:
    """What one posting brought: any number of files, of which all are kept or none.

    Records whose month cannot be read, or is outside the partitions, go to the partition `UNPLACED`.
    """

    def __init__(self, partitions: Partitions, limits: Limits = DEFAULT_LIMITS) -> None:
        self._months = {str(month) for month in partitions.all()}
        self._limits = limits
        # Unbuffered: what a full disk does not take is noticed here, not when it is closed.
        self._spool = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed by `__exit__`
        self._piles: list[_Pile] = []
        self._count = Counter[str]()
        self.passed_over: list[PassedOver] = []
        self._unused: dict[str, None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def add(self, name: str, file: IO[bytes]) -> None:
        """Sort a file's records; it may be gzipped, or a zip of several.

        Files in a zip that hold no observations are passed over, as long as one of them does.

        Raises:
            NoObservations: nothing in it looks like observations.
            BadInput: it is damaged, or a file of the zip is.
            TooLarge: it unpacks to more than the limits.
            StoreUnavailable: there is no room for it on this machine's disk.
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
        """Columns of the files of which nothing is read, as they are written there."""
        return list(self._unused)

    def _sort(self, member: Member) -> None:
        piles: dict[str, _Pile] = {}
        for piece in _pieces(member):
            columns = columns_of(piece)
            if member.in_zip and not piles and not {"numer_sta", "date"} & columns.read:
                raise NoObservations("No record in it names a station or a date.", "Send files of observations.")
            self._note(columns.unused)
            for partition, part in self._by_partition(piece).items():
                pile = piles.get(partition)
                if pile is None or pile.size_bytes >= _OBJECT_BYTES:
                    pile = piles[partition] = _Pile(member.name, partition, piece, self._count[partition])
                    self._count[partition] += 1
                    self._piles.append(pile)
                pile.add(part, self._written(piece.with_records(part.records)), piece)

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
        """Keep everything, an object per file and month, every record's bytes as received.

        `posting` and `is_overruled` are as `RawStore.put` has them.

        Of several objects of one partition each is a microsecond later than the one before: of two reports of one
        station and time the later in the order of the files counts.
        """
        received = received or datetime.now(UTC)

        def put(pile: _Pile) -> Stored:
            obj, new = raw.put(
                pile.partition,
                pile.body(self._spool),
                form=pile.form,
                records=pile.records,
                provenance=msgspec.structs.replace(
                    origin, name=pile.name, synthetic=origin.synthetic or pile.synthetic
                ),
                received=received + pile.number * _APART,
                posting=posting,
                is_overruled=is_overruled,
            )
            _progress.info("%s received", pile.partition)
            return Stored(object=obj, new=new, refused=pile.refused)

        return [stored for _, stored in ahead(self._piles, put)]

    def _by_partition(self, piece: RecordFile) -> dict[str, "_Part"]:
        parts: dict[str, _Part] = {}
        for item in parse(piece, datetime.now(UTC)):
            time = item.time
            month = f"{time.year:04d}-{time.month:02d}" if time else ""
            partition = month if month in self._months else UNPLACED
            part = parts.get(partition)
            if part is None:
                part = parts[partition] = _Part()
            if isinstance(item, Refusal):
                part.records.append(item.record)
                part.refused[item.reason] = part.refused.get(item.reason, 0) + 1
            else:
                part.records.append(item.raw)
                part.synthetic = part.synthetic or bool(item.record.synthetic)
        return parts

    def _written(self, body: bytes) -> "_Extent":
        try:
            at = self._spool.seek(0, os.SEEK_END)
            rest = memoryview(body)
            while rest:
                rest = rest[self._spool.write(rest) :]
        except OSError as error:
            raise StoreUnavailable(
                f"There is no room to sort a file: {error.strerror}.",
                "Free space in this machine's TMPDIR, send again.",
            ) from error
        return _Extent(at, len(body))


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
    """Keep one file that is in memory already, as `Intake` does; BadInput where nothing of it can be kept."""
    with Intake(partitions, limits) as intake:
        intake.add(provenance.name, io.BytesIO(body))
        return intake.keep(raw, provenance, received, posting=posting)


def check_something_counts(stored: Sequence[Stored], partitions: Partitions) -> None:
    """BadInput for files of which no record can be staged; what was kept of them is shown in the quarantine."""
    records = sum(each.object.records for each in stored)
    if not records:
        raise BadInput("There is no record in what was sent.", "Send a file that holds observations.")
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


class _Extent(NamedTuple):
    """Where in the spool a part lies, as a file of its own."""

    at: int
    size_bytes: int


class _Part:
    """The records of one partition in one piece of a file."""

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.refused: dict[str, int] = {}
        self.synthetic = False


class _Pile:
    """The records of one file and partition: the raw object that they will be."""

    def __init__(self, name: str, partition: str, piece: RecordFile, number: int) -> None:
        self.name = name
        self.partition = partition
        self.number = number
        """How many of the same partition came before."""
        self.form = piece.form
        self.records = 0
        self.refused: dict[str, int] = {}
        self.synthetic = False
        self.size_bytes = 0
        self._head = piece._replace(records=[])
        self._extents: list[_Extent] = []

    def add(self, part: _Part, extent: _Extent, piece: RecordFile) -> None:
        self.records += len(part.records)
        for reason, count in part.refused.items():
            self.refused[reason] = self.refused.get(reason, 0) + count
        self.synthetic = self.synthetic or part.synthetic
        self.size_bytes += extent.size_bytes
        self._head = self._head._replace(is_whole=self._head.is_whole and piece.is_whole)
        self._extents.append(extent)

    def body(self, spool: IO[bytes]) -> bytes:
        """The object's bytes: a file of the form that the records came in."""
        return self._head.joined(os.pread(spool.fileno(), extent.size_bytes, extent.at) for extent in self._extents)


def _first_of(name: str, errors: list[NoObservations]) -> NoObservations:
    first = errors[0]
    if len(errors) == 1:
        return first
    return NoObservations(f"None of the {len(errors)} files in {name} holds observations. {first.cause}", first.cure)


def _shortened(errors: dict[str, NoObservations]) -> list[PassedOver]:
    """The first of them; the last one tells how many more there are."""
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
