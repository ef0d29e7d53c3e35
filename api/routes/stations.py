"""The stations."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response

from api.caching import CacheHeaders
from api.dependencies import READS, AllServices
from api.remembered import STANDS_S
from api.schemas import Rows, StationsQuery
from weather_platform.domain.search import search
from weather_platform.domain.stations import Station

router = APIRouter(tags=["stations"], dependencies=READS)
_GEOJSON = "application/geo+json"
_ANSWER_STANDS_S = 60.0
"""The published list is read once a minute; only what is staged changes the stores' token."""


@router.get("/stations", response_model=Rows, responses={200: {"content": {_GEOJSON: {"schema": {"type": "object"}}}}})
def list_stations(request: Request, services: AllServices, query: Annotated[StationsQuery, Query()]) -> Response:
    """The reference stations and those found only in files; as GeoJSON by `Accept` or `?format=geojson`.

    With `q`, the matching stations, each with the reason and, for the station nearest to a town, its distance; empty if
    nothing matches.
    """
    request.scope[STANDS_S] = _ANSWER_STANDS_S
    stored = services.layers.staging.stations()
    known = services.layers.stations()
    if query.with_data:
        known = {number: station for number, station in known.items() if number in stored}
    rows = [{**row, "has_data": row["station_id"] in stored} for row in _rows(known, query.q)]
    if query.box is not None:
        rows = [row for row in rows if known[row["station_id"]].is_within(*query.box)]
    as_geojson = query.format == "geojson" or (
        query.format is None and _GEOJSON in request.headers.get("accept", "").lower()
    )
    if as_geojson:
        body = msgspec.json.encode({"type": "FeatureCollection", "features": [_feature(row) for row in rows]})
    else:
        body = msgspec.json.encode({"count": len(rows), "data": rows, "next": None})
    fresh = CacheHeaders(request, services.settings.api, hashlib.sha256(body).hexdigest())
    media_type = _GEOJSON if as_geojson else "application/json"
    return fresh.unchanged() or Response(body, media_type=media_type, headers=fresh.headers)


def _rows(known: Mapping[str, Station], words: str | None) -> list[dict[str, Any]]:
    if words is None:
        return [msgspec.to_builtins(station) for _, station in sorted(known.items())]
    return [
        {
            **msgspec.to_builtins(match.station),
            "match": {"why": match.why, "matched": match.matched, "distance_km": match.distance_km},
        }
        for match in search(words, known)
    ]


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    """RFC 7946: longitude first; a station of unknown place has no geometry."""
    longitude, latitude = row["longitude_deg"], row["latitude_deg"]
    known = longitude is not None and latitude is not None
    geometry = {"type": "Point", "coordinates": [longitude, latitude]} if known else None
    return {"type": "Feature", "id": row["station_id"], "geometry": geometry, "properties": row}
