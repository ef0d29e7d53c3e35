"""A file of observations as the bytes of its records: forms told apart by content, cut, and put together again.

Nothing is interpreted here: a record's bytes go on exactly as received. What they mean is `parsing`.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import msgspec

from weather_platform.domain.errors import BadInput
from weather_platform.domain.fields import FIELDS

Form = Literal["json", "csv"]

_KNOWN_HEADERS = {"numer_sta", "geo_id_wmo", FIELDS["numer_sta"].label_fr}
_BETWEEN_RECORDS = re.compile(rb"(?<=\})\s*,\s*(?=\{)")
_ACCEPTED = (
    "Send OpenDataSoft JSON (v2.1, v2.0 or v1), one JSON record a line, OpenDataSoft CSV or a Météo-France archive CSV."
)


class RecordFile(NamedTuple):
    """A file cut into records. `header` and `encoding` matter to CSV alone; both are as received."""

    form: Form
    records: list[bytes]
    header: bytes = b""
    encoding: str = "utf-8"

    def with_records(self, records: Iterable[bytes]) -> bytes:
        """A whole file of this form that holds the given records, byte for byte."""
        if self.form == "csv":
            return b"\n".join((self.header, *records)) + b"\n"
        return b"[" + b",\n".join(records) + b"]\n"


def cut(data: bytes) -> RecordFile:
    """Recognise the form of a file by its content and cut it into records.

    A JSON file that is broken somewhere is cut where one record ends and the next begins, so that
    the broken one is found alone. BadInput where nothing looks like observations at all.
    """
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in (b"[", b"{"):
        return RecordFile("json", _json_records(data.removeprefix(b"\xef\xbb\xbf").strip()))
    lines = [line.rstrip(b"\r") for line in data.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n")]
    if _KNOWN_HEADERS.intersection(columns(lines[0].decode("latin-1"))):
        return RecordFile("csv", [line for line in lines[1:] if line.strip()], lines[0], _encoding(lines[0]))
    found = "is empty" if not start else f"begins with {bytes(start[:40])!r}"
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


class _Wrapper(msgspec.Struct):
    results: list[msgspec.Raw] | None = None
    records: list[msgspec.Raw] | None = None


def _json_records(data: bytes) -> list[bytes]:
    try:
        if data.startswith(b"["):
            return _bytes(msgspec.json.decode(data, type=list[msgspec.Raw]))
        wrapper = msgspec.json.decode(data, type=_Wrapper)
    except msgspec.DecodeError:
        return list(_broken_json_records(data))
    records = wrapper.results if wrapper.results is not None else wrapper.records
    return [data] if records is None else _bytes(records)


def _bytes(raws: list[msgspec.Raw]) -> list[bytes]:
    return raws  # type: ignore[return-value]  # a Raw is a bytes-like view that joins, decodes and hashes as bytes do


def _broken_json_records(data: bytes) -> Iterator[bytes]:
    """Records of NDJSON, or of an array of which some part is no JSON, the broken part among them as it is."""
    lines = [line for line in data.split(b"\n") if line.strip()]
    if data.startswith(b"{") and len(lines) > 1 and all(line.lstrip().startswith(b"{") for line in lines):
        yield from (line.strip() for line in lines)
        return
    inner = re.sub(rb'^\s*(?:\[|\{[^\[\]{}]*"(?:results|records)"\s*:\s*\[)', b"", data, count=1)
    inner = re.sub(rb"\]\s*\}?\s*$", b"", inner.strip(), count=1)
    yield from (part.strip() for part in _BETWEEN_RECORDS.split(inner) if part.strip())
