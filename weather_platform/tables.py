"""Rows as CSV, NDJSON, JSON, Parquet and XLSX, in pieces: the one writer of `weather export`, the API and the site.

Which rows, in which order and units, is the caller's; what their columns are is `domain.tabular`. The same rows give
the same bytes, in constant memory for any number of rows.
"""

import csv
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from weather_platform.domain.errors import BadInput
from weather_platform.domain.tabular import Column, Table

Row = TypeVar("Row")
BATCH_ROWS = 500
"""Rows in memory at once: 4 MB of observations as dicts (measured), so that many may be written at once."""
GROUP_ROWS = 10_000
"""Rows of a Parquet row group: some megabytes as columns."""


class Format(StrEnum):
    """A file format of tables."""

    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self]


MEDIA_TYPES: Mapping[Format, str] = {
    Format.JSON: "application/json",
    Format.NDJSON: "application/x-ndjson",
    Format.CSV: "text/csv; charset=utf-8",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def pieces(
    table: Table[Row],
    rows: Iterable[Row],
    form: Format,
    head: Mapping[str, Any] | None = None,
    next_page: Callable[[], str | None] = lambda: None,
) -> Iterator[bytes]:
    """A file of the rows; the first piece comes with the first rows.

    JSON is one object: `head`, the rows as `data`, their `count`, and the address of the next page as `next`,
    which is asked for when the rows were read.
    """
    match form:
        case Format.JSON:
            return _json(table, rows, head or {}, next_page)
        case Format.NDJSON:
            return _ndjson(table, rows)
        case Format.CSV:
            return _csv(table, rows)
        case Format.PARQUET:
            return _parquet(table, rows)
        case Format.XLSX:
            return _xlsx(table, rows)


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Lists of rows; a writer clears each before it gives its piece away, as a caller may take long to read that."""
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch


def _json(
    table: Table[Row], rows: Iterable[Row], head: Mapping[str, Any], next_page: Callable[[], str | None]
) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode
    begin = b"".join(encode(key) + b":" + encode(value) + b"," for key, value in head.items())
    piece, count = b"{" + begin + b'"data":[', 0
    for batch in _batches(rows, BATCH_ROWS):
        piece += b",".join(encode(table.nested(row)) for row in batch)
        count += len(batch)
        batch.clear()
        yield piece
        piece = b","
    end = b'],"count":%d,"next":%s}' % (count, encode(next_page()))
    yield end if count else piece + end


def _ndjson(table: Table[Row], rows: Iterable[Row]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for batch in _batches(rows, BATCH_ROWS):
        piece = encoder.encode_lines([table.nested(row) for row in batch])
        batch.clear()
        yield piece


# Characters that make a spreadsheet take a cell for a formula, full-width ones too (OWASP, CSV injection).
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def _csv(table: Table[Row], rows: Iterable[Row]) -> Iterator[bytes]:
    """A heading and a line per row: nothing for None, ISO 8601 for days and times, `true` and `false` as in JSON.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    yield (",".join(column.name for column in table.columns) + "\n").encode()
    changed = [(n, _AS_TEXT[column.type]) for n, column in enumerate(table.columns) if column.type in _AS_TEXT]
    for batch in _batches(rows, BATCH_ROWS):
        cells = [_csv_cells(table.cells(row), changed) for row in batch]
        batch.clear()
        text = _csv_lines(cells, csv.QUOTE_MINIMAL)
        # The writer quotes a line feed and not a carriage return, at which readers end a line too.
        piece = (text if "\r" not in text else _csv_lines(cells, csv.QUOTE_NONNUMERIC)).encode()
        cells.clear()
        del text
        yield piece


def _csv_lines(rows: Iterable[Sequence[Any]], quoting: Literal[0, 2]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(rows)
    return text.getvalue()


def _csv_cells(cells: Sequence[Any], changed: Sequence[tuple[int, Callable[[Any], str]]]) -> list[Any]:
    found = list(cells)
    for n, as_text in changed:
        if found[n] is not None:
            found[n] = as_text(found[n])
    return found


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


_AS_TEXT: Mapping[type, Callable[[Any], str]] = {
    str: _harmless,
    bool: lambda flag: "true" if flag else "false",
    date: date.isoformat,
    datetime: _moment,
}


def _parquet(table: Table[Row], rows: Iterable[Row]) -> Iterator[bytes]:
    """The schema does not depend on the rows: a column without values keeps its type."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = arrow_schema(table.columns)
    sink = _Sink()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        yield sink.taken()
        for group in _batches(_as_columns(table, rows, schema), GROUP_ROWS // BATCH_ROWS):
            writer.write_table(pa.Table.from_batches(group, schema), row_group_size=GROUP_ROWS)
            group.clear()
            yield sink.taken()
    yield sink.taken()


def _as_columns(table: Table[Row], rows: Iterable[Row], schema: Any) -> Iterator[Any]:
    """The rows as Arrow's record batches, which take a tenth of their memory."""
    import pyarrow as pa

    for batch in _batches(rows, BATCH_ROWS):
        columns = zip(*map(table.cells, batch), strict=True)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
        batch.clear()
        del columns  # it has the rows' cells
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def arrow_schema(columns: Sequence[Column]) -> Any:
    """The columns as an Arrow schema; a field's metadata says its unit and meaning."""
    import pyarrow as pa

    types = {
        str: pa.string(),
        bool: pa.bool_(),
        int: pa.int32(),
        float: pa.float64(),
        date: pa.date32(),
        datetime: pa.timestamp("ms", tz="UTC"),
    }
    return pa.schema(
        [
            pa.field(
                column.name,
                types[column.type],
                nullable=column.nullable,
                metadata={"unit": column.unit, "meaning": column.meaning},
            )
            for column in columns
        ]
    )


SHEET_ROWS = 1_048_575
"""Rows of a sheet below its heading: all that Excel has room for. More go on in a second."""
_WHEN = datetime(1980, 1, 1)  # noqa: DTZ001  (the workbook's own date: the same rows give the same bytes)
_PIECE_BYTES = 256 * 1024


def _xlsx(table: Table[Row], rows: Iterable[Row]) -> Iterator[bytes]:
    """Sheets of the rows, and one that says the unit and meaning of each column; written to a file on disk first.

    Texts are written as texts, so that none is a formula or a link; times in UTC, which Excel knows no zone of.
    """
    from xlsxwriter import Workbook

    with tempfile.TemporaryDirectory(prefix="weather-xlsx-") as folder:
        path = Path(folder, "rows.xlsx")
        options = {"constant_memory": True, "tmpdir": folder, "remove_timezone": True, "nan_inf_to_errors": False}
        with Workbook(path, options) as book:
            book.set_properties({"created": _WHEN})
            _write_rows(book, table, rows)
            _write_meanings(book, table.columns)
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece


def _write_rows(book: Any, table: Table[Row], rows: Iterable[Row]) -> None:
    bold = book.add_format({"bold": True})
    formats: dict[type, Any] = {
        date: book.add_format({"num_format": "yyyy-mm-dd"}),
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    rows, begun = iter(rows), False
    while (batch := list(islice(rows, 1))) or not begun:
        begun, sheet = True, book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(table.columns) - 1, 14)
        for place, column in enumerate(table.columns):
            sheet.write_string(0, place, column.name, bold)
        for number, row in enumerate(chain(batch, islice(rows, SHEET_ROWS - len(batch))), start=1):
            for place, (column, cell) in enumerate(zip(table.columns, table.cells(row), strict=True)):
                if cell is not None:
                    _write_cell(sheet, (number, place), column, cell, formats)


def _write_cell(sheet: Any, at: tuple[int, int], column: Column, cell: Any, formats: Mapping[type, Any]) -> None:
    if column.type is str:
        written = sheet.write_string(*at, cell)
    elif column.type is bool:
        written = sheet.write_boolean(*at, cell)
    elif column.type in formats:
        written = sheet.write_datetime(*at, cell, formats[column.type])
    else:
        written = sheet.write_number(*at, cell)
    if written:
        raise BadInput(
            f"A cell of {column.name} does not fit into a sheet: {str(cell)[:40]!r} …", "Ask for CSV or Parquet."
        )


def _write_meanings(book: Any, columns: Sequence[Column]) -> None:
    sheet = book.add_worksheet("columns")
    for place, (name, width) in enumerate((("column", 28), ("unit", 10), ("meaning", 90))):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, book.add_format({"bold": True}))
    for number, column in enumerate(columns, start=1):
        for place, text in enumerate((column.name, column.unit, column.meaning)):
            sheet.write_string(number, place, text)


class _Sink(io.RawIOBase):
    """Collects the bytes written since the last read."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._written.append(bytes(piece))
        self._position += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._position

    def taken(self) -> bytes:
        piece = b"".join(self._written)
        self._written.clear()
        return piece
