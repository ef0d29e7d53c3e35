"""Rows as CSV, NDJSON, JSON, Parquet and XLSX, in pieces: the one writer of `weather export`, the API and the site.

Which rows, in which order and units, is the caller's; what their columns are is `domain.tabular`. The same rows give
the same bytes, in constant memory for any number of rows.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import islice
from typing import Any, Literal, TypeVar

import msgspec

from weather_platform import workbook
from weather_platform.domain.tabular import Column, Table
from weather_platform.sink import Sink

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
            return workbook.pieces_of(table.columns, map(table.cells, rows))


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
    sink = Sink()
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
