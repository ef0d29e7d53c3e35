"""Days out of the ordinary."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import READS, AllServices, stations
from api.formats import IN_EVERY_FORMAT, Table, answer, negotiated
from api.freshness import Freshness
from api.paging import page, rows_of
from api.schemas import EventsQuery, Rows
from api.units import event_in_units

router = APIRouter(tags=["events"], dependencies=READS)
_COLUMNS = ("_id", "city", "slug", "station_id", "period", "date", "type", "value", "unit", "threshold")


@router.get("/events", response_model=Rows, responses=IN_EVERY_FORMAT)
def list_events(request: Request, services: AllServices, query: Annotated[EventsQuery, Query()]) -> Response:
    """Heavy rain, gusts, heat, frost and others by date; `at_least` asks for a value over a threshold of your own."""
    form = negotiated(request, query.format)
    curated = services.layers.curated
    wanted = stations(services.layers, query.city)
    numbers = None if wanted is None else [station.station_id for station in wanted]
    fresh = Freshness.of_documents(request, services.settings.api, curated, (query.from_, query.to), numbers)
    if unchanged := fresh.unchanged():
        return unchanged
    limit = rows_of(query.limit, form)
    found = curated.events(
        types=query.type,
        stations=numbers,
        first=query.from_,
        last=query.to,
        at_least=query.at_least,
        after=query.after,
        limit=None if limit is None else limit + 1,
        newest_first=query.newest_first,
    )
    rows = page(request, (event_in_units(event, query.units) for event in found), limit, "_id")
    envelope: dict[str, Any] = {"next": rows.next}
    return answer(Table(rows.rows, _COLUMNS), form, envelope, {**fresh.headers, **rows.headers}, "events")
