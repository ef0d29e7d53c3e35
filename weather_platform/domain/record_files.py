"""A file of observations as the bytes of its records: forms told apart by content, cut, and put together again.

Nothing is interpreted here: a record's bytes go on exactly as received. What they mean is `parsing`.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import msgspec

from weather_platform.domain.errors import BadInput
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


def cut(data: bytes) -> RecordFile:
    """Recognise the form of a file by its content and cut it into records.

    A JSON file that is broken somewhere is cut where one record ends and the next begins, so that
    the broken one is found alone. BadInput where nothing looks like observations at all.
    """
    body = data.removeprefix(_BOM).lstrip()
    if body[:1] in (b"[", b"{", _SEPARATOR):
        return _json_file(body.strip(_BLANK))
    header, *lines = body.splitlines() or [b""]  # LF, CRLF, or CR alone as on an old Mac
    if _KNOWN_HEADERS.intersection(columns(header.decode("latin-1"))):
        return RecordFile("csv", [line for line in lines if line.strip()], header, _encoding(header))
    found = "is empty" if not body else f"begins with {body[:40]!r}"
    raise BadInput(f"No observations can be read here: the file {found}.", _ACCEPTED)


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
        raise BadInput("No observations can be read here: the file holds nothing but brackets.", _ACCEPTED)
    return RecordFile("json", records, is_whole=False)


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


def _broken_json_records(data: bytes) -> Iterator[bytes]:
    """Records of an array or of lines of which some part is no JSON, the broken part among them as it is."""
    if data.startswith(_SEPARATOR):
        yield from filter(None, (part.strip(_BLANK) for part in data.split(_SEPARATOR)))
        return
    text = _AFTER_RECORDS.sub(b"", data).decode("latin-1")  # a character a byte, so that places in it are the file's
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
