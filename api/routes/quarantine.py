"""Refused records with their reasons, and their replay with the current rules."""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response

from api.dependencies import READS, AllServices, Writer
from api.formats import answer, in_every_format, negotiated
from api.logs import request_id_of
from api.pages import QUARANTINE_COLUMNS
from api.paging import page
from api.receipts import shown
from api.schemas import Ingestion, QuarantineQuery, Replay
from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month
from weather_platform.domain.tabular import table_of

router = APIRouter(prefix="/quarantine", tags=["quarantine"])


@router.get("", response_model=None, responses=in_every_format("Quarantine"), dependencies=READS)
def list_quarantine(request: Request, services: AllServices, query: Annotated[QuarantineQuery, Query()]) -> Response:
    """Refused records as received, each with its reason and the raw object that it came in."""
    form = negotiated(request, query.format)
    staging = services.layers.staging
    found = staging.quarantine(query.month, reason=query.reason, after=_position(query.after), limit=query.limit + 1)
    rows = page(request, found, query.limit, lambda row: f"{row['month']}/{row['raw_object']}/{row['position']}")
    table = table_of(QUARANTINE_COLUMNS)
    with_urls = table._replace(
        nested=lambda row: {**row, "raw_url": str(request.url_for("read_file", name=row["raw_object"]))}
    )
    return answer(with_urls, rows, form, {"cache-control": "no-cache"}, streams=services.streams, name="quarantine")


@router.post("/replay")
async def replay_quarantine(request: Request, services: AllServices, _: Writer, replay: Replay) -> Ingestion:
    """Stage and curate months again from their raw objects, with today's rules; answers when it is done.

    Without months: records without a partition move to theirs if one exists now.
    """
    months = [Month.parse(month) for month in replay.months]
    for month in months:
        if not services.partitions.holds(month):
            first, last = services.partitions.first, Month.current()
            raise BadInput(f"{month} is not among the months kept here.", f"Choose from {first} to {last}.")
    receipt = await to_thread.run_sync(
        lambda: services.ingestions.replay(months, request_id=request_id_of(request.scope)), limiter=services.at_once
    )
    return await to_thread.run_sync(shown, receipt, request, services)


def _position(after: str | None) -> tuple[str, str, int] | None:
    if after is None:
        return None
    parts: list[Any] = after.split("/")
    if len(parts) != 3 or not (parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 10):
        raise BadInput(f"{after!r} is not the end of a page.", "Follow the `next` of the page before.")
    return parts[0], parts[1], int(parts[2])
