"""The curated layer: a document a city and day."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from api.dependencies import READS, AllServices, OpenLayers, station, stations
from api.documents import flat, paths, table_paths
from api.formats import IN_EVERY_FORMAT, Table, answer, negotiated
from api.freshness import Freshness
from api.paging import page, rows_of
from api.schemas import Cities, DocumentsQuery, Rows, SeveralDocumentsQuery
from api.units import column_in_units, in_units, units_of
from weather_platform.domain.stations import Station

router = APIRouter(prefix="/curated", tags=["curated"], dependencies=READS)


@router.get("/cities", response_model=Cities)
def curated_cities(layers: OpenLayers) -> dict[str, Any]:
    """The cities that have documents, with how many and of which days."""
    cities = [msgspec.to_builtins(city) for city in layers.curated.cities()]
    return {"count": len(cities), "cities": cities}


@router.get("/cities/{city}", response_model=Rows, responses=IN_EVERY_FORMAT)
def curated_city(
    request: Request,
    services: AllServices,
    city: Annotated[str, Path(max_length=200, examples=["nice"])],
    query: Annotated[DocumentsQuery, Query()],
) -> Response:
    """A city's documents in order of date."""
    return _answered(request, services, [station(services.layers, city)], query)


@router.get("", response_model=Rows, responses=IN_EVERY_FORMAT)
def read_documents(
    request: Request, services: AllServices, query: Annotated[SeveralDocumentsQuery, Query()]
) -> Response:
    """Documents of several cities, or of all, by date and station."""
    return _answered(request, services, stations(services.layers, query.city), query)


def _answered(request: Request, services: AllServices, wanted: list[Station] | None, query: DocumentsQuery) -> Response:
    form = negotiated(request, query.format)
    curated = services.layers.curated
    numbers = None if wanted is None else [city.station_id for city in wanted]
    fresh = Freshness.of_documents(request, services.settings.api, curated, (query.from_, query.to), numbers)
    if unchanged := fresh.unchanged():
        return unchanged
    limit = rows_of(query.limit, form)
    columns = table_paths(query.columns)
    documents = curated.find(
        stations=numbers,
        first=query.from_,
        last=query.to,
        fields=None if query.columns is None else paths(query.columns),
        after=query.after,
        limit=None if limit is None else limit + 1,
        newest_first=query.newest_first,
    )
    found = page(request, (in_units(document, query.units) for document in documents), limit, "_id")
    envelope: dict[str, Any] = {"units": units_of(query.units), "next": found.next}
    if wanted is not None and len(wanted) == 1:
        city = wanted[0]
        envelope = {"city": city.name, "slug": city.slug, "station_id": city.station_id, **envelope}
    names = [column_in_units(column, query.units) for column in columns]
    table = Table(found.rows, names, flat=lambda document: flat(document, columns, query.units))
    return answer(table, form, envelope, {**fresh.headers, **found.headers}, "weather_stats")
