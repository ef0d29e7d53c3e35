"""Cities side by side."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import READS, AllServices, stations
from api.formats import IN_EVERY_FORMAT, Table, answer, negotiated
from api.freshness import Freshness
from api.schemas import CompareQuery, Rows
from api.units import METRIC, Units, converted, decimals_of
from weather_platform.domain.tabular import FIGURES

router = APIRouter(tags=["compare"], dependencies=READS)


@router.get("/compare", response_model=Rows, responses=IN_EVERY_FORMAT)
def compare_cities(request: Request, services: AllServices, query: Annotated[CompareQuery, Query()]) -> Response:
    """One figure of several cities: a row a day, a column a city, null where it has none; with a summary of each."""
    form = negotiated(request, query.format)
    curated = services.layers.curated
    wanted = stations(services.layers, query.city) or []
    slugs = {station.station_id: station.slug for station in wanted}
    fresh = Freshness.of_documents(request, services.settings.api, curated, (query.from_, query.to), slugs)
    if unchanged := fresh.unchanged():
        return unchanged
    metric, figure = FIGURES[query.metric]
    days: dict[str, dict[str, Any]] = {}
    documents = curated.find(
        stations=list(slugs),
        first=query.from_,
        last=query.to,
        fields=[f"metrics.{metric}.{figure}", "period", "station_id"],
    )
    for document in documents:
        day = days.setdefault(document["period"], {"period": document["period"], **dict.fromkeys(slugs.values())})
        day[slugs[document["station_id"]]] = _value(document["metrics"][metric][figure], METRIC[metric], query.units)
    rows = list(days.values())
    unit = converted(0, METRIC[metric], query.units)[1]
    decimals = decimals_of(unit)
    envelope = {
        "metric": query.metric,
        "unit": unit,
        "summary": {slug: _summary([row[slug] for row in rows], decimals) for slug in slugs.values()},
        "next": None,
    }
    return answer(Table(rows, ["period", *slugs.values()]), form, envelope, fresh.headers, "compare")


def _value(value: float | None, unit: str, units: Units) -> float | None:
    return None if value is None else converted(value, unit, units)[0]


def _summary(values: list[float | None], decimals: int) -> dict[str, Any]:
    """Mean, least, greatest and sum of the days that have a value; null where none has."""
    known = [value for value in values if value is not None]
    if not known:
        return {"days": 0, "mean": None, "min": None, "max": None, "sum": None}
    total = sum(known)
    return {
        "days": len(known),
        "mean": round(total / len(known), decimals),
        "min": min(known),
        "max": max(known),
        "sum": round(total, decimals),
    }
