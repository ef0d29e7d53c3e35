"""Cities side by side."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.caching import CacheHeaders
from api.dependencies import READS, AllServices, stations
from api.formats import answer, in_every_format, negotiated
from api.paging import Page
from api.schemas import CompareQuery
from weather_platform.domain.tabular import COMPARABLE, Column, table_of
from weather_platform.domain.units import UNITS, Unit
from weather_platform.storage import curated

router = APIRouter(tags=["compare"], dependencies=READS)


@router.get("/compare", response_model=None, responses=in_every_format("Compared"))
def compare_cities(request: Request, services: AllServices, query: Annotated[CompareQuery, Query()]) -> Response:
    """One figure of several cities: a row per day, a column per city; with a summary of each city."""
    form = negotiated(request, query.format)
    store = services.layers.curated
    slugs = {station.station_id: station.slug for station in stations(services.layers, query.city) or []}
    fresh = CacheHeaders.of_documents(request, services.settings.api, store, (query.from_, query.to))
    if unchanged := fresh.unchanged():
        return unchanged
    figure = COMPARABLE[query.metric]
    unit = UNITS[query.units][figure.unit]
    read = attrgetter(figure.path)
    days: dict[str, dict[str, float | None]] = {}
    for document in store.find(curated.Query(stations=list(slugs), first=query.from_, last=query.to)):
        day = days.setdefault(document.period, dict.fromkeys(slugs.values()))
        day[slugs[document.station_id]] = read(document)
    return answer(
        table_of(_columns(slugs, unit)),
        Page({"period": period, **_shown(values, unit)} for period, values in days.items()),
        form,
        fresh.headers,
        streams=services.streams,
        name="compare",
        head={
            "metric": query.metric,
            "unit": unit.symbol,
            "summary": {slug: _summary([day[slug] for day in days.values()], unit) for slug in slugs.values()},
        },
    )


def _columns(slugs: Mapping[str, str], unit: Unit) -> list[Column]:
    cities = [Column(slug, float, unit.symbol, "the figure of the city", nullable=True) for slug in slugs.values()]
    return [Column("period", str, "", "the day (UTC)"), *cities]


def _shown(values: Mapping[str, float | None], unit: Unit) -> dict[str, float | None]:
    return {slug: None if value is None else unit.of(value) for slug, value in values.items()}


def _summary(values: Sequence[float | None], unit: Unit) -> dict[str, Any]:
    """Mean, least, greatest and sum over days with a value, each converted once; null without any."""
    known = [value for value in values if value is not None]
    if not known:
        return {"days": 0, "mean": None, "min": None, "max": None, "sum": None}
    total = sum(known)
    figures = {"mean": total / len(known), "min": min(known), "max": max(known), "sum": total}
    return {"days": len(known), **{name: unit.of(value) for name, value in figures.items()}}
