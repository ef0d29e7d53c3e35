"""One answer in several formats, chosen by `?format=` or else by `Accept`; `weather_platform.tables` writes them."""

from collections.abc import Mapping
from contextlib import closing
from itertools import chain, islice
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from api.errors import NotAcceptable
from api.paging import Page
from api.streams import StreamedAnswer, Streams, close_all
from weather_platform.domain.tabular import Table
from weather_platform.tables import MEDIA_TYPES, Format, pieces

Row = TypeVar("Row")
_ACCEPTED: dict[str, Format] = {
    "*/*": Format.JSON,
    "application/*": Format.JSON,
    "application/json": Format.JSON,
    "application/x-ndjson": Format.NDJSON,
    "application/ndjson": Format.NDJSON,
    "application/jsonl": Format.NDJSON,
    "text/csv": Format.CSV,
    "text/*": Format.CSV,
    "application/vnd.apache.parquet": Format.PARQUET,
    "application/parquet": Format.PARQUET,
    Format.XLSX.media_type: Format.XLSX,
}


def in_every_format(page: str) -> dict[int | str, dict[str, Any]]:
    """The responses of a route whose JSON is a page of `api.pages`; other formats contain only the rows."""
    responses = json_page(page)
    others = (media_type.partition(";")[0] for form, media_type in MEDIA_TYPES.items() if form is not Format.JSON)
    responses[200]["content"].update({media_type: {} for media_type in others})
    return responses


def json_page(page: str) -> dict[int | str, dict[str, Any]]:
    """The response of a route with a page of `api.pages` in JSON only."""
    schema = {"$ref": f"#/components/schemas/{page}"}
    return {200: {"description": "A page of rows.", "content": {Format.JSON.media_type: {"schema": schema}}}}


def negotiated(request: Request, asked: Format | None) -> Format:
    """The format of the answer; NotAcceptable if `Accept` names none of them."""
    if asked is not None:
        return asked
    ranges = [_quality(part) for part in (request.headers.get("accept", "").strip() or "*/*").split(",")]
    for _, media_type in sorted(ranges, key=lambda item: -item[0]):
        if found := _ACCEPTED.get(media_type):
            return found
    raise NotAcceptable(
        "None of the types in Accept is supported.", f"Accept one of {', '.join(MEDIA_TYPES.values())}."
    )


def _quality(part: str) -> tuple[float, str]:
    media_type, *parameters = (piece.strip() for piece in part.split(";"))
    told = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    try:
        quality = float(told)
    except ValueError:
        quality = 0.0
    return quality, media_type.lower() if quality > 0 else ""


def answer(
    table: Table[Row],
    rows: Page[Row],
    form: Format,
    headers: Mapping[str, str],
    *,
    streams: Streams,
    name: str,
    head: Mapping[str, Any] | None = None,
) -> Response:
    """The rows in a format: a page at once, anything longer streamed as one of the `streams`.

    The first row is fetched before the answer starts, so an outage is still reported as an error. A streamed page has
    the address of the next one only in its JSON: it is not yet known when the headers are sent.
    """
    shown = "attachment" if form in (Format.PARQUET, Format.XLSX) else "inline"
    headers = dict(headers)
    if form is not Format.JSON:
        headers["content-disposition"] = f'{shown}; filename="{name}.{form}"'
    if rows.is_small:
        with closing(rows):
            body = b"".join(pieces(table, rows, form, head, lambda: rows.next))
        return Response(body, headers={**headers, **rows.headers}, media_type=form.media_type)
    lease = streams.lease()
    try:
        begun = iter(rows)
        each = chain(list(islice(begun, 1)), begun)
        written = pieces(table, each, form, head, lambda: rows.next)
    except BaseException:
        rows.close()
        lease.end()
        raise
    end = close_all(written, begun, rows)
    return StreamedAnswer(written, lease, end, headers, media_type=form.media_type)
