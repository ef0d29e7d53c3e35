"""Posting files, and their receipts."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from threading import Thread
from typing import Annotated, Any

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel

from api.dependencies import READS, AllServices, Services, Writer
from api.ingestion import Answer
from api.logs import request_id_of
from api.receipts import run_out, shown, summarised
from api.schemas import IngestFastQuery, Ingestion, IngestionList, IngestionsQuery, IngestQuery, RunOut, Withdraw
from api.security import Caller
from api.streams import StreamedAnswer
from api.uploads import BODY_TYPES, received_files
from weather_platform.domain.ingestions import Mode, Receipt

router = APIRouter(tags=["ingestion"])

_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 1.0
_HEARTBEAT_S = 15.0
IngestionId = Annotated[str, Path(max_length=40, examples=["0190f3a1b2c3d4e5f6a7b8c9"])]
IdempotencyKey = Annotated[
    str | None,
    Header(max_length=200, description="The same key with other files is refused with 409.", examples=["november-1"]),
]
_FORM = {"type": "object", "required": ["file"], "properties": {
    "file": {"type": "array", "items": {"type": "string", "format": "binary"}, "minItems": 1}}}  # fmt: skip
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One or several files, or one as the body: OpenDataSoft JSON (v2.1, v2.0, v1), NDJSON, "
        "OpenDataSoft or archive CSV; as it is, gzipped, or a zip of many.",
        "content": {
            "multipart/form-data": {"schema": _FORM},
            **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in BODY_TYPES},
        },
    }
}


@router.post(
    "/ingest",
    status_code=202,
    response_model=Ingestion,
    responses={200: {"model": Ingestion, "description": "Readable already: waited for, or the same files as before."}},
    openapi_extra=_BODY,
)
async def ingest(
    request: Request,
    services: AllServices,
    caller: Writer,
    query: Annotated[IngestQuery, Query()],
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Store the files and launch one Dagster run per month; the links of the receipt follow them."""
    Thread(target=services.orchestrator.warm, daemon=True).start()  # while the files come in
    answer = await _ingested(request, services, caller, "run", query.name, idempotency_key)
    receipt = answer.receipt
    if query.wait and not receipt.is_finished:
        receipt = await _waited_for(services, receipt.id, query.wait)
    return await _answered(request, services, Answer(receipt, answer.repeated), 200 if receipt.is_finished else 202)


