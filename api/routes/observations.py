"""Observations of any cities and hours, with their flags."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import READS, AllServices, stations
from api.formats import in_every_format
from api.observations import observed
from api.schemas import ObservationsQuery

router = APIRouter(tags=["observations"], dependencies=READS)


@router.get("/observations", response_model=None, responses=in_every_format("Observations"))
def list_observations(
    request: Request, services: AllServices, query: Annotated[ObservationsQuery, Query()]
) -> Response:
    """Observations of all cities, of some, or within a box; one city after the other, in order of time.

    `flags` lists flagged values as `field:rule:verdict`; `erroneous` ones are left out of every figure.
    """
    wanted = stations(services.layers, query.city)
    if wanted is None:
        wanted = list(services.layers.staging.stations().values())
    if query.box is not None:
        wanted = [station for station in wanted if station.is_within(*query.box)]
    return observed(request, services, wanted, query, query.hour)
