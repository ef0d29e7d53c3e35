"""From a record's bytes to typed values, or to the reason of its refusal. A bad record does not affect others.

Types and plausible ranges are checked by msgspec while it decodes; only a record that fails is read again by the
slower rules (numbers as text, words for missing values, other wrappings and names) before it is refused.

Absent columns and missing values are both None in a record; `columns_of` distinguishes them.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from weather_platform.domain.columns import CELSIUS, DESCRIPTIVE, FLAGS, READ, Columns, columns, known, named
from weather_platform.domain.fields import FIELDS, MEASURED, RAIN_FIELDS, SKY_HIDDEN_PERCENT, TRACE_MM, Field
from weather_platform.domain.record_files import WITHOUT_NUMBER, RecordFile, cells


class Reason(StrEnum):
    """Reasons for refusing a record."""

    NOT_A_RECORD = "not_a_record"
    NO_STATION = "no_station_number"
    NO_TIME = "unreadable_date"
    NOT_A_NUMBER = "not_a_number"
    IMPOSSIBLE = "impossible_value"
    FUTURE = "from_the_future"
    OUTSIDE = "outside_partitions"


class Refusal(NamedTuple):
    """A refused record: its position in the file (from 1), the reason, and its bytes as received."""

    position: int
    reason: Reason
    detail: str
    record: bytes
    time: datetime | None
    """Time of observation, if readable."""


KELVIN_AT_0_C = 273.15
GRACE = timedelta(minutes=5)
"""Tolerance for an observation later than its receipt: clocks differ."""


def _number(low: float, high: float) -> Any:
    whole = Annotated[int, Meta(ge=math.ceil(low), le=math.floor(high))]
    return whole | Annotated[float, Meta(ge=low, le=high)] | None


def _celsius(field: Field) -> Any:
    return Annotated[float, Meta(ge=field.low - KELVIN_AT_0_C, le=field.high - KELVIN_AT_0_C)] | None


SynopRecord: Any = msgspec.defstruct(
    "SynopRecord",
    [
        ("numer_sta", str | int | None, None),
        ("date", str | None, None),
        ("nom", str | None, None),
        ("insert_time", str | None, None),
        ("synthetic", bool | None, None),
        *((name, int | float | str | None, None) for name in ("latitude", "longitude", "altitude")),
        *((f.name, int | float | str | None if f.kind == "code" else _number(f.low, f.high), None) for f in MEASURED),
        *((name, _celsius(f), None) for name, f in CELSIUS.items()),
        *((name, int | None, None) for name in FLAGS),
    ],
    gc=False,
    omit_defaults=True,
)
"""A typed record as published: the columns of `columns.READ`, each a number in its range or None.

A missing value in K is filled from its copy in °C.
"""


class _V1(msgspec.Struct):
    fields: SynopRecord


class _V2(msgspec.Struct):
    record: _V1


class _Feature(msgspec.Struct):
    properties: SynopRecord


_flat = msgspec.json.Decoder(SynopRecord).decode
_v1 = msgspec.json.Decoder(_V1).decode
_v2 = msgspec.json.Decoder(_V2).decode
_feature = msgspec.json.Decoder(_Feature).decode
_SHAPES: tuple[Callable[[bytes], Any], ...] = (
    _flat,
    lambda raw: _v1(raw).fields,
    lambda raw: _v2(raw).record.fields,
    lambda raw: _feature(raw).properties,
)
_WRAPPERS = ("record", "fields", "properties")
_MISSING = frozenset(("", "mq", "NA", "NaN", "nan", "null", "NULL", "None", "ND"))
"""Common texts of empty cells; `_MISSING_WORDS` has them in lower case, with rarer ones."""
_MISSING_WORDS = frozenset(
    {"", "mq", "na", "n/a", "#n/a", "<na>", "nan", "+nan", "-nan", "nat", "nd", "n.d.", "none", "null", "nil"}
    | {"missing", "-", "--", "–", "—", ".", "?", "\\n"}
    | {f"{sign}{word}" for sign in ("", "+", "-") for word in ("inf", "infinity")}
)
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_CODES = tuple(
    (
        field.name,
        {
            None: None,
            **{code: code for code in range(int(field.low), int(field.high) + 1)},
            **{str(code): code for code in range(int(field.low), int(field.high) + 1)},
        },
    )
    for field in MEASURED
    if field.kind == "code"
)
"""Codes by field in their usual forms, `10` or `"10"`."""
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
_STATION_NUMBER = re.compile(r"(\d{1,5})(?:\.0*)?", re.ASCII)
"""As text, or as a decimal number, which tools write for a column with empty cells."""
_COMPACT_TIME = re.compile(r"(\d{14})(?:\.0*)?", re.ASCII)
_ISO_TIME = re.compile(r"[\d-]+[Tt ]\d.*")
"""Python's reader accepts any character between day and hour: the 13 digits 2023120112345 would be 23:45."""
_LONGEST_KEY = 40
"""Longest cached time or station number, in characters."""
_AT_FIELD = re.compile(r"(.*) - at `\$(?:\.(?:record|properties))?(?:\.fields)?\.?(\w*)`")
_LATEST_FIRST_YEAR = 1850
_NEVER = datetime.max  # noqa: DTZ901  # like all times here, UTC without an offset
_new: Any = tuple.__new__
"""The constructor behind `Parsed(…)`, called directly: this saves 2 % of reading a record."""
_DETAIL_LENGTH = 300
_LOOKED_AT = 128
"""Records of a JSON file whose keys are read: this many at its start, then one of so many."""


