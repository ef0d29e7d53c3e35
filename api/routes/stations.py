"""The stations: where observations come from."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from api.dependencies import READS, OpenLayers
from api.schemas import Rows, StationsQuery
from weather_platform.domain.stations import STATIONS, Station

router = APIRouter(tags=["stations"], dependencies=READS)
_GEOJSON = "application/geo+json"


@router.get("/stations", response_model=Rows, responses={200: {"content": {_GEOJSON: {"schema": {"type": "object"}}}}})
def list_stations(request: Request, layers: OpenLayers, query: Annotated[StationsQuery, Query()]) -> JSONResponse:
    """The reference stations and those that only files told of; as GeoJSON by `Accept` or `?format=geojson`."""
    stored = layers.staging.stations()
    listed = stored if query.with_data else {**STATIONS, **stored}
    rows = [{**_row(station), "has_data": number in stored} for number, station in sorted(listed.items())]
    as_geojson = query.format == "geojson" or (
        query.format is None and _GEOJSON in request.headers.get("accept", "").lower()
    )
    if as_geojson:
        features = [_feature(row) for row in rows]
        return JSONResponse({"type": "FeatureCollection", "features": features}, media_type=_GEOJSON)
    return JSONResponse({"count": len(rows), "data": rows, "next": None})


def _row(station: Station) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(station)
    return row


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    """RFC 7946: longitude first; a station of unknown place has no geometry."""
    longitude, latitude = row["longitude_deg"], row["latitude_deg"]
    known = longitude is not None and latitude is not None
    geometry = {"type": "Point", "coordinates": [longitude, latitude]} if known else None
    return {"type": "Feature", "id": row["station_id"], "geometry": geometry, "properties": row}
