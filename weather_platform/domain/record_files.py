"""Splits a file of observations into the bytes of its records; recognises the format by content; joins records again.

Nothing is interpreted here: a record's bytes stay exactly as received, except that UTF-16 and UTF-32 become UTF-8.
`parsing` reads them.
"""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Literal, NamedTuple

import msgspec

from weather_platform.domain.columns import known
from weather_platform.domain.errors import NoObservations
from weather_platform.domain.fields import FIELDS

Form = Literal["json", "csv"]

WITHOUT_NUMBER = re.compile(rb"(:\s*)([-+]?(?:NaN|nan|Infinity|inf)|NA|None)(?=\s*[,}\]])")
"""Values that Python and R write for missing numbers, although JSON does not allow them."""
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""Byte order marks, UTF-32 first: one of them starts like one of UTF-16."""
_SEPARATORS = ";,\t|"
_BLANK = b" \t\r\n"
_NEWLINES = b" \r\n"
"""Blank lines before a header; its first cell may be blank and end with a tab."""
_SEPARATOR = b"\x1e"
"""Starts each record of a JSON text sequence (RFC 7464). JSON cannot contain it, so a bad record affects no other."""
_PAGES = ("results", "records", "features", "data")
"""Keys of the records: OpenDataSoft (v2.1; v2.0 and v1), GeoJSON, answers of this platform."""
_JSON = re.compile(rb"[ \t\r\n]*[\[{\x1e]")
_BEFORE_RECORDS = re.compile(rf'\[|\{{.{{0,4096}}?"(?:{"|".join(_PAGES)})"\s*:\s*\[', re.DOTALL)
_AFTER_RECORDS = re.compile(rb"\]\s*\}?\s*$")
_BETWEEN_RECORDS = re.compile(r"[ \t\r\n,\[\]}\x1e]*")
_FLAT = r"\{(?:[^{}]|\{[^{}]*\})*\}"
_VALUE = rf'(?:"[^"\\]*"|[\w.+-]+|{_FLAT}|\[\s*\]|\[\s*{_FLAT}(?:\s*,\s*{_FLAT})*\s*\])'
_PAGE_HEAD = re.compile(rf'\{{(?:\s*"\w+"\s*:\s*{_VALUE}\s*,)*?\s*"(?:{"|".join(_PAGES)})"\s*:\s*\[')
_PAGE_TAIL = re.compile(rf'(?:"\w+"\s*:\s*{_VALUE}\s*,?\s*)+\}}')
_NEXT_RECORD = re.compile(r'(?<=[,\]\r\n])[ \t]*(?=\{\s*")|\x1e')
_NEXT_RECORD_BYTES = re.compile(_NEXT_RECORD.pattern.encode())
_PIECE_BYTES = 2 << 20
"""A month of 62 stations is about ten pieces; a record is 2 KiB. Up to five copies of a piece exist at a time."""
_LONGEST_RECORD_BYTES = 64 << 20
_ENDS_TRIED = 8
_OPENING_BYTES = 4_200
_LONGEST_HEADER_BYTES = 1 << 16
_TAIL_BYTES = 1 << 16
_scan_json = json.JSONDecoder(strict=False).raw_decode
_ACCEPTED = (
    "Send OpenDataSoft JSON (v2.1, v2.0 or v1), GeoJSON, one JSON record per line, OpenDataSoft CSV or a Météo-France "
    "archive CSV; a CSV needs a header with the station number (numer_sta)."
)
_UNPACK = "Unpack it and send its files, or a zip of them."
_AS_CSV = "Save it as CSV and send that."
_FOREIGN = (
    (b"PAR1", "a Parquet file", _AS_CSV),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", _AS_CSV),
    (b"SQLite format 3", "an SQLite database", _AS_CSV),
    (b"%PDF", "a PDF", _ACCEPTED),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"<", "HTML or XML", _ACCEPTED),
)
"""Other files that people send, by their first bytes, with the cure."""
_TAR_AT, _TAR = 257, b"ustar"
_ACCENTED = {word for field in FIELDS.values() for word in field.label_fr.split() if not word.isascii()}
"""Words of French labels that reveal the encoding of a header."""


class RecordFile(NamedTuple):
    """A file split into records. `header`, `encoding` and `separator` are for CSV only."""

    form: Form
    records: list[bytes]
    header: bytes = b""
    encoding: str = "utf-8"
    separator: str = ";"
    is_whole: bool = True
    """False for JSON in which a record is, or may be, invalid."""
    keys: tuple[str, ...] | None = None
    """Of the records of the JSON file that these records are some of; None: of these."""

    def with_records(self, records: Iterable[bytes]) -> bytes:
        """A complete file of this format with some of the records, byte for byte; `cut` finds them in it."""
        if self.form == "csv":
            return b"\n".join((self.header, *records)) + b"\n"
        records = list(records) or [b""]
        if self.is_whole or all(map(_is_json, filter(None, records))):
            records[0] = b"[" + records[0]
            records[-1] = b"".join((records[-1], b"]\n"))  # a Raw cannot be added to
            return b",\n".join(records)  # the only copy of what may be 75 MB
        return b"".join(_SEPARATOR + record + b"\n" for record in records)

    def joined(self, parts: Iterable[bytes]) -> bytes:
        """One file from several files written by `with_records`; `is_whole` may be true only if theirs is."""
        if self.form == "json" and not self.is_whole:
            return self.with_records(chain.from_iterable(cut(part).records for part in parts))
        head, between, tail = (b"[", b",\n", b"]\n") if self.form == "json" else (self.header + b"\n", b"", b"")
        out = io.BytesIO()  # returns its bytes without a copy
        out.write(head)
        for part in parts:
            out.write(between if out.tell() > len(head) else b"")
            out.write(memoryview(part)[len(head) : len(part) - len(tail)])
        out.write(tail)
        return out.getvalue()


def cut(data: bytes) -> RecordFile:
    """Recognise the format of a file by its content and split it into records.

    A damaged JSON file is split where one record ends and the next begins, so that the broken record
    is isolated. NoObservations if the file holds no observations.
    """
    body = b"".join(_as_utf8((data,))).removeprefix(_BOM).lstrip(_NEWLINES)
    if _JSON.match(body):
        # Blanks may follow an array: to remove them would be a copy of what may be 75 MB.
        return _json_file(body.lstrip(_BLANK))
    header, *lines = body.splitlines() or [b""]  # LF, CRLF, or CR alone as on an old Mac
    if separator := _separator(header):
        return RecordFile("csv", [line for line in lines if line.strip()], header, _encoding(header), separator)
    raise _no_observations(body)


def _no_observations(body: bytes) -> NoObservations:
    found, cure = f"begins with {body[:40]!r}" if body else "is empty", _ACCEPTED
    for beginning, what, way_out in _FOREIGN:
        if body.startswith(beginning):
            found, cure = f"is {what}", way_out
    if body[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        found, cure = "is a tar archive", _UNPACK
    return NoObservations(f"No observations can be read here: the file {found}.", cure)


def _as_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """UTF-16 or UTF-32 text (by its byte order mark) as UTF-8; other bytes unchanged."""
    chunks = iter(chunks)
    head = b""
    while len(head) < len(_WIDE_BOMS[0]) and (chunk := next(chunks, None)) is not None:
        head = head + chunk if head else chunk
    if not head.startswith(_WIDE_BOMS):
        yield head
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder("utf-32" if head.startswith(_WIDE_BOMS[:2]) else "utf-16")("replace")
    for chunk in chain((head,), chunks):
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def cells(line: str, separator: str) -> list[str]:
    """The cells of a CSV line; a cell may be quoted."""
    if '"' not in line:
        return line.split(separator)
    try:
        return next(csv.reader((line,), delimiter=separator))
    except csv.Error:
        return [line]


def _separator(header: bytes) -> str | None:
    """The separator of a header that has the station number; None if there is none."""
    if len(header) > _LONGEST_HEADER_BYTES:
        return None
    text, best = header.decode("latin-1"), {}
    for separator in _SEPARATORS:
        names = [known(cell) for cell in cells(text, separator)]
        if "numer_sta" in names:
            best[separator] = len(names) - names.count(None)
    return max(best, key=lambda separator: best[separator], default=None)


def _encoding(header: bytes) -> str:
    """UTF-8, or the encoding that makes known words of the header (spreadsheets on a Mac write Mac Roman)."""
    try:
        header.decode()
    except UnicodeDecodeError:
        text = header.decode("mac_roman")
        return "mac_roman" if any(word in text for word in _ACCENTED) else "cp1252"
    return "utf-8"


def cut_in_pieces(chunks: Iterable[bytes], piece_bytes: int = _PIECE_BYTES) -> Iterator[RecordFile]:
    """Split a file of any size, with a few MiB of it in memory at a time.

    The pieces hold the records that `cut` finds in the whole file. NoObservations as in `cut`, and if no record ends
    within 64 MiB, possibly after some pieces.
    """
    source = _Buffer(chunks)
    source.fill(piece_bytes)
    if source.is_all:
        yield cut(source.rest)
        return
    source.rest = source.rest.removeprefix(_BOM).lstrip(_NEWLINES)
    if _JSON.match(source.rest):
        source.rest = source.rest.lstrip(_BLANK)
        yield from _json_pieces(source, piece_bytes)
    else:
        yield from _csv_pieces(source, piece_bytes)


class _Buffer:
    """The part of a file that is read but not yet split."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = _as_utf8(chunks)
        self.rest = b""
        self.is_all = False
        """Whether `rest` is the end of the file."""

    def fill(self, size_bytes: int) -> None:
        """Read until at least so many bytes are held, or the file ends."""
        chunks, size = [self.rest], len(self.rest)
        while size < size_bytes and not self.is_all:
            chunk = next(self._chunks, None)
            self.is_all = chunk is None
            chunks.append(chunk or b"")
            size += len(chunks[-1])
        self.rest = b"".join(chunks)

    def take(self, end: int) -> bytes:
        taken, self.rest = self.rest[:end], self.rest[end:]
        return taken

    def refill(self) -> None:
        """Read more if no record ends in the held bytes."""
        if len(self.rest) > _LONGEST_RECORD_BYTES:
            raise NoObservations(f"No record ends within {_LONGEST_RECORD_BYTES:,} bytes.", _ACCEPTED)
        self.fill(2 * len(self.rest))


