"""Pages of rows: how many, where the next begins, and how a caller asks for it."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

from weather_platform.tables import Format

Row = TypeVar("Row")
_JSON_ROWS = 1_000


def rows_of(limit: int | None, form: Format) -> int | None:
    """How many rows a page has; None for all of them, streamed."""
    return limit or (_JSON_ROWS if form is Format.JSON else None)


def cursor_of(after: object) -> object:
    """The cursor in the `next` of a page, which is an address; a cursor itself stays as it is."""
    if isinstance(after, str) and after.startswith(("http://", "https://")):
        asked = parse_qs(urlsplit(after).query)
        return next((asked[name][0] for name in ("after", "before") if name in asked), after)
    return after


class Page(NamedTuple, Generic[Row]):
    """Rows, and the address of the next page where there is one."""

    rows: Iterator[Row] | list[Row]
    next: str | None

    @property
    def headers(self) -> dict[str, str]:
        return {"link": f'<{self.next}>; rel="next"'} if self.next else {}


def page(request: Request, rows: Iterable[Row], limit: int | None, cursor: Callable[[Row], str]) -> Page[Row]:
    """The first `limit` of the rows; the next page begins after the `cursor` of the last one."""
    if limit is None:
        return Page(iter(rows), None)
    found = list(islice(rows, limit + 1))
    if len(found) <= limit:
        return Page(found, None)
    shown = found[:limit]
    return Page(shown, str(request.url.include_query_params(after=cursor(shown[-1]))))