class Place(NamedTuple):
    """Station and time (UTC, without offset) of a record."""

    station_id: str
    time: datetime


class Parsed(NamedTuple):
    """A readable record."""

    position: int
    raw: bytes
    place: Place
    record: Any
    """A `SynopRecord`."""

    @property
    def time(self) -> datetime:
        """Time of observation, as in `Refusal`."""
        return self.place.time


def parse(file: RecordFile, received: datetime | None = None) -> Iterator[Parsed | Refusal]:
    """All records of a file in order, parsed or refused.

    With `received` (aware), a record later than `received` + `GRACE` is refused.
    """
    reader = _Csv(file) if file.form == "csv" else _Json(file)
    read = reader.read
    latest = _NEVER if received is None else received.astimezone(UTC).replace(tzinfo=None) + GRACE
    for position, raw in enumerate(file.records, 1):
        try:
            record = read(raw)
            for name, codes in _CODES:
                code = getattr(record, name)
                setattr(record, name, codes[code] if code in codes else _code(name, code))
            if (
                (record.t is None and record.tc is not None)
                or (record.tn12 is None and record.tn12c is not None)
                or (record.tn24 is None and record.tn24c is not None)
                or (record.tx12 is None and record.tx12c is not None)
                or (record.tx24 is None and record.tx24c is not None)
            ):
                _fill_from_celsius(record)
            if record.rr_trace or record.n_hidden:
                _publish_flags(record)
            number, date = record.numer_sta, record.date
            station_id = _station_number(
                number if type(number) is not str or len(number) < _LONGEST_KEY else _short(number)
            )
            time = _utc(date if date is None or len(date) < _LONGEST_KEY else _short(date))
            if time > latest:
                raise _from_the_future(time, latest)
            yield _new(Parsed, (position, raw, _new(Place, (station_id, time)), record))
        except _Unreadable as error:
            yield Refusal(position, error.reason, error.detail, bytes(raw), _time_alone(reader, raw))


def columns_of(file: RecordFile, before: int = 0) -> Columns:
    """The columns of a file: a CSV's header; for JSON, the keys of its first records and of a sample of the others.

    Wrapping keys (`geometry`, `recordid` …) are not columns. `before`: as many records of the same file come before
    these.
    """
    if file.form == "csv":
        return columns(_header(file))
    return columns(keys_of(file, before))


def keys_of(file: RecordFile, before: int = 0) -> tuple[str, ...]:
    """The keys of a JSON file's records, of those that `columns_of` looks at; none for CSV."""
    if file.form == "csv" or file.keys is not None:
        return file.keys or ()
    first, further = max(0, _LOOKED_AT - before), -before % _LOOKED_AT
    some = [*file.records[:first], *file.records[max(first, further) :: _LOOKED_AT]]
    return tuple(dict.fromkeys(name for raw in some for name in _keys(raw)))


def _keys(raw: bytes) -> Iterable[str]:
    try:
        return _unwrapped(raw)
    except _Unreadable:
        return ()


def _time_alone(reader: "_Csv | _Json", raw: bytes) -> datetime | None:
    """The time of a record refused for another reason."""
    try:
        date = _mended(reader.values(raw)).get("date")
        return _utc(_short(date)) if isinstance(date, str) else None
    except _Unreadable:
        return None


class _Unreadable(Exception):
    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail if len(detail) <= _DETAIL_LENGTH else f"{detail[: _DETAIL_LENGTH - 1]}…"
        super().__init__(self.detail)


