"""Observations of any cities and hours, with what quality control says of them."""

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
    """Observations of all cities, or of some, or within a box, one city after the other in order of time.

    `flags` names the values that quality control doubts, as `field:rule:verdict`: `erroneous` ones are in no figure.
    """
    wanted = stations(services.layers, query.city)
    if wanted is None:
        wanted = list(services.layers.staging.stations().values())
    if query.box is not None:
        wanted = [station for station in wanted if station.is_within(*query.box)]
    return observed(request, services, wanted, query, query.hour)
