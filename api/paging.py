"""Pages of rows: how many, and where the next begins."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from starlette.requests import Request

from api.formats import Format

_JSON_ROWS = 1_000


def rows_of(limit: int | None, form: Format) -> int | None:
    """How many rows a page has; None for all of them, streamed."""
    return limit or (_JSON_ROWS if form == "json" else None)


class Page(NamedTuple):
    """Rows, and the address of the next page where there is one."""

    rows: Iterator[dict[str, Any]] | list[dict[str, Any]]
    next: str | None

    @property
    def headers(self) -> dict[str, str]:
        return {"link": f'<{self.next}>; rel="next"'} if self.next else {}


def page(request: Request, rows: Iterator[dict[str, Any]], limit: int | None, cursor: str) -> Page:
    """The first `limit` of the rows; the next page begins after the last one's `cursor` column."""
    if limit is None:
        return Page(rows, None)
    found = list(islice(rows, limit + 1))
    shown = found[:limit]
    if len(found) <= limit:
        return Page(shown, None)
    last = shown[-1][cursor]
    after = last if isinstance(last, str) else last.isoformat()
    return Page(shown, str(request.url.include_query_params(after=after)))
