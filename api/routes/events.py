"""Extreme events."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.caching import CacheHeaders
from api.dependencies import READS, AllServices, stations
from api.formats import answer, in_every_format, negotiated
from api.paging import page, rows_of
from api.schemas import EventsQuery
from weather_platform.domain import tabular
from weather_platform.domain.units import stored_bounds
from weather_platform.storage.curated import EventQuery

router = APIRouter(tags=["events"], dependencies=READS)


@router.get("/events", response_model=None, responses=in_every_format("Events"), operation_id="listEvents")
def list_events(request: Request, services: AllServices, query: Annotated[EventsQuery, Query()]) -> Response:
    """Heavy rain, gusts, heat, frost and others by date; `at_least` selects by a threshold of your own."""
    form = negotiated(request, query.format)
    store = services.layers.curated
    wanted = stations(services.layers, query.city)
    numbers = None if wanted is None else [station.station_id for station in wanted]
    fresh = CacheHeaders.of_documents(request, services.settings.api, store, (query.from_, query.to))
    if unchanged := fresh.unchanged():
        return unchanged
    limit = rows_of(query.limit, form)
    found = store.events(
        EventQuery(
            types=query.type,
            stations=numbers,
            first=query.from_,
            last=query.to,
            at_least=None if query.at_least is None else stored_bounds(query.at_least, query.units),
            after=query.after,
            limit=None if limit is None else limit + 1,
            newest_first=query.newest_first,
        )
    )
    rows = page(request, found, limit, lambda event: event.event_id)
    return answer(tabular.events(query.units), rows, form, fresh.headers, streams=services.streams, name="events")
