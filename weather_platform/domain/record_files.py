"""A file of observations as the bytes of its records: forms told apart by content, cut, and put together again.

Nothing is interpreted here: a record's bytes go on exactly as received. What they mean is `parsing`.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal, NamedTuple

import msgspec

from weather_platform.domain.errors import NoObservations
from weather_platform.domain.fields import FIELDS

Form = Literal["json", "csv"]

_KNOWN_HEADERS = {"numer_sta", "geo_id_wmo", FIELDS["numer_sta"].label_fr}
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_SEPARATOR = b"\x1e"
"""Begins each record of a JSON text sequence (RFC 7464): no JSON holds it, so a broken record costs no other one."""
_BEFORE_RECORDS = re.compile(r'\[|\{.{0,4096}?"(?:results|records)"\s*:\s*\[', re.DOTALL)
_AFTER_RECORDS = re.compile(rb"\]\s*\}?\s*$")
_BETWEEN_RECORDS = re.compile(r"[ \t\r\n,\[\]\x1e]*")
_NEXT_RECORD = re.compile(r'(?<=[,\]\r\n])[ \t]*(?=\{\s*")|\x1e')
_NEXT_RECORD_BYTES = re.compile(_NEXT_RECORD.pattern.encode())
_PIECE_BYTES = 8 << 20
"""A month of 62 stations is two or three of these; a record, 2 KiB."""
_LONGEST_RECORD_BYTES = 64 << 20
_ENDS_TRIED = 8
_OPENING_BYTES = 4_200
_TAIL_BYTES = 1 << 16
_scan_json = json.JSONDecoder(strict=False).raw_decode
_ACCEPTED = (
    "Send OpenDataSoft JSON (v2.1, v2.0 or v1), one JSON record a line, OpenDataSoft CSV or a Météo-France archive CSV."
)


class RecordFile(NamedTuple):
    """A file cut into records. `header` and `encoding` matter to CSV alone; both are as received."""

    form: Form
    records: list[bytes]
    header: bytes = b""
    encoding: str = "utf-8"
    is_whole: bool = True
    """False for JSON in which some record is, or may be, no JSON."""

    def with_records(self, records: Iterable[bytes]) -> bytes:
        """A whole file of this form that holds some of its records, byte for byte; `cut` finds the same ones in it."""
        if self.form == "csv":
            return b"\n".join((self.header, *records)) + b"\n"
        records = list(records)
        if self.is_whole or all(map(_is_json, records)):
            return b"[" + b",\n".join(records) + b"]\n"
        return b"".join(_SEPARATOR + record + b"\n" for record in records)

    def joined(self, parts: Iterable[bytes]) -> bytes:
        """A file of the records of several that `with_records` wrote; `is_whole` must not be true unless theirs is."""
        if self.form == "json" and not self.is_whole:
            return self.with_records(chain.from_iterable(cut(part).records for part in parts))
        head, between, tail = (b"[", b",\n", b"]\n") if self.form == "json" else (self.header + b"\n", b"", b"")
        out = io.BytesIO()  # gives its bytes without a copy
        out.write(head)
        for part in parts:
            out.write(between if out.tell() > len(head) else b"")
            out.write(memoryview(part)[len(head) : len(part) - len(tail)])
        out.write(tail)
        return out.getvalue()


def cut(data: bytes) -> RecordFile:
    """Recognise the form of a file by its content and cut it into records.

    A JSON file that is broken somewhere is cut where one record ends and the next begins, so that
    the broken one is found alone. NoObservations where nothing looks like observations at all.
    """
    body = data.removeprefix(_BOM).lstrip()
    if body[:1] in (b"[", b"{", _SEPARATOR):
        return _json_file(body.strip(_BLANK))
    header, *lines = body.splitlines() or [b""]  # LF, CRLF, or CR alone as on an old Mac
    if _KNOWN_HEADERS.intersection(columns(header.decode("latin-1"))):
        return RecordFile("csv", [line for line in lines if line.strip()], header, _encoding(header))
    found = "is empty" if not body else f"begins with {body[:40]!r}"
    raise NoObservations(f"No observations can be read here: the file {found}.", _ACCEPTED)


def columns(line: str) -> list[str]:
    """The cells of a CSV line; a cell may be quoted."""
    if '"' not in line:
        return line.split(";")
    try:
        return next(csv.reader((line,), delimiter=";"))
    except csv.Error:
        return [line]


def _encoding(header: bytes) -> str:
    """UTF-8, or what makes a word of the header's accents (a spreadsheet on a Mac writes Mac Roman)."""
    for encoding in ("utf-8", "mac_roman"):
        try:
            text = header.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.isascii() or FIELDS["t"].label_fr in text:
            return encoding
    return "cp1252"