def _csv_pieces(source: _Buffer, piece_bytes: int) -> Iterator[RecordFile]:
    cut(source.rest[:_TAIL_BYTES])  # fails at once for other files
    header: list[bytes] = []
    while source.rest:
        end = max(source.rest.rfind(b"\n"), source.rest.rfind(b"\r")) + 1
        if not (end or source.is_all):
            source.refill()
            continue
        # CR and LF may be separated: the LF is then a blank line of the next piece, and skipped.
        piece = cut(b"\n".join([*header, source.take(len(source.rest) if source.is_all else end)]))
        header = [piece.header]
        yield piece
        source.fill(piece_bytes)


def _json_pieces(source: _Buffer, piece_bytes: int) -> Iterator[RecordFile]:
    while not (found := _BEFORE_RECORDS.match(source.rest[:_OPENING_BYTES].decode("latin-1"))):
        if source.is_all or len(source.rest) >= _OPENING_BYTES:
            break
        source.refill()
    opening = source.take(found.end()) if found else b""
    is_something = False
    while source.rest:
        piece, is_last = _json_piece(source, opening)
        if piece is None:
            source.refill()
            continue
        is_something = is_something or piece.is_whole or bool(piece.records)
        yield piece
        if is_last:
            break
        source.fill(piece_bytes)
    if not is_something:
        raise _nothing_but_brackets()


