"""Rows as CSV and as Parquet, in pieces: what `weather export` writes and what the API answers.

Which rows and columns there are is the caller's; a document's stand in `domain.tabular`.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

Row = dict[str, Any]
BATCH_ROWS = 2_000


def csv_pieces(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[bytes]:
    """A heading and a line a row: nothing for None, ISO 8601 for a moment, `true` and `false` as in JSON."""
    yield (",".join(columns) + "\n").encode()
    rows = iter(rows)
    while batch := list(islice(rows, BATCH_ROWS)):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([_csv_cell(row.get(column)) for column in columns] for row in batch)
        yield text.getvalue().encode()


def _csv_cell(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    return value


def parquet_pieces(
    rows: Iterable[Row], columns: Sequence[str], types: Mapping[str, type] | None = None
) -> Iterator[bytes]:
    """A Parquet file, written to disk first: it is read from its end.

    ``types`` are those of the columns; without them they are told by all rows at once, and a column without any value
    has none.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    listed = [{column: row.get(column) for column in columns} for row in rows]
    if types is not None:
        arrow = {str: pa.string(), date: pa.date32(), bool: pa.bool_(), int: pa.int32(), float: pa.float64()}
        schema = pa.schema([(column, arrow[types[column]]) for column in columns])
        table = pa.Table.from_pylist(listed, schema=schema)
    else:
        table = pa.Table.from_pylist(listed) if listed else pa.table({column: pa.nulls(0) for column in columns})
    with tempfile.TemporaryFile() as file:
        pq.write_table(table, file, compression="zstd")
        file.seek(0)
        while piece := file.read(1 << 20):
            yield piece
