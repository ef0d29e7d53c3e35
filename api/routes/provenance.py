"""From a figure back to its origin."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Request, Response

from api.dependencies import READS, OpenLayers, station
from api.formats import json_page
from weather_platform.domain.cleaning import NAMES
from weather_platform.domain.errors import BadInput, NotFound
from weather_platform.domain.merging import FieldSources
from weather_platform.domain.months import Month
from weather_platform.storage.opening import Stores

router = APIRouter(tags=["provenance"], dependencies=READS)


@router.get("/provenance/{document_id}", response_model=None, responses=json_page("Origin"))
def trace_document(
    request: Request,
    layers: OpenLayers,
    document_id: Annotated[str, Path(max_length=100, examples=["07690:2023-12-01"])],
) -> Response:
    """A document, the staging rows behind it (its rain ends with 00 UTC of the next day), and their raw objects.

    `sources` of a row names the raw object of each of its values.
    """
    try:
        document = layers.curated.get(document_id)
    except BadInput as error:
        raise NotFound(error.cause, error.cure) from error
    rows = _rows(layers, document.station_id, document.date.date())
    body = {
        "document": document,
        "count": len(rows),
        "data": rows,
        "raw_objects": [_object(request, layers, name, document.period) for name in document.provenance.raw_objects],
        "next": None,
    }
    return Response(msgspec.json.encode(body), media_type="application/json")


def _rows(layers: Stores, station_id: str, day: date) -> list[dict[str, Any]]:
    """Rows of the day, and the first of the next one for its rain."""
    following, city = day + timedelta(days=1), station(layers, station_id)
    end = datetime.combine(following, time())
    others = layers.staging.field_sources(city, day, following)
    return [
        {**row, "date": row["date"].replace(tzinfo=UTC), "sources": _sources(row, others.get(row["date"], {}))}
        for row in layers.staging.flagged_rows([city], day, following)
        if row["date"] <= end
    ]


def _sources(row: Mapping[str, Any], others: FieldSources) -> FieldSources:
    """The raw object of every published value; a hidden sky and a trace stand in the flags beside it."""
    said = {name for name in NAMES if row[name] is not None} | ({"n"} if row["n_hidden"] else set())
    return {name: others.get(name, row["raw_object"]) for name in NAMES if name in said}


def _object(request: Request, layers: Stores, name: str, period: str) -> dict[str, Any]:
    month = Month.parse(period[:7])
    for partition in (month, month.next):
        try:
            obj = layers.raw.find(f"{partition}/{name}")
        except NotFound:
            continue
        return {**msgspec.to_builtins(obj), "key": obj.key, "url": str(request.url_for("read_file", name=obj.key))}
    return {"name": name, "key": None, "url": None}
