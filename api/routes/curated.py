"""The curated layer: one document per city and day."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from api.caching import CacheHeaders
from api.dependencies import READS, AllServices, OpenLayers, station, stations
from api.formats import answer, in_every_format, negotiated
from api.paging import page, rows_of
from api.schemas import Cities, DocumentsQuery, SeveralDocumentsQuery
from weather_platform.domain import tabular
from weather_platform.domain.stations import Station
from weather_platform.storage import curated

router = APIRouter(prefix="/curated", tags=["curated"], dependencies=READS)


@router.get("/cities", response_model=Cities, operation_id="listCities")
def curated_cities(layers: OpenLayers) -> dict[str, Any]:
    """Cities with documents: their number, first and last day."""
    cities = [msgspec.to_builtins(city) for city in layers.curated.cities()]
    return {"count": len(cities), "cities": cities}


@router.get("/cities/{city}", response_model=None, responses=in_every_format("Documents"), operation_id="getCityDays")
def curated_city(
    request: Request,
    services: AllServices,
    city: Annotated[str, Path(max_length=200, examples=["nice"])],
    query: Annotated[DocumentsQuery, Query()],
) -> Response:
    """A city's documents in order of date."""
    return _answered(request, services, [station(services.layers, city)], query)


@router.get("", response_model=None, responses=in_every_format("Documents"), operation_id="getDays")
def read_documents(
    request: Request, services: AllServices, query: Annotated[SeveralDocumentsQuery, Query()]
) -> Response:
    """Documents of several cities, or of all, by date and station."""
    return _answered(request, services, stations(services.layers, query.city), query)


def _answered(request: Request, services: AllServices, wanted: list[Station] | None, query: DocumentsQuery) -> Response:
    form = negotiated(request, query.format)
    store = services.layers.curated
    numbers = None if wanted is None else [city.station_id for city in wanted]
    fresh = CacheHeaders.of_documents(request, services.settings.api, store, (query.from_, query.to))
    if unchanged := fresh.unchanged():
        return unchanged
    limit = rows_of(query.limit, form)
    found = store.find(
        curated.Query(
            stations=numbers,
            first=query.from_,
            last=query.to,
            after=query.after,
            limit=None if limit is None else limit + 1,
            newest_first=query.newest_first,
        )
    )
    documents = page(request, found, limit, lambda document: document.document_id)
    return answer(
        tabular.documents(query.columns, query.units),
        documents,
        form,
        fresh.headers,
        streams=services.streams,
        name="weather_stats",
        head=tabular.documents_head(wanted, query.units),
    )
