"""From a record's bytes to typed values, or to the reason why not. One record never loses another.

Types and plausible ranges are checked by msgspec while it decodes; only a record that fails is looked
at again, more patiently (numbers written as text, the other wrappings), before it is set aside.
"""

import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from weather_platform.domain.fields import FIELDS, MEASURED, Field
from weather_platform.domain.record_files import RecordFile, columns


class Reason(StrEnum):
    """Why a record was set aside."""

    NOT_A_RECORD = "not_a_record"
    NO_STATION = "no_station_number"
    NO_TIME = "unreadable_date"
    NOT_A_NUMBER = "not_a_number"
    IMPOSSIBLE = "impossible_value"
    OUTSIDE = "outside_partitions"


class Refusal(NamedTuple):
    """A record set aside: its place in the file (the first is 1), why, and its bytes as received."""

    position: int
    reason: Reason
    detail: str
    record: bytes
    time: datetime | None
    """When it was observed, where at least that can be read."""


def _number(field: Field) -> Any:
    whole = Annotated[int, Meta(ge=math.ceil(field.low), le=math.floor(field.high))]
    return whole | Annotated[float, Meta(ge=field.low, le=field.high)] | None


SynopRecord: Any = msgspec.defstruct(
    "SynopRecord",
    [
        ("numer_sta", str | int | None, None),
        ("date", str | None, None),
        ("nom", str | None, None),
        ("insert_time", str | None, None),
        ("synthetic", bool | None, None),
        *((name, int | float | str | None, None) for name in ("latitude", "longitude", "altitude")),
        *((f.name, int | float | str | None if f.kind == "code" else _number(f), None) for f in MEASURED),
    ],
    gc=False,
)
"""A record as published, typed: the columns of `fields.MEASURED`, each a number in its range or None."""


class _V1(msgspec.Struct):
    fields: SynopRecord


class _V2(msgspec.Struct):
    record: _V1


_CODES = tuple(field.name for field in MEASURED if field.kind == "code")
_flat = msgspec.json.Decoder(SynopRecord).decode
_v1 = msgspec.json.Decoder(_V1).decode
_v2 = msgspec.json.Decoder(_V2).decode
_SHAPES: tuple[Callable[[bytes], Any], ...] = (
    _flat,
    lambda raw: _v1(raw).fields,
    lambda raw: _v2(raw).record.fields,
)
_MISSING = ("", "mq", "null", "NULL", None)
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_CSV_NAMES = {
    "geo_id_wmo": "numer_sta",
    "validity_time": "date",
    "name": "nom",
    "Nom": "nom",
    "lat": "latitude",
    "lon": "longitude",
    "Latitude": "latitude",
    "Longitude": "longitude",
    "Altitude": "altitude",
    **{field.label_fr: field.name for field in FIELDS.values() if field.label_fr},
}
_WANTED = set(SynopRecord.__struct_fields__)
_COMPACT_TIME = re.compile(r"\d{14}")
_ISO_TIME = re.compile(r"[\d-]+[Tt ]\d.*")
"""Python's reader takes any sign between day and hour, so that the 13 digits of 2023120112345 would be 23:45."""
_AT_FIELD = re.compile(r"(.*) - at `\$(?:\.record)?(?:\.fields)?\.?(\w*)`")
_LATEST_FIRST_YEAR = 1850
_DETAIL_LENGTH = 300
_DESCRIPTIVE = ("nom", "insert_time", "latitude", "longitude", "altitude")


class Place(NamedTuple):
    """Whose observation a record is, and when it was made (UTC, without offset)."""

    station_id: str
    time: datetime


class Parsed(NamedTuple):
    """A record that can be read."""

    position: int
    raw: bytes
    place: Place
    record: Any
    """A `SynopRecord`."""

    @property
    def time(self) -> datetime:
        """When it was observed, as `Refusal` has it too."""
        return self.place.time


def parse(file: RecordFile) -> Iterator[Parsed | Refusal]:
    """Every record of a file, in order, readable or refused."""
    read = _csv_reader(file) if file.form == "csv" else _json_reader(file)
    for position, raw in enumerate(file.records, 1):
        try:
            record = read(raw)
            for name in _CODES:
                setattr(record, name, _code(name, getattr(record, name)))
            yield Parsed(position, raw, Place(_station_number(record.numer_sta), _utc(record.date)), record)
        except _Unreadable as error:
            yield Refusal(position, error.reason, error.detail, bytes(raw), _time_alone(file, raw))


def _time_alone(file: RecordFile, raw: bytes) -> datetime | None:
    """The time of a record that is refused for something else."""
    try:
        values = _cells(file, raw) if file.form == "csv" else _unwrapped(raw)
        date = values.get("date")
        return _utc(date) if isinstance(date, str) else None
    except _Unreadable:
        return None


class _Unreadable(Exception):
    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail if len(detail) <= _DETAIL_LENGTH else f"{detail[: _DETAIL_LENGTH - 1]}…"
        super().__init__(self.detail)


def _json_reader(file: RecordFile) -> Callable[[bytes], Any]:
    shape = next((shape for raw in file.records for shape in _SHAPES if _fits(shape, raw)), _flat)

    def read(raw: bytes) -> Any:
        try:
            record = shape(raw)
        except _NO_JSON:
            return _read_patiently(_unwrapped(raw))
        # A wrapped record among flat ones decodes to nothing at all.
        return record if record.date is not None else _read_patiently(_unwrapped(raw))

    return read