def cut_in_pieces(chunks: Iterable[bytes], piece_bytes: int = _PIECE_BYTES) -> Iterator[RecordFile]:
    """Cut a file of any size, a few MiB of it in memory at a time.

    The pieces hold the records that `cut` finds in the whole file. NoObservations as there, and where no record ends
    within 64 MiB, which may come after some pieces.
    """
    source = _Buffer(chunks)
    source.fill(piece_bytes)
    if source.is_all:
        yield cut(source.rest)
        return
    source.rest = source.rest.removeprefix(_BOM).lstrip()
    cut_some = _json_pieces if source.rest[:1] in (b"[", b"{", _SEPARATOR) else _csv_pieces
    yield from cut_some(source, piece_bytes)


class _Buffer:
    """What was read of a file and not cut yet."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.rest = b""
        self.is_all = False
        """Nothing comes after `rest`."""

    def fill(self, size_bytes: int) -> None:
        """Hold at least so many bytes, or all that is left."""
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
        """More, where no record ends in what is there."""
        if len(self.rest) > _LONGEST_RECORD_BYTES:
            raise NoObservations(f"No record ends within {_LONGEST_RECORD_BYTES:,} bytes.", _ACCEPTED)
        self.fill(2 * len(self.rest))


def _csv_pieces(source: _Buffer, piece_bytes: int) -> Iterator[RecordFile]:
    cut(source.rest[:_TAIL_BYTES])  # tells at once where this is something else
    header: list[bytes] = []
    while source.rest:
        end = max(source.rest.rfind(b"\n"), source.rest.rfind(b"\r")) + 1
        if not (end or source.is_all):
            source.refill()
            continue
        # CR and LF may be parted: the LF is a blank line of the next piece then, and passed over.
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
    """The next records, and whether they are the last; None where no record ends in what is there."""
    ends = [len(source.rest)] if source.is_all else _ends(source.rest)
    for end in ends:  # a record may hold what looks like the beginning of another
        records = _sound_records(source.rest[:end], opening, is_last=source.is_all)
        if records is not None:
            source.take(end)
            return RecordFile("json", records), source.is_all
    if not ends:
        return None, False
    piece = source.take(ends[0])
    return RecordFile("json", list(_broken_json_records(piece, is_last=source.is_all)), is_whole=False), source.is_all


def _ends(data: bytes) -> list[int]:
    """Where a next record seems to begin, the last places of all first."""
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
    return NoObservations("No observations can be read here: the file holds nothing but brackets.", _ACCEPTED)


def _json_records(data: bytes) -> list[msgspec.Raw]:
    """Records of sound JSON: an array, an answer of the API, one record, or one a line."""
    if data.startswith(b"["):
        return msgspec.json.decode(data, type=list[msgspec.Raw])
    try:
        answer = msgspec.json.decode(data, type=_Answer)
    except msgspec.DecodeError:
        return _RAW.decode_lines(data)
    records = answer.results if answer.results is not None else answer.records
    return [msgspec.Raw(data)] if records is None else records


def _bytes(raws: list[msgspec.Raw]) -> list[bytes]:
    return raws  # type: ignore[return-value]  # a Raw is a bytes-like view that joins, decodes and hashes as bytes do


def _broken_json_records(data: bytes, *, is_last: bool = True) -> Iterator[bytes]:
    """Records of an array or of lines of which some part is no JSON, the broken part among them as it is."""
    if data.startswith(_SEPARATOR):
        yield from filter(None, (part.strip(_BLANK) for part in data.split(_SEPARATOR)))
        return
    text = (_AFTER_RECORDS.sub(b"", data) if is_last else data).decode(
        "latin-1"
    )  # a character a byte, so that places in it are the file's
    place = _end(_BETWEEN_RECORDS, text, _end(_BEFORE_RECORDS, text, 0))
    while place < len(text):
        try:
            end = _scan_json(text, place)[1]
        except (ValueError, RecursionError):
            following = _NEXT_RECORD.search(text, place + 1)
            end = following.start() if following else len(text)
        if piece := text[place:end].strip(" \t\r\n,"):
            yield piece.encode("latin-1")
        place = _end(_BETWEEN_RECORDS, text, end)


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place


def _is_json(record: bytes) -> bool:
    try:
        _RAW.decode(record)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
