"""The staging layer: observations by city, typed and cleaned, in SYNOP's units."""

from datetime import UTC
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.dependencies import READS, AllServices, OpenLayers, stations
from api.formats import in_every_format
from api.observations import observed
from api.schemas import Cities, SeveralStagingQuery, StagingQuery
from weather_platform.domain.errors import NotFound
from weather_platform.domain.stations import Station

router = APIRouter(prefix="/staging", tags=["staging"], dependencies=READS)


@router.get("/cities", response_model=Cities, operation_id="listStagedCities")
def staging_cities(layers: OpenLayers) -> dict[str, Any]:
    """The cities that have a table, with its rows and period."""
    tables: dict[str, dict[str, Any]] = {}
    for covered in layers.staging.coverage():
        station = covered.station
        table = tables.setdefault(
            station.station_id,
            {
                "city": station.name,
                "slug": station.slug,
                "station_id": station.station_id,
                "observations": 0,
                "first": covered.first.replace(tzinfo=UTC),
            },
        )
        table["observations"] += covered.observations
        table["last"] = covered.last.replace(tzinfo=UTC)
    cities = sorted(tables.values(), key=lambda table: str(table["slug"]))
    return {"count": len(cities), "cities": cities}


@router.get(
    "/cities/{city}", response_model=None, responses=in_every_format("Observations"), operation_id="getCityObservations"
)
def staging_city(
    request: Request,
    services: AllServices,
    city: Annotated[str, Path(max_length=200, examples=["nice"])],
    query: Annotated[StagingQuery, Query()],
) -> Response:
    """A city's observations in order of time."""
    return observed(request, services, _stored(services, [city]), query)


@router.get("", response_model=None, responses=in_every_format("Observations"), operation_id="getObservations")
def read_observations(
    request: Request, services: AllServices, query: Annotated[SeveralStagingQuery, Query()]
) -> Response:
    """Observations of several cities, one city after the other."""
    return observed(request, services, _stored(services, query.city), query)


def _stored(services: AllServices, cities: list[str]) -> list[Station]:
    """The stations of these words; NotFound for one without observations."""
    wanted = stations(services.layers, cities) or []
    stored = services.layers.staging.stations()
    for station in wanted:
        if station.station_id not in stored:
            raise NotFound(f"Nothing of {station.name} is staged.", "GET /staging/cities lists the cities.")
    return wanted