class _Json:
    """Reads the records of a JSON file; the first readable one determines their wrapping."""

    def __init__(self, file: RecordFile) -> None:
        self._shape = next((shape for raw in file.records for shape in _SHAPES if _fits(shape, raw)), _flat)

    def read(self, raw: bytes) -> Any:
        try:
            record = self._shape(raw)
        except _NO_JSON:
            return _typed(self.values(raw))
        # A wrapped record among flat ones, or one with other names, decodes to an empty record.
        return record if record.date is not None else _typed(self.values(raw))

    def values(self, raw: bytes) -> dict[str, Any]:
        record = _unwrapped(raw)
        return {name: value for name, value in zip(named(record), record.values(), strict=True) if name}


def _fits(shape: Callable[[bytes], Any], raw: bytes) -> bool:
    try:
        return shape(raw).date is not None
    except _NO_JSON:
        return False


def _unwrapped(raw: bytes) -> dict[str, Any]:
    try:
        record = msgspec.json.decode(WITHOUT_NUMBER.sub(rb"\1null", raw))
    except _NO_JSON as error:
        raise _Unreadable(Reason.NOT_A_RECORD, f"no JSON: {error}") from error
    for wrapper in _WRAPPERS:
        if isinstance(record, dict) and isinstance(record.get(wrapper), dict):
            record = record[wrapper]
    if not isinstance(record, dict):
        raise _Unreadable(Reason.NOT_A_RECORD, f"a JSON {type(record).__name__} instead of a record")
    return record


class _Csv:
    """Reads the lines of a CSV file by its header."""

    def __init__(self, file: RecordFile) -> None:
        header = _header(file)
        self._encoding, self._separator = file.encoding, file.separator
        self._decimal_comma = file.separator != ","
        self._most = len(header)
        self._fewest = len(header) - (header[-1] == "")  # the archive's header ends with a separator that rows may lack
        self._columns = [(place, name) for place, name in enumerate(named(header)) if name]
        labels = [known(label) if label.casefold() not in READ else None for label in header]
        self._labelled = [
            (name, [place for place, label in enumerate(labels) if label == name])
            for name, _ in _CODES
            if name in labels
        ]
        """Two columns have the French label of a code: the code, and its meaning in words."""

    def read(self, raw: bytes) -> Any:
        return _typed(self.values(raw), decimal_comma=self._decimal_comma)

    def values(self, raw: bytes) -> dict[str, Any]:
        line = cells(raw.decode(self._encoding, "replace"), self._separator)
        if len(line) < self._fewest or any(line[self._most :]):
            raise _Unreadable(Reason.NOT_A_RECORD, f"{len(line)} cells under a header of {self._most}")
        line.append("")
        values: dict[str, Any] = {name: cell for place, name in self._columns if (cell := line[place]) not in _MISSING}
        for name, places in self._labelled:
            if name in values and not values[name][:1].isdigit():
                values[name] = next((line[place] for place in places if line[place][:1].isdigit()), None)
        return values


def _header(file: RecordFile) -> list[str]:
    return cells(file.header.decode(file.encoding), file.separator)


def _typed(values: dict[str, Any], *, decimal_comma: bool = False) -> Any:
    """The record from values that may be text; raises the reason if one still fails."""
    try:
        return msgspec.convert(values, SynopRecord, strict=False)
    except msgspec.ValidationError:
        return _converted(_mended(values, decimal_comma=decimal_comma))


def _converted(values: dict[str, Any]) -> Any:
    try:
        return msgspec.convert(values, SynopRecord, strict=False)
    except msgspec.ValidationError as error:
        found = _AT_FIELD.fullmatch(str(error))
        problem, name = found.groups() if found else (str(error), "")
        if name in DESCRIPTIVE or name in FLAGS:  # no reason to refuse the measurements
            return _converted({other: value for other, value in values.items() if other != name})
        if "<=" in problem or ">=" in problem:
            raise _outside(name, values[name]) from error
        if name == "date":
            raise _Unreadable(Reason.NO_TIME, f"date is {values[name]!r}") from error
        if name == "numer_sta":
            raise _Unreadable(Reason.NO_STATION, f"numer_sta is {values[name]!r}") from error
        raise _Unreadable(Reason.NOT_A_NUMBER, f"{name} is {values.get(name)!r}") from error


def _mended(values: Mapping[str, Any], *, decimal_comma: bool = False) -> dict[str, Any]:
    """The present values, without blanks, MongoDB's types and words for missing values; decimal commas become points.

    A temperature in °C is dropped if the one in K is present.
    """
    mended = {}
    for name, value in values.items():
        plain = _plain(value)
        if isinstance(plain, str):
            plain = plain.strip()
            if len(plain) < _LONGEST_KEY and plain.casefold() in _MISSING_WORDS:
                continue
            if decimal_comma and _DECIMAL_COMMA.fullmatch(plain):
                plain = plain.replace(",", ".")
        if name == "date" and type(plain) in (int, float):
            plain = f"{plain:.0f}"
        if plain is not None:
            mended[name] = plain
    return {name: value for name, value in mended.items() if name not in CELSIUS or CELSIUS[name].name not in mended}


