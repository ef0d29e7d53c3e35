"""Errors as RFC 9457 problems with cause and cure; no other detail of an error is sent."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BrokenOff, Conflict, CursorGone, NotAcceptable, OutsideBody, TooBusy, TooOften, Unsupported
from api.ingestion import IngestionFailed
from api.logs import request_id_of
from api.orchestrator import OrchestratorRefused, OrchestratorUnavailable
from api.schemas import Problem
from weather_platform.domain.errors import (
    BadInput,
    NotFound,
    StoreBusy,
    StoreFull,
    StoreRefused,
    StoreUnavailable,
    TooLarge,
    UnknownCity,
    WeatherError,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
_log = logging.getLogger("weather.api")


_STATUS: tuple[tuple[type[WeatherError], int], ...] = (
    (TooLarge, 413),
    (UnknownCity, 404),
    (NotFound, 404),
    (Conflict, 409),
    (CursorGone, 410),
    (NotAcceptable, 406),
    (TooOften, 429),
    (TooBusy, 503),
    (OutsideBody, 416),
    (BrokenOff, 400),
    (Unsupported, 415),
    (BadInput, 422),
    (StoreFull, 507),
    (StoreUnavailable, 503),
    (OrchestratorUnavailable, 503),
    (OrchestratorRefused, 502),
)
_OUTAGES: tuple[tuple[type[WeatherError], str, str], ...] = (
    (StoreRefused, "A store of the platform denies access.", "Tell the operator; the log names the store."),
    (StoreFull, "A disk of the platform is full.", "Free space on it, then send the same request again."),
    (StoreBusy, "A store of the platform has no free connection.", "Send the same request again in a few seconds."),
    (StoreUnavailable, "A store of the platform does not answer.", "Send the same request again in a few seconds."),
)


def install(app: FastAPI) -> None:
    """Register handlers that answer every error as a problem."""
    app.add_exception_handler(WeatherError, answer_of)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def problem(
    request: Request, status: int, cause: str, cure: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """A problem as the answer."""
    body = Problem(
        type=f"urn:weather-platform:problem:{HTTPStatus(status).phrase.lower().replace(' ', '-')}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=cause,
        cure=cure,
        instance=request_id_of(request.scope),
        **more,
    )
    text = body.model_dump_json(exclude_none=True)
    return Response(text, status, {**(headers or {}), "cache-control": "no-store"}, MEDIA_TYPE)


async def answer_of(request: Request, error: Exception) -> Response:
    """The answer for an error of the platform; its status follows from its class."""
    assert isinstance(error, WeatherError)  # noqa: S101  # what the handler is registered for
    reason = error.reason if isinstance(error, IngestionFailed) else error
    status = getattr(reason, "status", None) or next((code for kind, code in _STATUS if isinstance(reason, kind)), 500)
    more: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if isinstance(error, IngestionFailed):
        more["ingestion"] = error.receipt.id
        headers["location"] = str(request.url_for("get_ingestion", ingestion=error.receipt.id))
    if status == 503:
        headers["retry-after"] = str(RETRY_AFTER_S)
    if isinstance(reason, TooOften):
        headers["retry-after"] = str(reason.retry_after_s)
    if isinstance(reason, OutsideBody):
        headers["content-range"] = f"bytes */{reason.size_bytes}"
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if status >= 500:
        _log.error("not answered", extra={"cause": reason.cause, "path": request.url.path})
    # Messages of outages name hosts, users and folders, so they go only to the log.
    told = next(((cause, cure) for kind, cause, cure in _OUTAGES if isinstance(reason, kind)), None)
    cause, cure = told or (reason.cause, reason.cure)
    return problem(request, status, cause, cure, headers, **more)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    faults = [_fault(found, request) for found in error.errors()]
    where = faults[0]["where"] if faults else "the request"
    return problem(
        request,
        422,
        f"{where} cannot be used: {faults[0]['message'] if faults else 'it is not understood'}.",
        "See `errors` for what would be allowed, and /docs for every parameter.",
        errors=faults,
    )


def _fault(found: dict[str, Any], request: Request) -> dict[str, Any]:
    context = found.get("ctx") or {}
    if found["type"] == "extra_forbidden" and found["loc"][0] == "query":
        context = {"allowed": _parameters(request)}
    fault: dict[str, Any] = {
        "where": ".".join(str(part) for part in found["loc"]),
        "message": found["msg"].removeprefix("Value error, "),
    }
    if allowed := context.get("allowed") or context.get("expected"):
        fault["allowed"] = allowed
    for bound in ("ge", "le", "gt", "lt", "pattern", "min_length", "max_length"):
        if bound in context:
            fault[bound] = context[bound]
    return fault


def _parameters(request: Request) -> list[str]:
    """The names of the route's query parameters."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    models = [parameter.field_info.annotation for parameter in getattr(dependant, "query_params", [])]
    fields = [getattr(model, "model_fields", {}) for model in models]
    return sorted(field.alias or name for model in fields for name, field in model.items())


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = _methods(request)
    cures = {
        404: "GET / lists the routes.",
        405: f"Use {headers.get('Allow')}.",
        413: "Send less, or in parts.",
    }
    cause = {404: f"There is nothing at {request.url.path[:200]}.", 405: f"{request.method} is not meant here."}
    return problem(
        request,
        error.status_code,
        cause.get(error.status_code, f"{error.detail}".rstrip(".") + "."),
        cures.get(error.status_code, "See /docs."),
        headers,
    )


def _methods(request: Request) -> str:
    """Every method of the path: Starlette names those of its first route alone."""
    included = (getattr(route, "original_router", None) for route in request.app.routes)
    routes = [*request.app.routes, *(route for router in included if router for route in router.routes)]
    of_path = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in of_path for method in getattr(route, "methods", None) or ()}))


class Unexpected:
    """Logs an unexpected error once, under the request's id, and answers it.

    Not an exception handler: Starlette calls those outside all middleware, where the id is lost, and raises the error
    again, so the server would log it twice.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def send_noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except ClientDisconnect:
            _log.info("the client left", extra={"path": scope["path"]})
        except Exception:
            if scope["type"] != "http":
                raise
            _log.exception("unexpected", extra={"path": scope["path"]})
            if not has_begun:  # otherwise the server drops the connection, because the answer is incomplete
                cure = "Tell the operator the `instance` of this answer."
                answer = problem(Request(scope), 500, "An unexpected error occurred.", cure)
                await answer(scope, receive, send)
