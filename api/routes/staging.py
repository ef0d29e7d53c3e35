"""The staging layer: observations by city, typed and cleaned, in SYNOP's units."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.caching import CacheHeaders
from api.dependencies import READS, AllServices, OpenLayers, stations
from api.formats import answer, in_every_format, negotiated
from api.paging import page, rows_of
from api.schemas import Cities, SeveralStagingQuery, StagingQuery
from weather_platform.domain import tabular
from weather_platform.domain.errors import BadInput, NotFound
from weather_platform.domain.stations import Station

if TYPE_CHECKING:
    from weather_platform.storage.staging import StagingStore

router = APIRouter(prefix="/staging", tags=["staging"], dependencies=READS)


@router.get("/cities", response_model=Cities, operation_id="listStagedCities")
def staging_cities(layers: OpenLayers) -> dict[str, Any]:
    """The cities that have a table, with what it holds."""
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
    return _answered(request, services, [city], query)


@router.get("", response_model=None, responses=in_every_format("Observations"), operation_id="getObservations")
def read_observations(
    request: Request, services: AllServices, query: Annotated[SeveralStagingQuery, Query()]
) -> Response:
    """Observations of several cities, one city after the other."""
    return _answered(request, services, query.city, query)


def _answered(request: Request, services: AllServices, cities: list[str], query: StagingQuery) -> Response:
    form = negotiated(request, query.format)
    staging = services.layers.staging
    wanted = stations(services.layers, cities) or []
    _check_stored(staging, wanted)
    fresh = CacheHeaders.of_observations(request, services.settings.api, staging, (query.from_, query.to))
    if unchanged := fresh.unchanged():
        return unchanged
    limit = rows_of(query.limit, form)
    found = page(request, _rows(staging, wanted, query, limit), limit, _cursor)
    return answer(
        tabular.observations(query.columns),
        found,
        form,
        fresh.headers,
        streams=services.streams,
        name="observations",
        head=tabular.stations_head(wanted),
    )


def _cursor(row: Mapping[str, Any]) -> str:
    return f"{row['numer_sta']}:{row['date'].isoformat()}"


def _rows(
    staging: "StagingStore", wanted: list[Station], query: StagingQuery, limit: int | None
) -> Iterator[dict[str, Any]]:
    """Rows behind the cursor, each with its city."""
    ordered = sorted(wanted, key=lambda station: station.station_id)
    at_station, at_time = _position(query.after)
    columns = query.columns and list(
        dict.fromkeys(["numer_sta", "date", *(name for name in query.columns if name != "city")])
    )
    for station in ordered:
        if station.station_id < at_station:
            continue
        after = at_time if station.station_id == at_station else None
        left = None if limit is None else limit + 1
        for row in staging.rows(station, query.from_, query.to, columns=columns, after=after, limit=left):
            yield {"city": station.name, **row}


def _position(after: str | None) -> tuple[str, datetime | None]:
    if after is None:
        return "", None
    number, _, time = after.partition(":")
    try:
        return number, datetime.fromisoformat(time).replace(tzinfo=None)
    except ValueError as error:
        raise BadInput(f"{after!r} is not the end of a page.", "Follow the `next` of the page before.") from error


def _check_stored(staging: "StagingStore", wanted: list[Station]) -> None:
    stored = staging.stations()
    for station in wanted:
        if station.station_id not in stored:
            raise NotFound(f"Nothing of {station.name} is staged.", "GET /staging/cities lists the cities.")