def _plain(value: Any) -> Any:
    """The value in MongoDB's extended JSON (``{"$numberDouble": "286.15"}``), or the value itself."""
    if not (isinstance(value, dict) and len(value) == 1):
        return value
    ((kind, inner),) = value.items()
    if kind != "$date" or isinstance(inner, str):
        return inner if kind.startswith("$") else value
    try:
        return datetime.fromtimestamp(int(_plain(inner)) / 1000, UTC).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return value


def _fill_from_celsius(record: Any) -> None:
    for name, field in CELSIUS.items():
        value = getattr(record, name)
        if value is not None and getattr(record, field.name) is None:
            setattr(record, field.name, round(value + KELVIN_AT_0_C, 2))


def _publish_flags(record: Any) -> None:
    """Flags of the platform's own exports turned back into published codes."""
    if record.n_hidden and record.n is None:
        record.n = SKY_HIDDEN_PERCENT
    for bit, name in enumerate(RAIN_FIELDS):
        if (record.rr_trace or 0) >> bit & 1 and getattr(record, name) == 0:
            setattr(record, name, TRACE_MM)


def _outside(name: str, value: object) -> _Unreadable:
    if name in CELSIUS:
        low, high, unit = CELSIUS[name].low - KELVIN_AT_0_C, CELSIUS[name].high - KELVIN_AT_0_C, "°C"
    else:
        low, high, unit = FIELDS[name].low, FIELDS[name].high, FIELDS[name].unit
    plausible = f"{low:g} to {high:g} {unit}".rstrip()
    return _Unreadable(Reason.IMPOSSIBLE, f"{name} is {value}, outside {plausible}")


def _code(name: str, value: float | str) -> int | None:
    """A code in another form: ``"18.0"``."""
    if isinstance(value, str):
        value = value.strip()
        if value.casefold() in _MISSING_WORDS:
            return None
    field = FIELDS[name]
    try:
        code = msgspec.convert(value, float, strict=False)
    except msgspec.ValidationError as error:
        raise _Unreadable(Reason.NOT_A_NUMBER, f"{name} is {value!r}") from error
    if not (field.low <= code <= field.high and code.is_integer()):
        raise _outside(name, value)
    return int(code)


def _short(text: str) -> str:
    """A long time or station number, stripped and cut so that it may be cached."""
    return text.strip()[:_LONGEST_KEY]


def _from_the_future(time: datetime, latest: datetime) -> _Unreadable:
    return _Unreadable(Reason.FUTURE, f"{time} UTC is later than its receipt at {latest - GRACE:%Y-%m-%d %H:%M:%S} UTC")


@lru_cache(maxsize=8192)
def _station_number(text: str | int | None) -> str:
    """Five digits; leading zeros lost in a spreadsheet are restored."""
    digits = str(text).strip() if text is not None else ""
    if digits.casefold() in _MISSING_WORDS:
        raise _Unreadable(Reason.NO_STATION, "the record has no station number")
    found = _STATION_NUMBER.fullmatch(digits)
    number = found[1].zfill(5) if found else ""
    if not number.strip("0"):
        raise _Unreadable(Reason.NO_STATION, f"{digits!r} is not a WMO station number of five digits")
    return number


@lru_cache(maxsize=8192)
def _utc(text: str | None) -> datetime:
    """ISO 8601 with an offset (default UTC), or the archive's ``YYYYMMDDHHMMSS``."""
    written = (text or "").strip()
    if written.casefold() in _MISSING_WORDS:
        raise _Unreadable(Reason.NO_TIME, "the record has no date")
    if len(written) < len("2023-12-01T00"):
        raise _Unreadable(Reason.NO_TIME, f"{written!r} has no time of day")
    try:
        if compact := _COMPACT_TIME.fullmatch(written):
            return datetime.strptime(compact[1], "%Y%m%d%H%M%S")  # noqa: DTZ007  # the archive writes UTC
        time = datetime.fromisoformat(written if _ISO_TIME.fullmatch(written) else "")
        utc = time.astimezone(UTC) if time.tzinfo else time
    except (ValueError, OverflowError) as error:
        raise _Unreadable(Reason.NO_TIME, f"{written!r} is not a readable date") from error
    offset = time.utcoffset()
    if offset is not None and offset % timedelta(minutes=1):
        raise _Unreadable(Reason.NO_TIME, f"{written!r} has an offset with seconds")
    if utc.year < _LATEST_FIRST_YEAR:
        raise _Unreadable(Reason.NO_TIME, f"{written!r} is before there were observations")
    return utc.replace(tzinfo=None, microsecond=0)
