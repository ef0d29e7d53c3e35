"""What changed, for callers that keep a copy."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.caching import CacheHeaders
from api.changes import rows
from api.dependencies import READS, AllServices
from api.errors import CursorGone
from api.formats import answer, in_every_format, negotiated
from api.pages import CHANGE_COLUMNS
from api.paging import Page
from api.schemas import ChangesQuery
from weather_platform.domain.tabular import table_of

router = APIRouter(tags=["changes"], dependencies=READS)


@router.get("/changes", response_model=None, responses=in_every_format("Changes"))
def list_changes(request: Request, services: AllServices, query: Annotated[ChangesQuery, Query()]) -> Response:
    """Months and cities whose documents changed after `since`, the last change of each, in order.

    A copy begins without `since`, fetches the `url` of each row and asks again with `next_since`: it misses nothing.
    A city without documents in a month any more has an empty page there, or is 404.
    """
    form = negotiated(request, query.format)
    curated = services.writing.curated
    fresh = CacheHeaders(request, services.settings.api, curated.revision())
    if unchanged := fresh.unchanged():
        return unchanged
    found = curated.changes(query.since, query.limit + 1)
    if not found and query.since > (last := curated.last_change()):
        raise CursorGone(
            f"The last change is {last}, {query.since} was never given or is of another copy of the documents.",
            "Begin again without `since`.",
        )
    base = str(request.base_url).rstrip("/")
    data = list(rows(services.layers, found, lambda path: f"{base}{path}"))

    def following(last: dict[str, Any]) -> str:
        return str(request.url.include_query_params(since=last["number"]))

    shown = data[: query.limit]
    return answer(
        table_of(CHANGE_COLUMNS),
        Page(data, query.limit, following),
        form,
        fresh.headers,
        streams=services.streams,
        name="changes",
        head={"next_since": shown[-1]["number"] if shown else query.since},
    )
