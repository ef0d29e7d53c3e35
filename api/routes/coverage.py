"""Coverage: observations by city and month, against those expected."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.caching import CacheHeaders
from api.dependencies import READS, AllServices, stations
from api.formats import answer, in_every_format, negotiated
from api.pages import COVERAGE_COLUMNS
from api.paging import Page
from api.schemas import CoverageQuery
from weather_platform.domain.months import Month
from weather_platform.domain.quality import synoptic_hours
from weather_platform.domain.tabular import table_of

router = APIRouter(tags=["coverage"], dependencies=READS)


@router.get("/coverage", response_model=None, responses=in_every_format("Coverage"))
def show_coverage(request: Request, services: AllServices, query: Annotated[CoverageQuery, Query()]) -> Response:
    """Observations of a city in a month, and how many synoptic hours there were (of the current month: so far)."""
    form = negotiated(request, query.format)
    staging = services.layers.staging
    wanted = stations(services.layers, query.city)
    numbers = None if wanted is None else {station.station_id for station in wanted}
    fresh = CacheHeaders(request, services.settings.api, staging.revision())
    if unchanged := fresh.unchanged():
        return unchanged
    first, last = query.from_ or "0000-00", query.to or "9999-99"
    expected: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for covered in staging.coverage():
        if not first <= covered.month <= last or (numbers is not None and covered.station.station_id not in numbers):
            continue
        if covered.month not in expected:
            expected[covered.month] = _hours_so_far(Month.parse(covered.month))
        hours = expected[covered.month]
        rows.append(
            {
                "month": covered.month,
                "city": covered.station.name,
                "slug": covered.station.slug,
                "station_id": covered.station.station_id,
                "observations": covered.observations,
                "expected": hours,
                "share": round(min(covered.observations / hours, 1), 4) if hours else None,
                "first": covered.first.replace(tzinfo=UTC),
                "last": covered.last.replace(tzinfo=UTC),
            }
        )
    return answer(
        table_of(COVERAGE_COLUMNS), Page(rows), form, fresh.headers, streams=services.streams, name="coverage"
    )


def _hours_so_far(month: Month) -> int:
    now = datetime.now(UTC).replace(tzinfo=None)
    return sum(hour <= now for hour in synoptic_hours(month))
