"""Pages of rows: their size, and the cursor of the next one."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request

from weather_platform.tables import Format

Row = TypeVar("Row")
_JSON_ROWS = 1_000


def rows_of(limit: int | None, form: Format) -> int | None:
    """Number of rows on a page; None to stream all rows."""
    return limit or (_JSON_ROWS if form is Format.JSON else None)


def cursor_of(after: object) -> object:
    """The cursor in an address from `next`; a bare cursor is returned unchanged."""
    if isinstance(after, str) and after.startswith(("http://", "https://")):
        asked = parse_qs(urlsplit(after).query)
        return next((asked[name][0] for name in ("after", "before", "since") if name in asked), after)
    return after


class Page(Generic[Row]):
    """Rows, and the address of the next page if there is one; it is known once the rows are read."""

    def __init__(
        self, rows: Iterable[Row], limit: int | None = None, following: Callable[[Row], str] | None = None
    ) -> None:
        self.limit = limit
        self.next: str | None = None
        self._rows = iter(rows)
        self._following = following

    @property
    def is_small(self) -> bool:
        """Whether the page is held in memory, and sent at once with its length and the link to the next."""
        return self.limit is not None and self.limit <= _JSON_ROWS

    @property
    def headers(self) -> dict[str, str]:
        return {"link": f'<{self.next}>; rel="next"'} if self.next else {}

    def __iter__(self) -> Iterator[Row]:
        last: Row | None = None
        for n, row in enumerate(self._rows):
            if n == self.limit:
                if self._following is not None and last is not None:
                    self.next = self._following(last)
                return
            yield (last := row)

    def close(self) -> None:
        """Release the store that the rows are read from."""
        if callable(close := getattr(self._rows, "close", None)):
            close()


def page(request: Request, rows: Iterable[Row], limit: int | None, cursor: Callable[[Row], str]) -> Page[Row]:
    """The first `limit` rows of `limit` + 1; the next page starts after the last one's `cursor`."""
    return Page(rows, limit, lambda last: str(request.url.include_query_params(after=cursor(last))))