def _json_piece(source: _Buffer, opening: bytes) -> tuple[RecordFile | None, bool]:
    """The next records, and whether they are the last; None if no record ends in the held bytes."""
    ends = [len(source.rest)] if source.is_all else _ends(source.rest)
    for end in ends:  # a record may contain what looks like the start of another
        records = _sound_records(source.rest[:end], opening, is_last=source.is_all)
        if records is not None:
            source.take(end)
            return RecordFile("json", records), source.is_all
    if not ends:
        return None, False
    piece = source.take(ends[0])
    broken = list(_broken_json_records(piece, is_last=source.is_all))
    if not source.is_all and len(broken) > 1 and not _is_json(broken[-1]):
        # Its end may be in the next piece: an object within a record looks like the start of the next record.
        source.rest = piece[piece.rindex(broken.pop()) :] + source.rest
    return RecordFile("json", broken, is_whole=False), source.is_all


def _ends(data: bytes) -> list[int]:
    """Positions where a next record may begin, last ones first."""
    window = _TAIL_BYTES
    while True:
        ends = [found.start() for found in _NEXT_RECORD_BYTES.finditer(data, max(0, len(data) - window))]
        ends = [end for end in ends if end > 0][-_ENDS_TRIED:]
        if ends or window >= len(data):
            return ends[::-1]
        window *= 8


