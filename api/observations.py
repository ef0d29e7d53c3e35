"""Pages of observations of some cities, one city after the other."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from fastapi import Request, Response

from api.caching import CacheHeaders
from api.dependencies import Services
from api.formats import answer, negotiated
from api.paging import page, rows_of
from api.schemas import StagingQuery
from weather_platform.domain import tabular
from weather_platform.domain.errors import BadInput
from weather_platform.domain.stations import Station


def observed(
    request: Request,
    services: Services,
    wanted: Sequence[Station],
    query: StagingQuery,
    hours: Collection[int] | None = None,
) -> Response:
    """The observations of these stations as the query says."""
    form = negotiated(request, query.format)
    staging = services.layers.staging
    fresh = CacheHeaders.of_observations(request, services.settings.api, staging, (query.from_, query.to))
    if unchanged := fresh.unchanged():
        return unchanged
    limit = rows_of(query.limit, form)
    rows = staging.flagged_rows(
        wanted,
        query.from_,
        query.to,
        columns=query.columns,
        hours=hours,
        after=_position(query.after),
        limit=None if limit is None else limit + 1,
    )
    return answer(
        tabular.observations(query.columns),
        page(request, rows, limit, _cursor),
        form,
        fresh.headers,
        streams=services.streams,
        name="observations",
        head=tabular.stations_head(wanted),
    )


def _cursor(row: Mapping[str, Any]) -> str:
    return f"{row['numer_sta']}:{row['date'].isoformat()}"


def _position(after: str | None) -> tuple[str, datetime | None]:
    if after is None:
        return "", None
    number, _, time = after.partition(":")
    try:
        return number, datetime.fromisoformat(time).replace(tzinfo=None)
    except ValueError as error:
        raise BadInput(f"{after!r} is not the end of a page.", "Follow the `next` of the page before.") from error