def _fits(shape: Callable[[bytes], Any], raw: bytes) -> bool:
    try:
        return shape(raw).date is not None
    except _NO_JSON:
        return False


def _unwrapped(raw: bytes) -> dict[str, Any]:
    try:
        record = msgspec.json.decode(raw)
    except _NO_JSON as error:
        raise _Unreadable(Reason.NOT_A_RECORD, f"no JSON: {error}") from error
    for wrapper in ("record", "fields"):
        if isinstance(record, dict) and isinstance(record.get(wrapper), dict):
            record = record[wrapper]
    if not isinstance(record, dict):
        raise _Unreadable(Reason.NOT_A_RECORD, f"a JSON {type(record).__name__} instead of a record")
    return record


def _csv_reader(file: RecordFile) -> Callable[[bytes], Any]:
    return lambda raw: _read_patiently(_cells(file, raw))


def _cells(file: RecordFile, raw: bytes) -> dict[str, Any]:
    names = _csv_columns(file.header, file.encoding)
    cells = columns(raw.decode(file.encoding, "replace"))
    ends_with_separator = file.header.endswith(b";")  # as the archive's header does, whose rows may lack it
    if len(cells) < len(names) - ends_with_separator or any(cells[len(names) :]):
        raise _Unreadable(Reason.NOT_A_RECORD, f"{len(cells)} cells under a header of {len(names)}")
    return {name: cell for name, cell in zip(names, cells, strict=False) if name}


@lru_cache(maxsize=16)
def _csv_columns(header: bytes, encoding: str) -> tuple[str | None, ...]:
    names: list[str | None] = []
    for cell in columns(header.decode(encoding)):
        name = _CSV_NAMES.get(cell, cell)
        # Three French labels occur twice; the first is the code, the second its text.
        names.append(name if name in _WANTED and name not in names else None)
    return tuple(names)


def _read_patiently(values: dict[str, Any]) -> Any:
    """Numbers may be text here; what is missing in any spelling is None; what still fails says why."""
    present = {name: value for name, value in values.items() if name in _WANTED and value not in _MISSING}
    try:
        return msgspec.convert(present, SynopRecord, strict=False)
    except msgspec.ValidationError as error:
        found = _AT_FIELD.fullmatch(str(error))
        problem, name = found.groups() if found else (str(error), "")
        if name in _DESCRIPTIVE:  # no reason to lose what was measured
            return _read_patiently({other: value for other, value in present.items() if other != name})
        if "<=" in problem or ">=" in problem:
            raise _outside(FIELDS[name], present[name]) from error
        if name == "date":
            raise _Unreadable(Reason.NO_TIME, f"date is {present[name]!r}") from error
        if name == "numer_sta":
            raise _Unreadable(Reason.NO_STATION, f"numer_sta is {present[name]!r}") from error
        raise _Unreadable(Reason.NOT_A_NUMBER, f"{name} is {present.get(name)!r}") from error


def _outside(field: Field, value: object) -> _Unreadable:
    plausible = f"{field.low:g} to {field.high:g} {field.unit}".rstrip()
    return _Unreadable(Reason.IMPOSSIBLE, f"{field.name} is {value}, outside {plausible}")


@lru_cache(maxsize=8192)
def _code(name: str, value: float | str | None) -> int | None:
    """Codes come as ``"10"``, ``10`` or ``"18.0"``."""
    if value in _MISSING:
        return None
    field = FIELDS[name]
    try:
        code = msgspec.convert(value, float, strict=False)
    except msgspec.ValidationError as error:
        raise _Unreadable(Reason.NOT_A_NUMBER, f"{field.name} is {value!r}") from error
    if not (field.low <= code <= field.high and code.is_integer()):
        raise _outside(field, value)
    return int(code)


@lru_cache(maxsize=8192)
def _station_number(text: str | int | None) -> str:
    """Five digits; leading zeros that a spreadsheet took are put back."""
    digits = str(text).strip() if text is not None else ""
    if not digits:
        raise _Unreadable(Reason.NO_STATION, "the record names no station")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 5):
        raise _Unreadable(Reason.NO_STATION, f"{digits!r} is no WMO station number of five digits")
    return digits.zfill(5)


@lru_cache(maxsize=8192)
def _utc(text: str | None) -> datetime:
    """ISO 8601 with an offset (UTC where none is given), or the archive's ``YYYYMMDDHHMMSS``."""
    written = (text or "").strip()
    if not written:
        raise _Unreadable(Reason.NO_TIME, "the record has no date")
    if len(written) < len("2023-12-01T00"):
        raise _Unreadable(Reason.NO_TIME, f"{written!r} has no time of day")
    try:
        if _COMPACT_TIME.fullmatch(written):
            return datetime.strptime(written, "%Y%m%d%H%M%S")  # noqa: DTZ007  # the archive writes UTC
        time = datetime.fromisoformat(written if _ISO_TIME.fullmatch(written) else "")
        utc = time.astimezone(UTC) if time.tzinfo else time
    except (ValueError, OverflowError) as error:
        raise _Unreadable(Reason.NO_TIME, f"{written!r} is no date that can be read") from error
    if utc.year < _LATEST_FIRST_YEAR:
        raise _Unreadable(Reason.NO_TIME, f"{written!r} is before there were observations")
    return utc.replace(tzinfo=None, microsecond=0)