def _sound_records(piece: bytes, opening: bytes, *, is_last: bool) -> list[bytes] | None:
    if not opening:
        text = piece
    elif is_last:
        text = opening + piece
    else:
        text = b"[" + piece.rstrip(_BLANK + b",") + b"]"
    try:
        return _bytes(_json_records(text.strip(_BLANK)))
    except (msgspec.DecodeError, RecursionError):
        return None


class _Answer(msgspec.Struct):
    results: list[msgspec.Raw] | None = None
    records: list[msgspec.Raw] | None = None
    features: list[msgspec.Raw] | None = None
    data: list[msgspec.Raw] | None = None

    @property
    def page(self) -> list[msgspec.Raw] | None:
        return next((some for name in _PAGES if (some := getattr(self, name)) is not None), None)


_RAW = msgspec.json.Decoder(msgspec.Raw)


def _json_file(data: bytes) -> RecordFile:
    try:
        return RecordFile("json", _bytes(_json_records(data)))
    except (msgspec.DecodeError, RecursionError):
        records = list(_broken_json_records(data))
    if not records:
        raise _nothing_but_brackets()
    return RecordFile("json", records, is_whole=False)


def _nothing_but_brackets() -> NoObservations:
    return NoObservations("No observations can be read here: the file holds only brackets.", _ACCEPTED)


def _json_records(data: bytes) -> list[Any]:
    """Records of valid JSON, and of JSON with `NaN` and the like for missing numbers."""
    try:
        return _strict_records(data)
    except msgspec.DecodeError:
        plain = WITHOUT_NUMBER.sub(_zero_as_long, data)
        if plain == data:
            raise
    records, place = [], 0
    for record in _strict_records(plain):
        place = plain.index(record, place)
        records.append(data[place : place + len(record)])
        place += len(record)
    return records


def _zero_as_long(found: re.Match[bytes]) -> bytes:
    return found[1] + b"0".ljust(len(found[2]))


def _strict_records(data: bytes) -> list[msgspec.Raw]:
    """Records of an array, of an API answer, or of lines with one or more records; or a single record."""
    if data.startswith(b"["):
        records = msgspec.json.decode(data, type=list[msgspec.Raw])
    else:
        try:
            page = msgspec.json.decode(data, type=_Answer).page
        except msgspec.DecodeError:
            records = _RAW.decode_lines(data)
        else:
            return [msgspec.Raw(data.rstrip(_BLANK))] if page is None else page
    if not records or _page(records[0]) is None:
        return records
    return list(chain.from_iterable(page if (page := _page(raw)) is not None else [raw] for raw in records))


def _page(raw: msgspec.Raw) -> list[msgspec.Raw] | None:
    """The records of an API answer; None for other JSON."""
    try:
        return msgspec.json.decode(raw, type=_Answer).page
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _bytes(raws: list[Any]) -> list[bytes]:
    return raws  # a Raw is a bytes-like view that joins, decodes and hashes as bytes do


def _broken_json_records(data: bytes, *, is_last: bool = True) -> Iterator[bytes]:
    """Records of an array or of lines that are partly invalid JSON; the broken part is returned as it is."""
    if data.startswith(_SEPARATOR):
        yield from filter(None, (part.strip(_BLANK) for part in data.split(_SEPARATOR)))
        return
    text = (_AFTER_RECORDS.sub(b"", data) if is_last else data).decode(
        "latin-1"
    )  # one character per byte, so positions are those of the file
    place = _end(_BETWEEN_RECORDS, text, _end(_BEFORE_RECORDS, text, 0))
    while place < len(text):
        try:
            value, end = _scan_json(text, place)
            is_record = not (isinstance(value, dict) and any(isinstance(value.get(name), list) for name in _PAGES))
        except (ValueError, RecursionError):
            following = _NEXT_RECORD.search(text, place + 1)
            end, is_record = following.start() if following else len(text), False
        if not is_record and (head := _PAGE_HEAD.match(text, place)):
            end = head.end()
        elif piece := text[place:end].strip(" \t\r\n,"):
            yield piece.encode("latin-1")
        place = _end(_BETWEEN_RECORDS, text, end)
        if "]" in text[end:place]:
            place = _end(_BETWEEN_RECORDS, text, _end(_PAGE_TAIL, text, place))


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place


def _is_json(record: bytes) -> bool:
    try:
        _RAW.decode(WITHOUT_NUMBER.sub(_zero_as_long, record))
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
