"""Rows as JSON, NDJSON, CSV or Parquet, chosen by `?format=` or else by `Accept`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, Literal, NamedTuple

import msgspec
from fastapi.responses import StreamingResponse
from starlette.requests import Request
from starlette.responses import Response

from api.errors import NotAcceptable
from weather_platform.tables import BATCH_ROWS, Row, csv_pieces, parquet_pieces

Format = Literal["json", "ndjson", "csv", "parquet"]
MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
IN_EVERY_FORMAT: dict[int | str, dict[str, Any]] = {
    200: {"content": {media_type.partition(";")[0]: {} for form, media_type in MEDIA_TYPES.items() if form != "json"}}
}
"""For the OpenAPI document of a route that answers a `Table`; JSON has its model."""
_ACCEPTED: dict[str, Format] = {
    "*/*": "json",
    "application/*": "json",
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "text/csv": "csv",
    "text/*": "csv",
    "application/vnd.apache.parquet": "parquet",
    "application/parquet": "parquet",
}


def negotiated(request: Request, asked: Format | None) -> Format:
    """The format to answer in; NotAcceptable where `Accept` names none of them."""
    if asked is not None:
        return asked
    ranges = [_quality(part) for part in (request.headers.get("accept", "").strip() or "*/*").split(",")]
    for _, media_type in sorted(ranges, key=lambda item: -item[0]):
        if found := _ACCEPTED.get(media_type):
            return found
    raise NotAcceptable(
        "None of the types in Accept is written here.", f"Accept one of {', '.join(MEDIA_TYPES.values())}."
    )


def _quality(part: str) -> tuple[float, str]:
    media_type, *parameters = (piece.strip() for piece in part.split(";"))
    told = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    try:
        quality = float(told)
    except ValueError:
        quality = 0.0
    return quality, media_type.lower() if quality > 0 else ""


class Table(NamedTuple):
    """Rows with one set of columns."""

    rows: Iterable[Row]
    columns: Sequence[str]
    nested: Callable[[Row], Row] | None = None
    """Makes the JSON form of a row where `flat` makes that of a table."""
    flat: Callable[[Row], Row] | None = None


def answer(table: Table, form: Format, envelope: dict[str, Any], headers: dict[str, str], name: str) -> Response:
    """The rows in a format. JSON stands within the envelope as `data`; the other forms are the rows alone.

    The first row is fetched before the answer begins, so that an outage is still told as one.
    """
    rows = iter(table.rows)
    head = list(islice(rows, 1))
    rows = chain(head, rows)
    if form == "json":
        data = list(map(table.nested, rows) if table.nested else rows)
        body = msgspec.json.encode({**envelope, "count": len(data), "data": data})
        return Response(body, headers=headers, media_type=MEDIA_TYPES["json"])
    if form == "ndjson":
        stream = _ndjson(map(table.nested, rows) if table.nested else rows)
    else:
        flat_rows = map(table.flat, rows) if table.flat else rows
        write = csv_pieces if form == "csv" else parquet_pieces
        stream = write(flat_rows, table.columns)
    disposition = f'attachment; filename="{name}.{form}"' if form == "parquet" else f'inline; filename="{name}.{form}"'
    return StreamingResponse(
        stream, headers={**headers, "content-disposition": disposition}, media_type=MEDIA_TYPES[form]
    )


def _ndjson(rows: Iterator[Row]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    while batch := list(islice(rows, BATCH_ROWS)):
        yield encoder.encode_lines(batch)