@router.post("/ingest-fast", response_model=Ingestion, openapi_extra=_BODY)
async def ingest_fast(
    request: Request,
    services: AllServices,
    caller: Writer,
    query: Annotated[IngestFastQuery, Query()],
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Store the files and make their documents at once; answers when they are readable."""
    answer = await _ingested(request, services, caller, "fast", query.name, idempotency_key)
    return await _answered(request, services, answer, 200 if answer.receipt.is_finished else 202)


@router.get("/ingestions", dependencies=READS)
def list_ingestions(
    request: Request, services: AllServices, query: Annotated[IngestionsQuery, Query()]
) -> IngestionList:
    """Receipts, newest first."""
    receipts = services.ingestions.newest(query.before, query.limit)
    following = None
    if len(receipts) == query.limit:
        following = str(request.url.include_query_params(before=receipts[-1].id))
    data = [summarised(receipt, request) for receipt in receipts]
    return IngestionList(count=len(data), data=data, next=following)


@router.get("/ingestions/{ingestion}", dependencies=READS)
def get_ingestion(request: Request, services: AllServices, ingestion: IngestionId) -> Ingestion:
    """The receipt of posted files: what became of each record."""
    return shown(services.ingestions.get(ingestion), request, services)


@router.post("/ingestions/{ingestion}/withdraw")
async def withdraw_ingestion(
    request: Request, services: AllServices, caller: Writer, ingestion: IngestionId, why: Withdraw
) -> Ingestion:
    """Withdraw posted files: they stay stored, marked, and their months are made again without them.

    Another posting of the same records keeps counting. Answers when the documents are readable.
    """
    receipt = await to_thread.run_sync(
        lambda: services.withdrawals.withdraw(
            ingestion, why.by or caller.name, why.reason, request_id=request_id_of(request.scope)
        ),
        limiter=services.at_once,
    )
    return await to_thread.run_sync(shown, receipt, request, services)


@router.post("/ingestions/{ingestion}/restore")
async def restore_ingestion(request: Request, services: AllServices, _: Writer, ingestion: IngestionId) -> Ingestion:
    """Undo a withdrawal: the files count again, in their original order of receipt."""
    receipt = await to_thread.run_sync(
        lambda: services.withdrawals.restore(ingestion, request_id=request_id_of(request.scope)),
        limiter=services.at_once,
    )
    return await to_thread.run_sync(shown, receipt, request, services)


@router.get(
    "/ingestions/{ingestion}/events",
    dependencies=READS,
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {}}},
        204: {"description": "Ended, and told to this reader before."},
    },
)
async def follow_ingestion(request: Request, services: AllServices, ingestion: IngestionId) -> Response:
    """The receipt as a stream of server-sent events until it is done or failed.

    An event named by the state, with the receipt, at each change of the state; an event `month` with a run of the
    receipt at each change of a month. A browser that reconnects after the end gets 204, and stops.
    """
    receipt = await to_thread.run_sync(services.ingestions.get, ingestion)
    if receipt.is_finished and "last-event-id" in request.headers:
        return Response(status_code=204)
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
    lease = services.followers.lease()
    changes = _changes(request, services, receipt)
    return StreamedAnswer(changes, lease, lambda: None, headers, media_type="text/event-stream")


async def _ingested(
    request: Request, services: Services, caller: Caller, mode: Mode, name: str | None, key: str | None
) -> Answer:
    with services.metrics.counting_refusals(mode), services.room.watched():
        async with received_files(request, name, services.settings.api.upload_limit_bytes) as uploads:
            return await to_thread.run_sync(
                lambda: services.ingestions.ingest(
                    uploads,
                    mode,
                    request_id=request_id_of(request.scope),
                    idempotency_key=key and f"{caller.name}:{key}",
                ),
                limiter=services.at_once,
            )


async def _waited_for(services: Services, ingestion: str, seconds: float) -> Receipt:
    deadline = time.monotonic() + seconds
    while True:
        receipt = await to_thread.run_sync(services.ingestions.get, ingestion)
        if receipt.is_finished or time.monotonic() > deadline:
            return receipt
        await asyncio.sleep(_pause_s(receipt))


def _pause_s(receipt: Receipt) -> float:
    """Until Dagster is asked again: a twentieth of the ingestion's age. Asking takes processor time from the runs."""
    age_s = (datetime.now(UTC) - receipt.received).total_seconds()
    return min(max(_SHORTEST_PAUSE_S, age_s / 20), _LONGEST_PAUSE_S)


async def _changes(request: Request, services: Services, receipt: Receipt) -> AsyncIterator[bytes]:
    state, months, number, quiet_since = None, dict[str, RunOut](), 0, time.monotonic()
    while True:
        runs = {run.month: run_out(run, services) for run in receipt.runs}
        news: list[tuple[str, BaseModel]] = []
        if state is not None:  # the first event has them all
            news = [("month", run) for month, run in runs.items() if months.get(month) != run]
        if receipt.state != state:
            news.append((receipt.state, await to_thread.run_sync(shown, receipt, request, services)))
        for event, body in news:
            number += 1
            yield f"event: {event}\nid: {receipt.id}-{number}\ndata: {body.model_dump_json()}\n\n".encode()
        if news:
            state, months, quiet_since = receipt.state, runs, time.monotonic()
        elif time.monotonic() - quiet_since > _HEARTBEAT_S:
            yield b": still there\n\n"
            quiet_since = time.monotonic()
        if receipt.is_finished or await request.is_disconnected():
            return
        await asyncio.sleep(_pause_s(receipt))
        receipt = await to_thread.run_sync(services.ingestions.get, receipt.id)


async def _answered(request: Request, services: Services, answer: Answer, status: int) -> JSONResponse:
    body = await to_thread.run_sync(lambda: shown(answer.receipt, request, services, repeated=answer.repeated))
    headers = {"location": body.links["self"]}
    if answer.repeated:
        headers["x-repeated"] = "true"
    return JSONResponse(msgspec.json.decode(body.model_dump_json()), status, headers)
